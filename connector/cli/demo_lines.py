"""The demo's lines and totals: what the robots did, as a person who knows no program would say it. Russian only.

A line is the deal by its name and one sentence: no ids, no codes, no robots' paths. A deed that didn't come about says
why; what never leaves the house (a check remembered) has no line. Pure: rows and names in, text out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector import ports
from robots import intents, model, outside, paths, story, words

MOST_TITLE = 60


@dataclass(slots=True)
class Teller:
    """Tells each row once for each state that it comes to."""

    directory: model.Directory
    _told: dict[intents.WishKey, intents.WishState] = field(default_factory=dict)
    _tasks: dict[intents.WishKey, str] = field(default_factory=dict)
    """The titles of the tasks that were wished for."""
    _said: set[tuple[model.CardRef, str]] = field(default_factory=set)
    """Texts and causes that were told already: whoever is told next is only named."""

    def fresh(self, rows: Sequence[ports.Row]) -> list[ports.Row]:
        """Of the newest rows, oldest first: those that there is something new to say of."""
        found = []
        for row in rows:
            if isinstance(row.wish.act, intents.SetTask):
                self._tasks[row.wish.key] = _short(row.wish.act.title)
            known = self._told.get(row.wish.key) is row.state
            over = row.state.final or row.state is intents.WishState.UNKNOWN
            if over and not known:
                self._told[row.wish.key] = row.state
                if not isinstance(row.wish.act, intents.Remember):
                    found.append(row)
        return sorted(found, key=lambda row: row.done_at or row.wished_at)

    def line(self, row: ports.Row, title: str) -> str:
        when = (row.done_at or row.sent_at or row.wished_at).astimezone()
        return f"{when:%H:%M:%S}  {title}: {self._sentence(row)}"

    def _sentence(self, row: ports.Row) -> str:
        if row.state.happened:
            return self.deed(row)
        if row.state is intents.WishState.SUPERSEDED:
            return f"не понадобилось: {story.deed(row.wish.act)}, сделка ушла дальше"
        why = f" ({row.note})" if row.note else ""
        return f"{story.deed(row.wish.act)}: {story.outcome_word(row.state.value)}{why}"

    def deed(self, row: ports.Row) -> str:
        """What was done, to whom, why."""
        act, names = row.wish.act, self.directory
        match act:
            case intents.SetTask():
                return f"поставлена задача «{_short(act.title)}» → {names.user_name(act.responsible)}"
            case intents.CloseTask():
                return f"закрыта задача{self._task(act.set_by)}{_tail(row.wish.because)}"
            case intents.ReassignTask():
                return f"задача{self._task(act.set_by)} передана → {names.user_name(act.responsible)}"
            case intents.MoveStage():
                self._said.add((row.wish.card, _cause(row)))
                verb = "возвращена" if act.back else "переведена"
                where = f" в «{self._stage(act.pipeline, act.stage)}»"
                return f"{verb}{where}" + (f": {row.wish.because}" if row.wish.because else "")
            case intents.SetFields():
                return self._filled(row.wish.card, act)
            case intents.SetClient() | intents.RepairComm():
                return f"записано клиенту{_tail(row.wish.because)}"
            case intents.Notify():
                return self._message(row, act)
            case intents.Comment() | intents.LogEntry():
                return f"запись в карточке: «{_first(act.text)}»"
            case intents.CopyDeal():
                pipeline = names.pipeline(act.pipeline)
                called = f"«{pipeline.name} / {self._stage(act.pipeline, act.stage)}»" if pipeline else ""
                return f"выиграна, передана дальше: {called}"
            case _:
                return self._other(act)

    def _other(self, act: intents.Act) -> str:
        match act:
            case intents.PlanActivity():
                name = self.directory.user_name(act.responsible)
                return f"запланировано: {act.what.said} «{_short(act.title)}» → {name}"
            case intents.SendLetter(subject=subject):
                return f"письмо клиенту: «{_short(subject)}»"
            case intents.SendSms(text=text):
                return f"SMS клиенту: «{_first(text)}»"
            case intents.Say(text=text):
                return f"сообщение в чат: «{_first(text)}»"
            case intents.CallUrl(url=url):
                return f"сообщено на {outside.host(url)}"
            case intents.MakeInvoice(title=title):
                return f"выставлен счёт «{_short(title)}»"
            case intents.SendFile(to, name=name):
                return f"отчёт файлом «{_short(name)}» → {self.directory.user_name(to)}"
            case intents.MakeDocument(title=title):
                return f"сделан документ «{_short(title)}»"
            case intents.Remember():
                return act.note
            case intents.ConvertLead():
                return "лид конвертирован"
            case _:
                return "сделанное роботом убрано"

    def _task(self, key: intents.WishKey) -> str:
        title = self._tasks.get(key)
        return f" «{title}»" if title else ""

    def _stage(self, pipeline: model.PipelineId, stage: model.StageId) -> str:
        found = self.directory.stage(pipeline, stage)
        return found.name if found else str(stage)

    def _filled(self, card: model.CardRef, act: intents.SetFields) -> str:
        known = self.directory.fields.get(card.kind.value, {})
        parts = []
        for code, value in act.values.items():
            called = known[code].title if code in known else str(code)
            if not paths.filled(value):
                parts.append(f"очищено «{called}»")
            elif code in known and known[code].type is model.FieldType.USER and isinstance(value, int):
                parts.append(f"вписан {called}: {self.directory.user_name(model.UserId(value))}")
            else:
                parts.append(f"заполнено «{called}»")
        return ", ".join(parts)

    def _message(self, row: ports.Row, act: intents.Notify) -> str:
        """What was told, unless the line before said it."""
        to, card = self.directory.user_name(act.to), row.wish.card
        if {(card, act.text), (card, _cause(row))} & self._said:
            return f"об этом написано → {to}"
        self._said.add((card, act.text))
        return f"написано → {to}: {_first(act.text)}"


def _cause(row: ports.Row) -> str:
    return f"{row.wish.robot} {row.wish.cause}"


def _short(title: str) -> str:
    return title if len(title) <= MOST_TITLE else title[:MOST_TITLE].rsplit(" ", 1)[0] + "…"


def _first(text: str) -> str:
    return text.strip().split("\n", 1)[0]


def _tail(because: str) -> str:
    """«стадия пройдена: задача «…» больше не нужна» -> «: стадия пройдена»; the task was named already."""
    reason = because.split(":", 1)[0].strip()
    return f": {reason}" if reason else ""


PROBLEMS = frozenset(
    {
        intents.WishState.REFUSED,
        intents.WishState.GIVEN_UP,
        intents.WishState.NO_EFFECT,
        intents.WishState.HELD,
    }
)


def deeds(rows: Sequence[ports.Row]) -> dict[str, int]:
    """What stands in the portal because of the robots, by kind."""
    done = [row for row in rows if row.state.happened]

    def acts(kind: type) -> list[ports.Row]:
        return [row for row in done if isinstance(row.wish.act, kind)]

    found = [row for row in done if "duplicates" in row.wish.robot]
    told = {row.wish.card for row in found if not isinstance(row.wish.act, intents.Remember)}
    moves = [row.wish.act for row in acts(intents.MoveStage)]
    return {
        "rop_filled": len([row for row in acts(intents.SetFields) if "fill" in row.wish.robot]),
        "duplicates_found": len(told),
        "tasks_set": len(acts(intents.SetTask)),
        "tasks_closed": len(acts(intents.CloseTask)),
        "stages_reverted": len([act for act in moves if isinstance(act, intents.MoveStage) and act.back]),
        "deals_handed_over": len(acts(intents.CopyDeal)),
    }


_TOTALS: Mapping[str, tuple[str, str, str]] = {
    "cards": ("карточка в работе", "карточки в работе", "карточек в работе"),
    "rop_filled": ("раз вписан РОП", "раза вписан РОП", "раз вписан РОП"),
    "duplicates_found": ("общий клиент найден", "общих клиента найдено", "общих клиентов найдено"),
    "tasks_set": ("задача поставлена", "задачи поставлены", "задач поставлено"),
    "tasks_closed": ("задача закрыта", "задачи закрыты", "задач закрыто"),
    "stages_reverted": ("сделка возвращена", "сделки возвращены", "сделок возвращено"),
    "deals_handed_over": (
        "сделка передана в доставку",
        "сделки переданы в доставку",
        "сделок передано в доставку",
    ),
    "doorbells": ("сигнал от портала", "сигнала от портала", "сигналов от портала"),
}


def summary(totals: Mapping[str, Any]) -> Sequence[str]:
    counted = [f"{totals[key]:>6}  {words.plural(totals[key], *forms)}" for key, forms in _TOTALS.items()]
    asked, commands, failed = totals["rest_requests"], totals["rest_commands"], totals["problems"]
    requests = words.plural(asked, "запрос к порталу", "запроса к порталу", "запросов к порталу")
    inside = words.count(commands, "команда", "команды", "команд")
    ended = words.plural(failed, "действие не вышло", "действия не вышли", "действий не вышло")
    return ["", *counted, f"{asked:>6}  {requests}, в них {inside}", f"{failed:>6}  {ended}"]
