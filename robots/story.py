"""A card's story told to a person: why something happened, or didn't (users.md F23, F25, F40).

The first line is the answer, one sentence with its reason class from a closed list; under it the looks with what each
robot decided, oldest first, each with the place in the YAML. Pure: looks and ledger rows come in as values, and the
`directory` only gives names. What is unknown is said, with how long stories are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from robots import happenings, intents, model, words

KEEP_DAYS = 180

OUTCOMES: Mapping[str, str] = {
    "done": "сделано",
    "nothing_to_do": "уже так",
    "waiting": "ждёт",
    "filtered": "условие не выполнено",
    "not_triggered": "повода не было",
    "blocked": "не запускался",
    "superseded": "сделка ушла дальше",
    "too_late": "опоздали",
    "paused": "на паузе",
    "already_done": "уже сделано раньше",
    "held": "придержано, ждёт вас",
    "retrying": "повторит",
    "reverted": "вернул на стадию",
    "refused": "портал отказал",
    "no_effect": "портал ответил «готово», но ничего не изменилось",
    "unknown": "неизвестно, выполнил ли портал; проверю",
    "failed": "не вышло",
    "given_up": "не вышло",
    "dry_run": "сделал бы (просмотр)",
    "wished": "решил, ещё не отправлено",
    "sent": "отправлено, ответа ещё нет",
    "passed": "пройдено",
}
"""Every outcome and ledger state in people's words (users.md F25)."""


class Reason(StrEnum):
    """Why something didn't happen, as support may file it. `HAPPENED` and `PENDING` close the list upwards."""

    HAPPENED = "сделано"
    PENDING = "ещё в работе"
    NO_ROBOT_THEN = "робота тогда не было"
    OFF = "выключен или на паузе"
    CONDITION = "условие"
    NO_OCCASION = "повода не было"
    PASSED_BY = "сделка прошла мимо"
    RETURNED = "возвращена"
    HELD = "придержано лимитом"
    REFUSED = "портал отказал"
    LATE = "опоздали"
    FAILED = "не вышло"
    NOT_IN_CONFIG = "такой стадии нет в настройке"
    UNKNOWN = "не знаем"


