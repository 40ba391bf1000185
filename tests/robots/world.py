"""One card's world for the engine's stories: a portal with a history, a mirror, a ledger, all in memory and pure.

`World.look()` gathers, decides and records as the shell does; `carry_out()` makes the wishes true in order. What the
robots did is read back as plain lines, so that a story fails as a diff.
"""

from __future__ import annotations

import dataclasses
import itertools
from datetime import datetime, timedelta
from typing import Any

from robots import changes, decision, draws, happenings, intents, model, visits
from robots import look as looks
from tests.robots import builders

S = intents.WishState
LONG_AGO = looks.Activation(builders.NOW - timedelta(days=30), card=1000, row=50)


class World:
    def __init__(
        self,
        rules: decision.Rules,
        *,
        now: datetime = builders.NOW,
        clients: tuple[model.Client, ...] = (),
        duplicates: tuple[looks.Match, ...] = (),
        activation: looks.Activation = LONG_AGO,
        **card: Any,
    ) -> None:
        self.rules, self.now, self.clients = rules, now, clients
        self.duplicates, self.activation = duplicates, activation
        self.directory = builders.directory()
        contacts = tuple(c.ref.id for c in clients if c.ref.kind is model.ClientKind.CONTACT)
        self.card = builders.card(**{"created": now, "contacts": contacts, **card})
        self._rows = itertools.count(100)
        self._ids = itertools.count(9001)
        self.history: list[model.Visit] = [self._visit(created=True)]
        self.tasks: dict[model.TaskId, model.Task] = {}
        self.ledger: dict[intents.WishKey, intents.Past] = {}
        self.before: model.Card | None = None
        self.judged: datetime | None = None
        self.heard: frozenset[str] = frozenset()
        self.visit: model.Visit | None = None
        self.accepted: model.Visit | None = None
        self.refused: model.VisitId | None = None
        self.since: tuple[model.Visit, ...] = ()
        self.changes: dict[str, int] = {}
        self.comms = ""
        self.tallies: dict[str, draws.Tally] = {}
        self.load = draws.Load({}, {})
        self.care = looks.NOBODYS
        self.attempts: tuple[looks.Attempt, ...] = ()
        self.plans = looks.Plans()
        self.trace: tuple[decision.Told, ...] = ()
        self.wake_at: datetime | None = None

    # ------------------------------------------------------------ what people do

    def after(self, **delta: float) -> World:
        self.now += timedelta(**delta)
        return self

    def move(
        self, stage: str, *, by: model.UserId | None = None, pipeline: model.PipelineId | None = None
    ) -> World:
        found = builders.stage(stage, pipeline=pipeline or self.card.pipeline)
        self.card = dataclasses.replace(
            self.card,
            pipeline=pipeline or self.card.pipeline,
            stage=found.id,
            semantic=found.semantic,
            moved_by=by,
            updated=self.now,
        )
        self.history.append(self._visit())
        return self

    def set(self, **fields: Any) -> World:
        return self.fill(fields)

    def fill(self, fields: dict[str, Any]) -> World:
        filled = builders.card(fields=fields).fields
        mine = {
            code: value
            for code, value in filled.items()
            if code not in ("title", "assignedById", "createdTime")
        }
        mine |= (
            {model.FieldCode("assignedById"): fields["Ответственный"]} if "Ответственный" in fields else {}
        )
        responsible = fields.get("Ответственный", self.card.responsible)
        self.card = dataclasses.replace(
            self.card, fields={**self.card.fields, **mine}, responsible=responsible
        )
        return self

    def bind(self, *clients: model.Client) -> World:
        self.clients = clients
        self.card = dataclasses.replace(self.card, contacts=tuple(c.ref.id for c in clients))
        return self

    def close_task(self, title: str) -> World:
        task = next(t for t in self.tasks.values() if t.title == title)
        self.tasks[task.id] = dataclasses.replace(task, status=model.TaskStatus.DONE, closed=self.now)
        return self

    def put_off(self, title: str, until: datetime) -> World:
        """A person gives the task another deadline."""
        task = next(t for t in self.tasks.values() if t.title == title)
        self.tasks[task.id] = dataclasses.replace(task, deadline=until)
        return self

    def tried(self, *what: str) -> World:
        """«call», «letter» …, or the text of a comment."""
        hows = [
            (looks.Reached(one), "") if one in list(looks.Reached) else (looks.Reached.COMMENT, one)
            for one in what
        ]
        self.attempts += tuple(looks.Attempt(how, self.now, text) for how, text in hows)
        return self

    def enroll(self, *robots: str, **how: bool) -> World:
        """The next looks meet these robots as if the card had just come; with none the run is over."""
        self.care = looks.Care(frozenset(map(intents.RobotId, robots)), **how)
        return self

    def called(self, name: str, number: str) -> World:
        """Another program calls."""
        wish = happenings.called(name, self.card.ref, number)
        self.ledger.setdefault(wish.key, intents.Past(wish, S.DONE, self.now, self.now))
        return self

    # ------------------------------------------------------------ what Voronka does

    def look(self) -> World:
        """Gather, decide, record; a repeated key is ignored as the ledger would."""
        followed = visits.follow(self.card, self.history, last=self.visit, unseen=0, torn_before=0)
        assert not followed.torn, "the world's history is always whole"
        arrived = (*self.since, *followed.arrived)
        numbers, changed = changes.count(self.before, self.card, self.changes)
        comms = ",".join(sorted(comm for client in self.clients for comm in (*client.phones, *client.emails)))
        numbers, changed = changes.count_comms(numbers, changed, self.comms, comms)
        seen = looks.Look(
            card=self.card,
            directory=self.directory,
            visit=followed.visit,
            before=self.before,
            judged=self.judged,
            heard=self.heard,
            first=self.visit is None,
            accepted=self.accepted,
            refused=self.refused,
            arrived=arrived,
            changes=numbers,
            changed=changed,
            tasks=dict(self.tasks),
            past=tuple(self.ledger.values()),
            activations=dict.fromkeys(self._ids_of_rules(), self.activation),
            clients=self.clients,
            duplicates=looks.Duplicates(tuple(comms.split(",")), self.duplicates),
            care=self.care,
            attempts=self.attempts,
            plans=self.plans,
        )
        decided = decision.decide(self.rules, seen, self.now)
        assert not decided.needs, decided.needs
        self.last, self.judged, self.heard = seen, self.now, happenings.heard(seen, self.now)
        self.before, self.visit, self.comms, self.changes = self.card, followed.visit, comms, numbers
        self.accepted, self.refused = decided.accepted, decided.refused
        stands = decided.accepted is not None and decided.refused is None and self._stands(decided.accepted)
        self.since = () if stands else arrived
        self.trace, self.wake_at = decided.trace, decided.wake_at
        for wish in self._drawn(decided.wishes):
            state = S.DRY_RUN if wish.dry_run else S.WISHED
            if isinstance(wish.act, intents.Remember):
                state = S.DONE
            known = self.ledger.setdefault(wish.key, intents.Past(wish, state, self.now))
            if not known.state.final and wish.while_visit is not None:
                bound = dataclasses.replace(known.wish, while_visit=wish.while_visit)
                self.ledger[wish.key] = dataclasses.replace(known, wish=bound)
        return self

    def carry_out(self) -> World:
        """The executor: everything wished, in order, while it is still wanted."""
        for key, row in list(self.ledger.items()):
            if row.state is S.WISHED:
                self.ledger[key] = self._carried(row)
        return self

    def work(self) -> World:
        """Look and carry out until nothing is left, as the daemon does after a doorbell."""
        for _ in range(6):
            self.look().carry_out()
        return self

    # ------------------------------------------------------------ what is seen

    def acts(self) -> list[str]:
        """Everything that happened, in order, in the words of a diff."""
        return [
            _line(row.wish.act, self.directory)
            for row in self.ledger.values()
            if row.state in (S.DONE, S.DRY_RUN)
        ]

    def open_tasks(self) -> list[str]:
        return [task.title for task in self.tasks.values() if task.open]

    def told(self, robot: str) -> list[tuple[str, str]]:
        return [(line.outcome, line.reason) for line in self.trace if line.robot == robot]

    def stage(self) -> str:
        found = self.directory.stage(self.card.pipeline, self.card.stage)
        return found.name if found else self.card.stage

    # ------------------------------------------------------------ inside

    def _drawn(self, wishes: tuple[intents.Wish, ...]) -> tuple[intents.Wish, ...]:
        known = {key: draws.who(row.wish.act) for key, row in self.ledger.items()}
        return draws.Drawing(self.tallies, known, lambda _: self.load).settle(wishes, self.now)

    def _ids_of_rules(self) -> list[intents.RobotId]:
        return [robot.id for robot in self.rules.robots] + [gate.id for gate in self.rules.gates]

    def _stands(self, accepted: model.Visit) -> bool:
        assert self.visit is not None
        return accepted.id == self.visit.id or accepted.row == self.visit.row

    def _visit(self, *, created: bool = False) -> model.Visit:
        row = next(self._rows)
        return model.Visit(
            model.VisitId(f"h{row}"),
            self.card.pipeline,
            self.card.stage,
            self.card.semantic,
            self.now,
            row,
            created,
        )

    def _carried(self, row: intents.Past) -> intents.Past:
        wish = row.wish
        if wish.while_visit is not None and (self.accepted is None or self.accepted.id != wish.while_visit):
            return dataclasses.replace(row, state=S.SUPERSEDED)
        made: int | None = None
        match wish.act:
            case intents.SetFields(values):
                fields = {**self.card.fields, **values}
                holder = fields.get(draws.RESPONSIBLE, self.card.responsible)
                self.card = dataclasses.replace(self.card, fields=fields, responsible=holder)  # type: ignore[arg-type]
            case intents.SetClient(ref, values):
                self.clients = tuple(
                    dataclasses.replace(one, fields={**one.fields, **values}) if one.ref == ref else one
                    for one in self.clients
                )
            case intents.RepairComm(ref, kind, was, right):
                name = {"PHONE": "phones", "EMAIL": "emails"}[kind]
                self.clients = tuple(
                    dataclasses.replace(
                        one, **{name: tuple(right if text == was else text for text in getattr(one, name))}
                    )
                    if one.ref == ref
                    else one
                    for one in self.clients
                )
            case intents.MoveStage(pipeline, stage, only_from):
                if self.card.stage != only_from:
                    return dataclasses.replace(row, state=S.NOTHING_TO_DO)
                self.move(stage, pipeline=pipeline)
            case intents.SetTask() as act:
                made = next(self._ids)
                self.tasks[model.TaskId(made)] = model.Task(
                    model.TaskId(made),
                    act.title,
                    act.responsible,
                    act.creator,
                    model.TaskStatus.WAITING,
                    act.deadline,
                )
            case intents.CloseTask(set_by):
                self._with_task(set_by, status=model.TaskStatus.DONE, closed=self.now)
            case intents.ReassignTask(set_by, _, responsible):
                self._with_task(set_by, responsible=responsible)
            case intents.CopyDeal():
                made = next(self._ids)
            case _:
                pass
        return dataclasses.replace(row, state=S.DONE, done_at=self.now, made=made)

    def _with_task(self, key: intents.WishKey, **changed: Any) -> None:
        made = self.ledger[key].made
        assert made is not None
        task = model.TaskId(made)
        self.tasks[task] = dataclasses.replace(self.tasks[task], **changed)


