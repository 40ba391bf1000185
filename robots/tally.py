"""Acts counted in words people use: «31 задача, 12 переводов»; and by whom they concern.

`resume`, `enroll`, `undo`, `diary`, `held` and the limits count acts by the same sorts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from robots import intents, model, words


class Sort(StrEnum):
    """Sorts of acts; the values of those that have a limit are its key in `limits:` (users.md F4)."""

    TASKS = "tasks"
    MOVES = "moves"
    CLOSES = "closes"
    REASSIGN = "reassign"
    FIELDS = "fields"
    HAND_OVER = "hand_over"
    NOTIFICATIONS = "notifications"
    INVOICES = "invoices"
    DOCUMENTS = "documents"
    CLIENT_MESSAGES = "client messages"
    CALLS = "calls"
    RECORDS = "records"
    TASKS_CLOSED = "tasks closed"
    NOTES = "notes"


FORMS: Mapping[Sort, tuple[str, str, str]] = {
    Sort.TASKS: ("задача", "задачи", "задач"),
    Sort.MOVES: ("перевод на другую стадию", "перевода на другую стадию", "переводов на другую стадию"),
    Sort.CLOSES: ("закрытие карточки", "закрытия карточек", "закрытий карточек"),
    Sort.REASSIGN: ("смена ответственного", "смены ответственного", "смен ответственного"),
    Sort.FIELDS: ("запись в поля", "записи в поля", "записей в поля"),
    Sort.HAND_OVER: ("передача или конвертация", "передачи или конвертации", "передач или конвертаций"),
    Sort.NOTIFICATIONS: ("уведомление", "уведомления", "уведомлений"),
    Sort.INVOICES: ("счёт", "счёта", "счетов"),
    Sort.DOCUMENTS: ("документ", "документа", "документов"),
    Sort.CLIENT_MESSAGES: ("сообщение клиенту", "сообщения клиенту", "сообщений клиенту"),
    Sort.CALLS: ("вызов адреса", "вызова адреса", "вызовов адреса"),
    Sort.RECORDS: ("запись в карточке", "записи в карточках", "записей в карточках"),
    Sort.TASKS_CLOSED: ("закрытая задача", "закрытые задачи", "закрытых задач"),
    Sort.NOTES: ("проверка", "проверки", "проверок"),
}
ORDER = tuple(FORMS)
RESPONSIBLE = model.FieldCode("assignedById")


_SORTS: Mapping[type, Sort] = {
    intents.CopyDeal: Sort.HAND_OVER,
    intents.ConvertLead: Sort.HAND_OVER,
    intents.MakeInvoice: Sort.INVOICES,
    intents.MakeDocument: Sort.DOCUMENTS,
    intents.Notify: Sort.NOTIFICATIONS,
    intents.Say: Sort.NOTIFICATIONS,
    intents.SendFile: Sort.NOTIFICATIONS,
    intents.SendLetter: Sort.CLIENT_MESSAGES,
    intents.SendSms: Sort.CLIENT_MESSAGES,
    intents.CallUrl: Sort.CALLS,
    intents.Comment: Sort.RECORDS,
    intents.LogEntry: Sort.RECORDS,
}
"""Acts of one sort, whatever they carry."""


def sort(act: intents.Act, directory: model.Directory | None = None) -> Sort:
    """A move into a final stage is a closing, where the directory knows the stage."""
    match act:
        case intents.SetTask() | intents.PlanActivity():
            return Sort.TASKS
        case intents.CloseTask() | intents.ReassignTask():
            return Sort.TASKS_CLOSED if isinstance(act, intents.CloseTask) else Sort.REASSIGN
        case intents.MoveStage(pipeline, stage):
            known = directory.stage(pipeline, stage) if directory is not None else None
            final = known is not None and known.semantic is not model.Semantic.WORK
            return Sort.CLOSES if final and not act.back else Sort.MOVES
        case intents.SetFields(values):
            return Sort.REASSIGN if RESPONSIBLE in values else Sort.FIELDS
        case intents.SetClient() | intents.RepairComm():
            return Sort.FIELDS
        case intents.TakeBack(what=what):
            return Sort.TASKS_CLOSED if what is intents.Made.TASK else Sort.RECORDS
        case _:
            return _SORTS.get(type(act), Sort.NOTES)


def said(counts: Mapping[Sort, int]) -> str:
    """«31 задача, 12 уведомлений»; empty where there is nothing."""
    return ", ".join(words.count(counts[one], *FORMS[one]) for one in ORDER if counts.get(one))


def count(acts: Iterable[intents.Act], directory: model.Directory | None = None) -> Counter[Sort]:
    """Without checks that left nothing over there."""
    found = Counter(sort(act, directory) for act in acts)
    del found[Sort.NOTES]
    return found


def person(act: intents.Act, responsible: model.UserId | None) -> model.UserId | None:
    """Whom an act concerns: who gets the task, the message or the card; else who is responsible for the card."""
    match act:
        case intents.SetTask() | intents.ReassignTask() | intents.PlanActivity():
            return act.responsible
        case intents.Notify() | intents.SendFile():
            return act.to
        case intents.SetFields(values) if isinstance(values.get(RESPONSIBLE), int):
            return model.UserId(int(str(values[RESPONSIBLE])))
        case _:
            return responsible


def people(counts: Mapping[model.UserId | None, int], directory: model.Directory, most: int = 8) -> str:
    """«Иванов Пётр 61, Сидорова Ольга 58, ещё 3 человека 12»: the greatest first."""
    order = sorted(counts.items(), key=lambda pair: (-pair[1], directory.user_name(pair[0])))
    shown = [f"{directory.user_name(user)} {number}" for user, number in order[:most]]
    rest = order[most:]
    if rest:
        others = words.count(len(rest), "человек", "человека", "человек")
        shown.append(f"ещё {others} {sum(number for _, number in rest)}")
    return ", ".join(shown)
