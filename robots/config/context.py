"""What compiling carries along: where to report, the portal's names, the people, the texts; and the scope of one robot.

Every function of `compile_*` reports and goes on with a stand-in, so that one problem hides no other. The stand-in never
acts: its node is faulty, and a robot with a faulty node isn't loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from robots import choosing, conditions, model, outside, paths, people, robot, schedule, templates
from robots.config import names, nodes, problems, resolver

T = TypeVar("T")


class Context:
    """Shared by one load."""

    def __init__(
        self, directory: model.Directory | None, files: Mapping[str, str], found: list[problems.Problem]
    ) -> None:
        self.names = resolver.Resolver(directory)
        self.files = files
        self.found = found
        self.needed: frozenset[str] = frozenset()
        """Folded names of fields and stages under `needs:`."""
        self.away: Callable[[], tuple[choosing.Away, ...]] = tuple
        """Who is away by `absences:`, once its people can be understood."""
        self.absences_said = False
        self.outside = outside.Outside()
        """What may be called beside the portal."""

    @property
    def offline(self) -> bool:
        return self.names.directory is None

    def error(
        self, node: nodes.Node, code: str, text: str, hint: str = "", notes: tuple[str, ...] = ()
    ) -> None:
        if not node.faulty:
            self.found.append(problems.Problem(code, node.mark, text, hint, "", notes, span=node.span))
        node.faulty = True

    def warn(
        self,
        node: nodes.Node,
        code: str,
        text: str,
        hint: str = "",
        notes: tuple[str, ...] = (),
        severity: problems.Severity = problems.Severity.WARNING,
    ) -> None:
        self.found.append(problems.Problem(code, node.mark, text, hint, "", notes, severity, node.span))

    def inform(self, node: nodes.Node, code: str, text: str) -> None:
        self.warn(node, code, text, severity=problems.Severity.INFO)

    def take(self, node: nodes.Node, answer: resolver.Answer[T], instead: T, what: str = "") -> T:
        """The thing found; a miss is reported at the node, a wrong letter remarked. `what`: «нет такой стадии …»."""
        if isinstance(answer, names.Miss):
            notes = answer.notes
            if names.fold(nodes.text(node).rpartition("/")[2]) in self.needed:
                notes = ("это есть в needs: — создаст voronka connect", *notes)
            self.error(node, answer.code, answer.text, answer.hint, notes)
            return instead
        if answer.odd:
            hint = f"{answer.odd}; в портале есть «{answer.name}»"
            self.warn(
                node,
                "V012",
                what or "в портале это имя пишется иначе",
                hint,
                (f"понято как «{answer.name}»",),
            )
        return answer.value


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a robot stands."""

    context: Context
    person: Callable[[nodes.Node, Scope], people.Person]
    """A person by name, as this scope's `people:` say."""
    kind: model.CardKind = model.CardKind.DEAL
    pipeline: model.Pipeline | None = None
    every_task: nodes.Node | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    """Folded word -> role, for people whom only the occasion knows."""
    said: str = ""
    """The text of a message that has none of its own; empty: the occasion brings it."""
    in_stage: bool = False
    finds: bool = False
    """Inside `duplicates`, where «Найденный клиент» is known."""
    hands_off: conditions.Condition | None = None

    # --- names at their nodes

    def path(self, node: nodes.Node) -> paths.Path:
        written = nodes.text(node)
        answer = self.context.names.path(written, self.kind)
        instead = paths.Path(paths.Owner.CARD, model.FieldCode(""), written)
        path = self.context.take(node, answer, instead, f"нет такого поля: «{written}»")
        if path.owner is paths.Owner.FOUND and not self.finds:
            self.context.error(node, "V017", _NOT_FOUND)
        return path

    def card_field(self, node: nodes.Node) -> model.FieldCode:
        """A field that can be written: the card's own."""
        path = self.path(node)
        if node.faulty:
            return model.FieldCode("")
        code = _WRITABLE.get(path.code) if isinstance(path.code, paths.Virtual) else path.code
        if path.owner is not paths.Owner.CARD or code is None:
            self.context.error(node, "V017", f"в «{path.shown}» робот писать не может: нужно поле карточки")
            return model.FieldCode("")
        found = self.context.names.field(path, self.kind)
        if found is not None and found.read_only:
            self.context.error(node, "V017", f"поле «{path.shown}» портал менять не даёт")
        return model.FieldCode(code)

    def stage(self, node: nodes.Node, pipeline: model.Pipeline) -> model.Stage:
        where = "у лидов" if pipeline.id == model.LEADS else f"в воронке «{pipeline.name}»"
        instead = model.Stage(model.StageId(""), nodes.text(node), 0, model.Semantic.WORK)
        answer = self.context.names.stage(pipeline, nodes.text(node))
        return self.context.take(node, answer, instead, f"нет такой стадии {where}")

    def target(self, node: nodes.Node) -> tuple[model.Pipeline, model.Stage]:
        """«Доставка / Новый заказ», «Доставка» (its first stage), or a stage of the scope's own pipeline."""
        written = nodes.text(node)
        nothing = model.Pipeline(model.PipelineId(0), written, self.kind, ())
        if self.pipeline is not None:
            own = self.context.names.stage(self.pipeline, written)
            if not isinstance(own, names.Miss) and not (self.context.offline and "/" in written):
                return self.pipeline, self.stage(node, self.pipeline)
        head, _, tail = written.partition("/")
        answer = self.context.names.pipeline(head.strip())
        if isinstance(answer, names.Miss) and self.pipeline is not None and not tail:
            return self.pipeline, self.stage(node, self.pipeline)
        pipeline = self.context.take(node, answer, nothing, f"нет такой воронки: «{head.strip()}»")
        if tail.strip() and not node.faulty:
            part = nodes.Scalar(node.mark, node.span, text=tail.strip())
            found = self.stage(part, pipeline)
            node.faulty = node.faulty or part.faulty
            return pipeline, found
        first = (
            pipeline.stages[0]
            if pipeline.stages
            else model.Stage(model.StageId(""), "", 0, model.Semantic.WORK)
        )
        return pipeline, first

    # --- values

    def term(self, node: nodes.Node | None) -> schedule.Duration | None:
        """A duration; its form is complained of by the shapes already."""
        if node is None:
            return None
        made = schedule.parse_duration(nodes.text(node))
        if isinstance(made, str):
            self.context.error(node, "V019", made)
            return None
        return made

    def template(self, node: nodes.Node) -> templates.Template:
        return self.text_template(node, nodes.text(node))

    def text_template(
        self, node: nodes.Node, text: str, place: robot.Mark | None = None
    ) -> templates.Template:
        """`place`: the beginning of the text where it stands in a file of its own."""
        try:
            return templates.parse(text, self._placeholder)
        except templates.BadTemplate as bad:
            already = node.faulty
            for problem in () if already else bad.problems:
                self.context.found.append(self._at(node, text, problem, place))
            node.faulty = True
            return templates.literal(text)

    def _placeholder(self, name: str) -> paths.Path:
        answer = self.context.names.path(name, self.kind)
        if isinstance(answer, names.Miss):
            raise templates.UnknownName(name, "; ".join(part for part in (answer.text, answer.hint) if part))
        if answer.value.owner is paths.Owner.FOUND and not self.finds:
            raise templates.UnknownName(name, _NOT_FOUND)
        return answer.value

    def _at(
        self, node: nodes.Node, text: str, problem: templates.Problem, place: robot.Mark | None
    ) -> problems.Problem:
        before = text[: problem.offset]
        start = place or node.mark
        line, column = start.line + before.count("\n"), len(before.rpartition("\n")[2]) + 1
        if place is None and ("\n" in text or (" " in text and node.span < len(text))):
            return problems.Problem("V020", node.mark, problem.message, span=node.span)
        if "\n" not in before:
            quote = 1 if place is None and isinstance(node, nodes.Scalar) and node.quoted else 0
            column += start.column - 1 + quote
        mark = robot.Mark(start.file, line, column)
        return problems.Problem("V020", mark, problem.message, span=max(problem.length, 1))


_NOT_FOUND = "«Найденный клиент» известен только внутри duplicates"
_WRITABLE: Mapping[paths.Virtual, str] = {
    paths.Virtual.SUM: "opportunity",
    paths.Virtual.RESPONSIBLE: "assignedById",
}