def _line(act: intents.Act, directory: model.Directory) -> str:
    match act:
        case intents.SetFields(values):
            return "set " + ", ".join(f"{code}={value}" for code, value in values.items())
        case intents.SetClient(ref, values):
            return f"set {ref} " + ", ".join(f"{code}={value}" for code, value in values.items())
        case intents.RepairComm(ref, kind, was, right):
            return f"repair {ref} {kind}: {was} → {right}"
        case intents.MoveStage(pipeline, stage, _, back):
            found = directory.stage(pipeline, stage)
            return f"{'return' if back else 'move'} to {found.name if found else stage}"
        case intents.SetTask(title):
            return f"task: {title}"
        case intents.CloseTask():
            return "close task"
        case intents.ReassignTask(_, _, responsible):
            return f"task to {directory.user_name(responsible)}"
        case intents.Notify(to, text):
            return f"tell {directory.user_name(to)}: {text.splitlines()[0]}"
        case intents.Comment(text) | intents.LogEntry(_, text):
            return f"write: {text}"
        case intents.CopyDeal(pipeline):
            found_pipeline = directory.pipeline(pipeline)
            return f"copy to {found_pipeline.name if found_pipeline else pipeline}"
        case _:
            return _other_line(act)


def _other_line(act: intents.Act) -> str:
    match act:
        case intents.PlanActivity(what, title):
            return f"{what.value}: {title}"
        case intents.Say(dialog, text):
            return f"{dialog}: {text}"
        case intents.MakeInvoice(title):
            return f"invoice: {title}"
        case intents.MakeDocument(title=title, values=values):
            return f"document: {title} {dict(values)}"
        case intents.Remember(note):
            return f"remember: {note}"
        case intents.TakeBack(what=taken):
            return f"take back: {taken}"
        case _:
            return type(act).__name__
