"""convert as a saga: look for what was made, then company, contact, deal, its product rows, and last the lead's stage.

Each thing is added once and found again by its origin (`voronka`, digest of the key); each kind of thing has a list of its
own, so one marker serves all. `find` finishes a half-made conversion and says Done only then: the lead's stage is the last
word, so a lead that stands in it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, handover, names, parsing, values, writing
from robots import intents, model

NOTHING_TO_DO = "nothing_to_do"
_LEAD, _DEAL, _CONTACT, _COMPANY = (names.TYPE_OF[name] for name in ("lead", "deal", "contact", "company"))


@dataclass(slots=True)
class _State:
    """The lead and what of it stands already: ids by entity type."""

    lead: Mapping[str, Any]
    made: dict[int, int]
    rows: Sequence[Mapping[str, Any]]


async def perform(
    at: desk.Desk, ref: model.CardRef, act: intents.ConvertLead, key: intents.WishKey
) -> ports.Done:
    state = await _state(at, ref, key)
    if not state.made and state.lead.get("stageSemanticId") not in (None, "P"):
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    return await _Saga(at, ref, act, key, state, key).finish()


async def find(
    at: desk.Desk, ref: model.CardRef, act: intents.ConvertLead, key: intents.WishKey
) -> ports.Done | None:
    state = await _state(at, ref, key)
    if not state.made and state.lead.get("stageId") != act.stage:
        return None
    return await _Saga(at, ref, act, key, state, None).finish()


async def _state(at: desk.Desk, ref: model.CardRef, key: intents.WishKey) -> _State:
    types = (_COMPANY, _CONTACT, _DEAL)
    commands = [
        writing.get(ref),
        _rows(ref.id),
        *(_look_for(number, writing.marker(key)) for number in types),
    ]
    got, rows, *looked = await at.client.group(commands, lane=at.lane)
    lead = parsing.item_of(_result(got), "item")
    if lead is None:
        raise errors.Unreadable("лид не читается", method="crm.item.get")
    made = {}
    for number, outcome in zip(types, looked, strict=True):
        found = parsing.rows_of(_result(outcome), "items")
        if found:
            made[number] = values.required_id(found[0].get("id"))
    return _State(lead, made, parsing.rows_of(_result(rows), "productRows"))


def _result(outcome: client.Outcome) -> Any:
    if isinstance(outcome, errors.PortalError):
        raise outcome
    return outcome.result


def _look_for(number: int, marker: str) -> client.Command:
    return client.Command(
        "crm.item.list",
        {
            "entityTypeId": number,
            "select": ["id"],
            "filter": {"=originatorId": writing.ORIGINATOR, "=originId": marker},
            "order": {"id": "ASC"},
            "start": -1,
        },
        name=f"made{number}",
    )


def _rows(lead: int) -> client.Command:
    params = {"filter": {"=ownerType": "L", "=ownerId": lead}, "order": {"sort": "ASC"}}
    return client.Command("crm.item.productrow.list", params, name="rows")


@dataclass(slots=True)
class _Saga:
    at: desk.Desk
    ref: model.CardRef
    act: intents.ConvertLead
    key: intents.WishKey
    state: _State
    says_sent: intents.WishKey | None
    """The key that the first write carries; the later ones don't."""
    began: bool = False

    async def finish(self) -> ports.Done:
        try:
            return await self._steps()
        except (errors.Retryable, errors.Unreadable) as half:
            if not self.began and not self.state.made:
                raise
            # Something stands: `Retryable` would have it begun again without a look.
            raise errors.Unknown(f"лид конвертирован наполовину: {half.text}") from half

    async def _steps(self) -> ports.Done:
        act, lead = self.act, self.state.lead
        company = act.company_id or values.ident(lead.get("companyId"), "companyId")
        if company is None and act.company is not None:
            comms = act.contact is None and act.contact_id is None
            company = await self._made(_COMPANY, act.company, {"fm": self._comms()} if comms else {})
        bound = values.idents(lead.get("contactIds"), "contactIds") or values.idents(
            lead.get("contactId"), "contactId"
        )
        contacts = [act.contact_id] if act.contact_id is not None else list(bound)
        if not contacts and act.contact is not None:
            more = {"fm": self._comms(), **({"companyId": company} if company is not None else {})}
            contacts = [await self._made(_CONTACT, act.contact, more)]
        clients: dict[str, Any] = {"contactIds": contacts} if contacts else {}
        clients |= {"companyId": company} if company is not None else {}
        deal = await self._deal(clients) if act.deal is not None else None
        await self._close(clients)
        return ports.Done(made=deal or (contacts[0] if contacts else company))

    async def _deal(self, clients: Mapping[str, Any]) -> int:
        act = self.act
        more = {"categoryId": act.pipeline, "stageId": act.deal_stage, **clients}
        deal = await self._made(_DEAL, act.deal or {}, more)
        if self.state.rows:
            command = handover.set_rows(deal, self.state.rows)
            await self._write(command)
        return deal

    async def _close(self, clients: Mapping[str, Any]) -> None:
        if self.state.lead.get("stageId") != self.act.stage:
            await self._write(writing.update(self.ref, {"stageId": self.act.stage, **clients}))

    async def _made(
        self, number: int, wanted: Mapping[model.FieldCode, model.Value], more: Mapping[str, Any]
    ) -> int:
        known = self.state.made.get(number)
        if known is not None:
            return known
        described = self.at.known.fields.get(names.NAME_OF[number], {})
        fields = {
            **writing.fields({code: value for code, value in wanted.items() if value is not None}, described),
            **more,
            "leadId": self.ref.id,
            "originatorId": writing.ORIGINATOR,
            "originId": writing.marker(self.key),
        }
        params = {"entityTypeId": number, "fields": fields, **names.RAW_UF}
        answer = await self._write(client.Command("crm.item.add", params, write=True))
        item = parsing.item_of(answer.result, "item")
        if item is None:
            raise errors.Unknown("портал не назвал номер созданного", method="crm.item.add")
        made = values.required_id(item.get("id"))
        self.state.made[number] = made
        return made

    async def _write(self, command: client.Command) -> client.Answer:
        key, self.says_sent = self.says_sent, None
        answer = await self.at.client.call(
            command.method, command.params, lane=self.at.lane, write=True, key=key
        )
        self.began = True
        return answer

    def _comms(self) -> list[dict[str, str]]:
        kinds = (("PHONE", self.act.phones), ("EMAIL", self.act.emails), ("WEB", self.act.sites))
        return [
            {"typeId": kind, "valueType": "WORK", "value": text} for kind, texts in kinds for text in texts
        ]
