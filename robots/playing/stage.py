"""One card, its portal's history and ledger, in memory: what people do to it, what the robots answer, as time goes by.

`Stage.pass_to` looks at every moment that a robot asked for. Wishes are carried out at once, messages too, whatever hour
they would wait for; every act succeeds. Calls outside, letters and cards that an act makes beside this one are only told.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from robots import changes, decision, draws, happenings, intents, model, visits
from robots import look as looks
from robots.playing import props

S = intents.WishState
ROUNDS = 20
"""Looks at one moment: more is a circle of robots."""
MOMENTS = 5_000
"""Moments between two steps."""
_LONG_AGO = timedelta(days=365)


class Endless(Exception):
    """The robots of a story never come to rest; its text says what they do."""


@dataclass
class Stage:
    rules: decision.Rules
    directory: model.Directory
    given: props.Given
    now: datetime
    done: list[props.Done] = field(default_factory=list)
    trace: dict[str, str] = field(default_factory=dict)
    """Robot -> how its last answer ended, of the looks since it was cleared."""
    tasks: dict[model.TaskId, model.Task] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.card, self.clients, self.matches = self.given.card, self.given.clients, self.given.matches
        self._rows, self._ids = itertools.count(1), itertools.count(1)
        self._history = [self._visit(created=True)]
        self._ledger: dict[intents.WishKey, intents.Past] = {}
        self._before: model.Card | None = None
        self._visit_now: model.Visit | None = None
        self._accepted: model.Visit | None = None
        self._refused: model.VisitId | None = None
        self._since: tuple[model.Visit, ...] = ()
        self._changes: dict[str, int] = {}
        self._comms = ""
        self._judged: datetime | None = None
        self._heard: frozenset[str] = frozenset()
        self._tallies: dict[str, draws.Tally] = {}
        self._attempts: tuple[looks.Attempt, ...] = ()
        self._planned: tuple[looks.Plan, ...] = ()
        self._wake_at: datetime | None = None

    # ------------------------------------------------------------ people and time

    def pass_to(self, moment: datetime) -> None:
        """Time goes by; every moment that a robot waits for is looked at. Raises Endless."""
        for _ in range(MOMENTS):
            if self._wake_at is None or self._wake_at > moment:
                self.now = max(self.now, moment)
                return
            self.now, self._wake_at = max(self.now, self._wake_at), None
            self.settle()
        raise Endless(f"роботы просыпаются снова и снова, последний раз {self.now:%d.%m %H:%M}")

    def settle(self) -> None:
        """Look and carry out until nothing is wished for any more. Raises Endless."""
        for _ in range(ROUNDS):
            self._look()
            if not self._carry_out():
                return
        robots = sorted({one.wish.robot for one in self.done[-ROUNDS:]})
        raise Endless(f"роботы не останавливаются: {', '.join(robots)}")

    def look_again(self) -> None:
        """The same doorbell once more."""
        self.settle()

    def write(self, values: Mapping[model.FieldCode, model.Value]) -> None:
        self.card = props.written(replace(self.card, updated=self.now), values)

    def bind(self, client: model.Client) -> None:
        """Instead of the contact or company that was bound."""
        rest = [one for one in self.clients if one.ref.kind is not client.ref.kind]
        self.clients = tuple(
            sorted([*rest, client], key=lambda one: one.ref.kind is model.ClientKind.COMPANY)
        )
        self.card = props.bound(self.card, self.clients)

    def move(self, stage: model.Stage, pipeline: model.PipelineId, by: model.UserId | None = None) -> None:
        self.card = replace(
            props.written(self.card, {model.FieldCode("stageId"): stage.id}),
            pipeline=pipeline,
            stage=stage.id,
            semantic=stage.semantic,
            moved_by=by,
            updated=self.now,
        )
        self._history.append(self._visit())

    def tick_off(self, task: model.Task) -> None:
        self.tasks[task.id] = replace(task, status=model.TaskStatus.DONE, closed=self.now)

    def tried(self, how: looks.Reached, text: str = "") -> None:
        self._attempts += (looks.Attempt(how, self.now, text),)

    def open_tasks(self) -> list[model.Task]:
        return [task for task in self.tasks.values() if task.open]

    def wished(self, task: model.Task) -> intents.SetTask | None:
        """The act that set it."""
        for row in self._ledger.values():
            if row.made == task.id and isinstance(row.wish.act, intents.SetTask):
                return row.wish.act
        return None

    def seen(self) -> looks.Look:
        """The card as it stands, for texts about it."""
        return looks.Look(self.card, self.directory, self._history[-1], clients=self.clients)

    # ------------------------------------------------------------ looking

    def _look(self) -> None:
        followed = visits.follow(self.card, self._history, last=self._visit_now, unseen=0, torn_before=0)
        arrived = (*self._since, *followed.arrived)
        seen = self._gathered(followed.visit, arrived)
        decided = decision.decide(self.rules, seen, self.now)
        self._judged, self._heard = self.now, happenings.heard(seen, self.now)
        self._before, self._visit_now = self.card, followed.visit
        self._accepted, self._refused = decided.accepted, decided.refused
        stands = (
            decided.refused is None
            and decided.accepted is not None
            and _same(decided.accepted, followed.visit)
        )
        self._since = () if stands else arrived
        self._wake_at = decided.wake_at
        self.trace |= {str(told.robot): str(told.outcome) for told in decided.trace}
        drawn = {key: draws.who(row.wish.act) for key, row in self._ledger.items()}
        drawing = draws.Drawing(self._tallies, drawn, lambda _: draws.Load({}, {}))
        for wish in drawing.settle(decided.wishes, self.now):
            known = self._ledger.setdefault(wish.key, intents.Past(wish, S.WISHED, self.now))
            if not known.state.final and wish.while_visit is not None:
                bound_anew = replace(known.wish, while_visit=wish.while_visit)
                self._ledger[wish.key] = replace(known, wish=bound_anew)

    def _gathered(self, visit: model.Visit, arrived: tuple[model.Visit, ...]) -> looks.Look:
        numbers, changed = changes.count(self._before, self.card, self._changes)
        comms = tuple(sorted(set(props.comms(self.card, self.clients))))
        digest = ",".join(comms)
        numbers, changed = changes.count_comms(numbers, changed, self._comms, digest)
        self._changes, self._comms = numbers, digest
        since = self.given.card.created - _LONG_AGO
        robots = [*(one.id for one in self.rules.robots), *(one.id for one in self.rules.gates)]
        return looks.Look(
            card=self.card,
            directory=self.directory,
            visit=visit,
            before=self._before,
            judged=self._judged,
            heard=self._heard,
            first=self._visit_now is None,
            accepted=self._accepted,
            refused=self._refused,
            arrived=arrived,
            changes=numbers,
            changed=changed,
            tasks=dict(self.tasks),
            past=tuple(self._ledger.values()),
            activations=dict.fromkeys(robots, looks.Activation(since, card=0, row=0)),
            clients=self.clients,
            duplicates=looks.Duplicates(comms, tuple(one for one in self.matches if one.via in comms)),
            attempts=self._attempts,
            plans=self._plans(),
        )

    def _plans(self) -> looks.Plans:
        tasks = tuple(looks.Plan(one.title, one.deadline, task=True) for one in self.open_tasks())
        closed = [one.closed for one in self.tasks.values() if one.closed is not None]
        return looks.Plans((*tasks, *self._planned), max(closed, default=None))

    def _visit(self, *, created: bool = False) -> model.Visit:
        row, card = next(self._rows), self.card
        return model.Visit(
            model.VisitId(f"h{row}"), card.pipeline, card.stage, card.semantic, self.now, row, created
        )

    # ------------------------------------------------------------ carrying out

    def _carry_out(self) -> bool:
        """Whether anything was."""
        any_done = False
        for key, row in list(self._ledger.items()):
            if row.state is not S.WISHED or not self._may(row.wish):
                continue
            state, made = self._carried(row.wish)
            self._ledger[key] = replace(row, state=state, done_at=self.now, made=made)
            self.done.append(props.Done(self.now, row.wish, state))
            any_done = True
        return any_done

    def _may(self, wish: intents.Wish) -> bool:
        before = self._ledger.get(wish.stands_on) if wish.stands_on is not None else None
        return before is None or before.state.final

    def _carried(self, wish: intents.Wish) -> tuple[intents.WishState, int | None]:
        before = self._ledger.get(wish.stands_on) if wish.stands_on is not None else None
        if before is not None and not before.state.happened:
            return S.BLOCKED, None
        gone = wish.while_visit is not None and (
            self._accepted is None or self._accepted.id != wish.while_visit
        )
        if gone:
            return S.SUPERSEDED, None
        if isinstance(wish.act, intents.MoveStage) and self.card.stage != wish.act.only_from:
            return S.NOTHING_TO_DO, None
        return S.DONE, self._made_true(wish.act)

    def _made_true(self, act: intents.Act) -> int | None:
        """The id of what was made."""
        match act:
            case intents.SetFields(values):
                self.write(values)
            case intents.SetClient(ref, values):
                self.clients = tuple(
                    replace(one, fields={**one.fields, **values}) if one.ref == ref else one
                    for one in self.clients
                )
            case intents.RepairComm():
                self._repair(act)
            case intents.MoveStage(pipeline, stage):
                self._moved(pipeline, stage)
            case intents.ConvertLead(stage=stage):
                self._moved(self.card.pipeline, stage)
            case intents.SetTask():
                return self._set(act)
            case intents.CloseTask(set_by):
                self._with_task(set_by, status=model.TaskStatus.DONE, closed=self.now)
            case intents.ReassignTask(set_by, _, responsible):
                self._with_task(set_by, responsible=responsible)
            case intents.PlanActivity():
                self._planned += (looks.Plan(act.title, act.at),)
                return next(self._ids)
            case intents.CopyDeal() | intents.MakeInvoice():
                return next(self._ids)
            case _:
                pass
        return None

    def _moved(self, pipeline: model.PipelineId, stage: model.StageId) -> None:
        found = self.directory.stage(pipeline, stage)
        if found is not None:
            self.move(found, pipeline)

    def _set(self, act: intents.SetTask) -> int:
        number = model.TaskId(next(self._ids))
        self.tasks[number] = model.Task(
            number, act.title, act.responsible, act.creator, model.TaskStatus.WAITING, act.deadline
        )
        return number

    def _with_task(self, key: intents.WishKey, **changed: object) -> None:
        made = self._ledger[key].made
        if made is not None:
            task = self.tasks[model.TaskId(made)]
            self.tasks[task.id] = replace(task, **changed)  # type: ignore[arg-type]

    def _repair(self, act: intents.RepairComm) -> None:
        def mended(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(act.now if text == act.was else text for text in texts)

        if act.client is None:
            own = {
                code: mended(props.texts(self.card.value(code)))
                for code in (*props.COMMS, model.FieldCode("web"))
            }
            self.write({code: texts for code, texts in own.items() if texts})
            return
        self.clients = tuple(
            replace(one, phones=mended(one.phones), emails=mended(one.emails))
            if one.ref == act.client
            else one
            for one in self.clients
        )


def _same(one: model.Visit, other: model.Visit) -> bool:
    return one.id == other.id or one.row == other.row