_OF_STATE: Mapping[str, Reason] = {
    "done": Reason.HAPPENED,
    "nothing_to_do": Reason.HAPPENED,
    "already_done": Reason.HAPPENED,
    "reverted": Reason.HAPPENED,
    "wished": Reason.PENDING,
    "sent": Reason.PENDING,
    "unknown": Reason.PENDING,
    "waiting": Reason.PENDING,
    "retrying": Reason.PENDING,
    "refused": Reason.REFUSED,
    "no_effect": Reason.REFUSED,
    "superseded": Reason.PASSED_BY,
    "blocked": Reason.RETURNED,
    "held": Reason.HELD,
    "too_late": Reason.LATE,
    "dry_run": Reason.OFF,
    "paused": Reason.OFF,
    "filtered": Reason.CONDITION,
    "not_triggered": Reason.NO_OCCASION,
    "failed": Reason.FAILED,
    "given_up": Reason.FAILED,
}
_TROUBLE = frozenset({"refused", "no_effect", "given_up", "failed", "unknown", "held"})
_SILENT = frozenset({"not_triggered", "passed"})
_NAMES: Mapping[model.CardKind, str] = {
    model.CardKind.DEAL: "Сделка",
    model.CardKind.LEAD: "Лид",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One robot's end in one look."""

    robot: str
    outcome: str
    reason: str
    mark: str = ""
    wish: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    at: datetime
    stage: model.StageId
    pipeline: model.PipelineId
    lines: tuple[Line, ...] = ()
    config: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, of which card, by whose directory. `robot` filters: a part of a robot's path, or a kind (`task`)."""

    card: model.CardRef
    looks: Sequence[Look]
    """Oldest first."""
    past: Sequence[intents.Past]
    """The card's ledger rows, oldest first."""
    directory: model.Directory | None = None
    robot: str = ""
    loaded: Mapping[str, str] = field(default_factory=dict)
    """Robots of the present configuration: id -> mode (`on`, `watch`, `off`)."""
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the story, ready to be shown."""

    at: datetime
    what: str
    robot: str = ""
    outcome: str = ""
    word: str = ""
    reason: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    answer: str
    reason: Reason
    events: tuple[Event, ...]


def tell(asked: Asked) -> Story:
    """The answer first, then everything it rests on."""
    events = tuple(sorted(_events(asked), key=lambda event: event.at))
    if not asked.looks and not asked.past:
        return Story(_never_seen(asked), Reason.UNKNOWN, events)
    past = [row for row in asked.past if _meant(asked, row.wish.robot)]
    if asked.robot.casefold() == "task":
        # «почему нет задачи» is about the task, not about the notice that the same robot sent.
        past = [row for row in past if isinstance(row.wish.act, intents.SetTask)] or past
    if past:
        return _of_wish(asked, _telling(past), events)
    return _of_trace(asked, events)


def text(story: Story, zone: str | None = None) -> Iterator[str]:
    """The story as lines for a terminal."""
    yield story.answer
    for event in story.events:
        where = f"  [{event.mark}]" if event.mark else ""
        yield f"  {words.moment(event.at, zone)}  {event.what}{where}"


def outcome_word(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome)


_DEEDS: Mapping[type, str] = {
    intents.SetFields: "заполнение полей",
    intents.SetClient: "заполнение полей клиента",
    intents.RepairComm: "исправление контакта",
    intents.Notify: "уведомление сотруднику",
    intents.SendLetter: "письмо клиенту",
    intents.SendSms: "SMS клиенту",
    intents.CallUrl: "вызов адреса",
    intents.SendFile: "отчёт файлом",
    intents.Comment: "запись в карточке",
    intents.Say: "сообщение в чат",
    intents.LogEntry: "запись в карточке",
    intents.CopyDeal: "передача в другую воронку",
    intents.ConvertLead: "конвертация лида",
    intents.MakeInvoice: "счёт по сделке",
    intents.MakeDocument: "документ по шаблону",
    intents.Remember: "проверка",
}


_TAKEN: Mapping[intents.Made, str] = {
    intents.Made.TASK: "удаление задачи робота",
    intents.Made.NOTICE: "удаление уведомления",
    intents.Made.COMMENT: "удаление записи робота",
    intents.Made.RECORD: "удаление записи робота",
    intents.Made.ACTIVITY: "удаление дела робота",
}


def deed(act: intents.Act) -> str:
    """What an act is, in two words: for answers and for the demo's lines."""
    match act:
        case intents.SetTask(title=title):
            return f"задача «{title}»"
        case intents.PlanActivity(what=planned, title=title):
            return f"{planned.said} «{title}»"
        case intents.TakeBack(what=what):
            return _TAKEN[what]
        case intents.CloseTask(task=task):
            return f"закрытие задачи {task}" if task else "закрытие задачи"
        case intents.ReassignTask(task=task):
            return f"передача задачи {task}" if task else "передача задачи"
        case intents.MoveStage(back=back):
            return "возврат на прежнюю стадию" if back else "перевод на другую стадию"
        case _:
            return _DEEDS[type(act)]


PAUSED = "робот на паузе"
"""How the note of a wish begins that a pause called off."""


def _state(row: intents.Past) -> str:
    off = row.state is intents.WishState.SUPERSEDED and row.note.startswith(PAUSED)
    return "paused" if off else row.state.value


def _of_wish(asked: Asked, row: intents.Past, events: tuple[Event, ...]) -> Story:
    state = _state(row)
    what = _upper(deed(row.wish.act))
    reason = _OF_STATE.get(state, Reason.UNKNOWN)
    when = words.moment(row.done_at or row.wished_at, asked.zone)
    number = f" (№ {row.made})" if row.made else ""
    if reason is Reason.HAPPENED:
        answer = f"{what}{number}: {outcome_word(state)} {when}. Почему: {row.wish.because}."
    elif state == "dry_run":
        answer = f"{what}: не делалось, робот «{row.wish.robot}» пока только смотрит (mode: watch). {when}."
    else:
        why = row.note or row.wish.because
        answer = f"{what}: {outcome_word(state)} ({when}). {_upper(why)}."
    return Story(_one_line(answer), reason, events)


def _of_trace(asked: Asked, events: tuple[Event, ...]) -> Story:
    lines = [(seen, line) for seen in asked.looks for line in seen.lines if _meant(asked, line.robot)]
    said = [pair for pair in lines if pair[1].outcome not in _SILENT] or lines
    if not said:
        return Story(_one_line(_nobody_spoke(asked)), _nobody_reason(asked), events)
    seen, line = said[-1]
    reason = _OF_STATE.get(line.outcome, Reason.UNKNOWN)
    word = outcome_word(line.outcome)
    answer = (
        f"{_subject(asked, line.robot)}: {word}. {_upper(line.reason)} "
        f"({words.moment(seen.at, asked.zone)}, стадия «{_stage(asked, seen)}»)."
    )
    return Story(_one_line(answer), reason, events)


def _nobody_reason(asked: Asked) -> Reason:
    meant = {robot: mode for robot, mode in asked.loaded.items() if _meant(asked, robot)}
    if not meant:
        return Reason.NOT_IN_CONFIG
    if not asked.robot:
        return Reason.NO_OCCASION
    return Reason.OFF if set(meant.values()) == {"off"} else Reason.NO_ROBOT_THEN


def _nobody_spoke(asked: Asked) -> str:
    last = asked.looks[-1] if asked.looks else None
    stood = f" (стадия «{_stage(asked, last)}», {words.moment(last.at, asked.zone)})" if last else ""
    asked_for = f"«{asked.robot}»" if asked.robot else "для этой карточки"
    match _nobody_reason(asked):
        case Reason.NOT_IN_CONFIG:
            return f"Такого робота {asked_for} нет в настройке{stood}."
        case Reason.NO_OCCASION:
            return f"Роботам с этой карточкой делать было нечего{stood}."
        case Reason.OFF:
            return f"Робот {asked_for} выключен в настройке{stood}."
        case _:
            return f"Робот {asked_for} при взглядах на карточку не спрашивался: тогда его не было{stood}."


def _never_seen(asked: Asked) -> str:
    subject = _NAMES[asked.card.kind]
    return (
        f"Не знаем: {subject.lower()} {asked.card.id} Voronka ещё не видела "
        f"(история хранится {KEEP_DAYS} дней)."
    )


def _telling(past: Sequence[intents.Past]) -> intents.Past:
    """The newest trouble if there is one at the last cause, else the newest act that people see."""
    last_cause = past[-1].wish.cause
    trouble = [row for row in past if row.state.value in _TROUBLE and row.wish.cause == last_cause]
    if trouble:
        return trouble[-1]
    seen = [row for row in past if not isinstance(row.wish.act, intents.Remember | intents.Notify)]
    return (seen or list(past))[-1]


def _events(asked: Asked) -> Iterator[Event]:
    keys = {row.wish.key for row in asked.past}
    for seen in asked.looks:
        for line in seen.lines:
            if _meant(asked, line.robot) and not (line.wish in keys or line.outcome in _SILENT):
                yield _line_event(asked, seen, line)
    marks = {line.wish: line.mark for seen in asked.looks for line in seen.lines if line.wish}
    for row in asked.past:
        if _meant(asked, row.wish.robot):
            yield _row_event(row, marks.get(row.wish.key, ""))


def _line_event(asked: Asked, seen: Look, line: Line) -> Event:
    word = outcome_word(line.outcome)
    what = f"«{_stage(asked, seen)}» · {line.robot}: {word}" + (
        f". {_upper(line.reason)}" if line.reason else ""
    )
    return Event(seen.at, _one_line(what), line.robot, line.outcome, word, line.reason, line.mark)


def _row_event(row: intents.Past, mark: str) -> Event:
    word = outcome_word(_state(row))
    why = row.note or row.wish.because
    number = f" № {row.made}" if row.made else ""
    what = f"{row.wish.robot}: {deed(row.wish.act)}{number}: {word}" + (f". {_upper(why)}" if why else "")
    if row.wish.robot.startswith(happenings.SOURCE):
        what = _upper(row.wish.because)
    at = row.done_at or row.wished_at
    return Event(at, _one_line(what), row.wish.robot, _state(row), word, why, mark)


def _meant(asked: Asked, robot: str) -> bool:
    wanted = asked.robot.casefold()
    path = robot.casefold()
    return not wanted or wanted == path or wanted in path.split("/") or (len(wanted) > 3 and wanted in path)


def _subject(asked: Asked, robot: str) -> str:
    subject = _NAMES[asked.card.kind]
    return f"{subject} {asked.card.id}, «{robot}»"


def _stage(asked: Asked, seen: Look | None) -> str:
    if seen is None:
        return "?"
    stage = asked.directory.stage(seen.pipeline, seen.stage) if asked.directory else None
    return stage.name if stage else str(seen.stage)


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:].rstrip(".")


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())
