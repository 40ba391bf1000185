"""Acts that leave the portal or its cards: letters, SMS, calls of an address. All of class C but planned activities.

A letter is an activity with the wish's mark, so one that the portal took is found again; where none is found a person is
asked, for the portal may have sent it and lost the record. Of an SMS and a call nothing is left to look for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from connector import errors, ports
from connector.bitrix24 import activityacts, client, desk, documents, outside, writing
from robots import intents, model

Act = intents.PlanActivity | intents.SendLetter | intents.SendSms | intents.CallUrl
EMAIL = 4
JSON, FORM = "application/json; charset=utf-8", "application/x-www-form-urlencoded"


async def perform(at: desk.Desk, row: ports.Row, act: Act) -> ports.Done:
    match act:
        case intents.PlanActivity():
            return await activityacts.perform(at, row, act)
        case intents.SendLetter():
            return await _letter(at, row, act)
        case intents.SendSms():
            return await _sms(at, row.wish.key, act)
        case intents.CallUrl():
            return await _call(at, row, act)
        case _:  # pragma: no cover
            assert_never(act)


async def find(at: desk.Desk, row: ports.Row, act: Act) -> ports.Done | None:
    if isinstance(act, intents.PlanActivity | intents.SendLetter):
        return await activityacts.find(at, row)
    return None  # no trace of it is left anywhere that we may look


# --- letters


async def _letter(at: desk.Desk, row: ports.Row, act: intents.SendLetter) -> ports.Done:
    if row.tries > 0:
        found = await activityacts.find(at, row)
        if found is not None:
            return found
    files = [await documents.attachment(at, row.before_made, act.attach)] if act.attach else []
    command = letter(row.wish.card, act, row.wish.key, files)
    answer = await at.client.call(command.method, command.params, lane=at.lane, write=True, key=row.wish.key)
    return ports.Done(made=activityacts.number(answer.result))


def letter(
    ref: model.CardRef,
    act: intents.SendLetter,
    key: intents.WishKey,
    files: Sequence[Mapping[str, Any]] = (),
) -> client.Command:
    """TYPE_ID 4, DIRECTION 2 and COMPLETED together make the portal send it (reference §5.7). No visible tail: the client
    reads this. FILES as the sample of `crm.activity.add` has them: `{fileData: [name, base64]}`."""
    fields: dict[str, Any] = {
        **activityacts.origin(ref, key),
        "TYPE_ID": EMAIL,
        "DIRECTION": activityacts.OUTGOING,
        "COMPLETED": "Y",
        "SUBJECT": act.subject,
        "DESCRIPTION": act.text,
        "DESCRIPTION_TYPE": 1,
        "COMMUNICATIONS": [activityacts.communication(ref, act.client, act.to, "EMAIL")],
    }
    if act.responsible is not None:
        fields["RESPONSIBLE_ID"] = act.responsible
    if files:
        fields["FILES"] = list(files)
    if act.sender:
        fields["SETTINGS"] = {"MESSAGE_FROM": act.sender}
    return client.Command("crm.activity.add", {"fields": fields}, write=True)


# --- beside the portal


async def _sms(at: desk.Desk, key: intents.WishKey, act: intents.SendSms) -> ports.Done:
    body, kind = (outside.as_form(act.fields), FORM) if act.form else (outside.as_json(act.fields), JSON)
    secret = at.outside.secret(act.secret)
    headers = {"X-Voronka-Id": writing.marker(key)}
    headers |= {"Authorization": f"Bearer {secret}"} if secret else {}
    await at.client.leave(key)
    answer = await at.outside.post(outside.Request(act.url, body, kind, headers, act.seconds))
    _expected(act, answer)
    return ports.Done()


def _expected(act: intents.SendSms, answer: bytes) -> None:
    """Services answer 200 to what they refuse, too."""
    if not act.expect:
        return
    try:
        said = json.loads(answer)
    except ValueError:
        raise errors.Unknown("ответ службы SMS не читается", method="outside") from None
    for name, wanted in act.expect:
        found = said.get(name) if isinstance(said, dict) else None
        if str(found).casefold() != wanted.casefold():
            raise errors.Rejected(f"служба SMS отказала: {name} не «{wanted}»", method="outside")


async def _call(at: desk.Desk, row: ports.Row, act: intents.CallUrl) -> ports.Done:
    key = row.wish.key
    body = outside.as_json({"card": str(row.wish.card), "data": dict(act.data)})
    secret, moment = at.outside.secret(act.secret), int(at.client.now().timestamp())
    headers = {"X-Voronka-Id": writing.marker(key), "X-Voronka-Time": str(moment)}
    headers |= {"X-Voronka-Signature": outside.signature(secret, moment, body)} if secret else {}
    await at.client.leave(key)
    await at.outside.post(outside.Request(act.url, body, JSON, headers, act.seconds))
    return ports.Done()
