"""Wishes made true, one at a time, and looked for when nobody knows whether they are.

Law: the first write of a wish carries its key (the ledger commits `sent` on it); what follows in the same saga doesn't.
A repeated try looks first. Whole sets may be repeated, adds are looked for by their marker. A half-made thing is
finished, never begun again. Outcomes: Done, or an error of connector.errors as the port says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from connector import errors, ports
from connector.bitrix24 import (
    chats,
    client,
    clientacts,
    converting,
    copydeal,
    desk,
    documents,
    guarded,
    handing,
    invoices,
    outacts,
    taskacts,
    timelines,
    undoing,
    writing,
)
from robots import intents, model

NO_EFFECT, NOTHING_TO_DO = "no_effect", taskacts.NOTHING_TO_DO


async def perform(at: desk.Desk, row: ports.Row) -> ports.Done:
    act, ref, key = row.wish.act, row.wish.card, row.wish.key
    match act:
        case intents.SetFields():
            return await _set_fields(at, ref, act, key)
        case intents.SetClient():
            return await clientacts.perform(at, act, key)
        case intents.RepairComm():
            return await clientacts.repair(at, ref, act, key)
        case intents.MoveStage():
            return await _move(at, ref, act, key)
        case intents.SetTask() | intents.CloseTask() | intents.ReassignTask():
            return await taskacts.perform(at, row, act)
        case intents.PlanActivity() | intents.SendLetter() | intents.SendSms() | intents.CallUrl():
            return await outacts.perform(at, row, act)
        case intents.Notify():
            return await _notify(at, act, key)
        case (
            intents.Comment()
            | intents.LogEntry()
            | intents.Say()
            | intents.MakeDocument()
            | intents.SendFile()
        ):
            return await _entry(at, row, act)
        case intents.CopyDeal() | intents.ConvertLead() | intents.MakeInvoice():
            return await _saga(at, ref, act, key)
        case intents.TakeBack():
            return await undoing.perform(at, act, key)
        case intents.Remember():
            return ports.Done(note=act.note)
        case _:  # pragma: no cover
            assert_never(act)


async def find(at: desk.Desk, row: ports.Row) -> ports.Done | None:
    act, ref, key = row.wish.act, row.wish.card, row.wish.key
    match act:
        case intents.SetFields():
            card = await _card(at, ref)
            return ports.Done() if card is not None and writing.carried_out(act, card) else None
        case intents.SetClient():
            return await clientacts.find(at, act)
        case intents.RepairComm():
            return await clientacts.repaired(at, ref, act)
        case intents.MoveStage():
            card = await _card(at, ref)
            return _moved(card, act) if card is not None else None
        case intents.SetTask() | intents.CloseTask() | intents.ReassignTask():
            return await taskacts.find(at, row, act)
        case intents.PlanActivity() | intents.SendLetter() | intents.SendSms() | intents.CallUrl():
            return await outacts.find(at, row, act)
        case (
            intents.Comment()
            | intents.LogEntry()
            | intents.Say()
            | intents.MakeDocument()
            | intents.SendFile()
        ):
            return await _find_entry(at, row, act)
        case intents.CopyDeal() | intents.ConvertLead() | intents.MakeInvoice():
            return await _find_saga(at, ref, act, key)
        case intents.TakeBack():
            return await undoing.find(at, act)
        case intents.Remember():
            return ports.Done(note=act.note)
        case intents.Notify():
            return None  # nobody can look a notice up; a repeat with its tag replaces it
        case _:  # pragma: no cover
            assert_never(act)


Saga = intents.CopyDeal | intents.ConvertLead | intents.MakeInvoice


async def _saga(at: desk.Desk, ref: model.CardRef, act: Saga, key: intents.WishKey) -> ports.Done:
    match act:
        case intents.CopyDeal():
            return await copydeal.perform(at, ref, act, key)
        case intents.ConvertLead():
            return await converting.perform(at, ref, act, key)
        case intents.MakeInvoice():
            return await invoices.perform(at, ref, act, key)
        case _:  # pragma: no cover
            assert_never(act)


async def _find_saga(at: desk.Desk, ref: model.CardRef, act: Saga, key: intents.WishKey) -> ports.Done | None:
    match act:
        case intents.CopyDeal():
            return await copydeal.find(at, ref, act, key)
        case intents.ConvertLead():
            return await converting.find(at, ref, act, key)
        case intents.MakeInvoice():
            return await invoices.find(at, ref, key)
        case _:  # pragma: no cover
            assert_never(act)


# --- the card itself -----------------------------------------------------------------------------------------------


async def _set_fields(
    at: desk.Desk, ref: model.CardRef, act: intents.SetFields, key: intents.WishKey
) -> ports.Done:
    wanted = dict(act.values)
    if act.guarded or writing.has_lists(act):
        present = await _card(at, ref)
        if present is None:
            raise errors.NotFound("карточки нет", method="crm.item.get")
        wanted = writing.merged(act, present)
        if act.guarded:
            ours = [code for code in wanted if writing.holds(present, {code: act.replaces.get(code)})]
            wanted = {code: wanted[code] for code in ours}
        if not wanted:
            return ports.Done(changed=False, note=NOTHING_TO_DO)
    sent = writing.fields(wanted, at.known.fields.get(ref.kind.value, {}))
    answer = await _write(at, writing.update(ref, sent), key)
    after = _read_back(at, ref, answer)
    asked = replace(act, values={code: act.values[code] for code in wanted})
    if after is not None and not writing.carried_out(asked, after):
        return ports.Done(changed=False, note=NO_EFFECT)
    return ports.Done()


async def _move(
    at: desk.Desk, ref: model.CardRef, act: intents.MoveStage, key: intents.WishKey
) -> ports.Done:
    """There is no compare-and-set over there: the card is looked for in the stage it must still stand in, and moved by a
    reference to what was found, in one batch. A person who moves it meanwhile is overwritten only between the two."""
    commands, guard = writing.move_from(ref, act), writing.move_guard(ref, act)
    found, moved = await at.client.group(commands, lane=at.lane, key=key, guard=guard)
    if isinstance(found, errors.PortalError):
        # Without an answer to either the move may have happened; it alone says so.
        raise moved if isinstance(moved, errors.Unknown) else found
    if ref.id not in guarded.places(found.result):
        return await _not_there(at, ref, act)
    if isinstance(moved, errors.PortalError):
        raise moved
    after = _read_back(at, ref, moved)
    if after is not None and after.ref != ref:
        raise errors.Unknown("портал ответил о другой карточке", method="crm.item.update")
    if after is not None and after.stage != act.stage:
        return ports.Done(changed=False, note=NO_EFFECT)
    return ports.Done()


async def _not_there(at: desk.Desk, ref: model.CardRef, act: intents.MoveStage) -> ports.Done:
    """The list found nothing, so nothing was moved: the card itself says why."""
    present = await _card(at, ref)
    if present is None:
        raise errors.NotFound("карточки нет", method="crm.item.get")
    if present.stage == act.only_from != act.stage:
        raise errors.Retryable("список ещё не показывает карточку на её стадии", method="crm.item.list")
    return ports.Done(changed=False, note=NOTHING_TO_DO)


def _moved(card: model.Card, act: intents.MoveStage) -> ports.Done | None:
    """Where it should be: done. Elsewhere than where it was: somebody went on, nothing is left to do."""
    if card.stage == act.stage:
        return ports.Done()
    if card.stage != act.only_from:
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    return None


async def _card(at: desk.Desk, ref: model.CardRef) -> model.Card | None:
    try:
        answer = await _read(at, writing.get(ref))
    except errors.NotFound:
        return None
    return writing.card_of(ref, answer.result, at.context)


def _read_back(at: desk.Desk, ref: model.CardRef, answer: client.Answer) -> model.Card | None:
    """The card in the write's own answer. It was written all the same if it can't be read: then nobody checks it here,
    and the next look does."""
    try:
        return writing.card_of(ref, answer.result, at.context)
    except errors.Unreadable:
        return None


# --- what is added to a card: texts, documents ----------------------------------------------------------------------


async def _notify(at: desk.Desk, act: intents.Notify, key: intents.WishKey) -> ports.Done:
    answer = await _write(at, writing.notify(act), key)
    if not answer.result:
        raise errors.Rejected("портал не принял уведомление", method="im.notify.system.add")
    return ports.Done(made=timelines.made(answer.result))


Entry = intents.Comment | intents.LogEntry | intents.Say | intents.MakeDocument | intents.SendFile


async def _entry(at: desk.Desk, row: ports.Row, act: Entry) -> ports.Done:
    if isinstance(act, intents.Say):
        return await chats.perform(at, row, act)
    if isinstance(act, intents.SendFile):
        return await handing.perform(at, row, act)
    if isinstance(act, intents.MakeDocument):
        return await documents.perform(at, row, act)
    if row.tries > 0:
        found = await _find_entry(at, row, act)
        if found is not None:
            return found
    ref, key = row.wish.card, row.wish.key
    if isinstance(act, intents.Comment):
        command = timelines.comment(ref, act.text, key)
    else:
        command = timelines.log_entry(ref, act, key)
    answer = await _write(at, command, key)
    return ports.Done(made=timelines.made(answer.result))


async def _find_entry(at: desk.Desk, row: ports.Row, act: Entry) -> ports.Done | None:
    if isinstance(act, intents.Say):
        return await chats.find(at, row, act)
    if isinstance(act, intents.SendFile):
        return await handing.find(at, row, act)
    if isinstance(act, intents.MakeDocument):
        return await documents.find(at, row)
    answer = await _read(at, timelines.newest(row.wish.card, act))
    made = timelines.found(answer.result, act, row.wish.key)
    return ports.Done(made=made) if made is not None else None


# --- calls ---------------------------------------------------------------------------------------------------------


async def _write(at: desk.Desk, command: client.Command, key: intents.WishKey) -> client.Answer:
    return await at.client.call(command.method, command.params, lane=at.lane, write=True, key=key)


async def _read(at: desk.Desk, command: client.Command) -> client.Answer:
    return await at.client.call(command.method, command.params, lane=at.lane)
