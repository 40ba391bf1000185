"""`people:` to `robots.people`: a name is looked for there, then among employees, never silently among fields (F9)."""

from __future__ import annotations

from collections.abc import Mapping

from robots import choosing, model, paths, people
from robots.config import compile_queues, names, nodes, problems
from robots.config.context import Context, Scope

MANAGER = people.InField(paths.Path(paths.Owner.CARD, paths.Virtual.RESPONSIBLE, "Ответственный"))
_BUILT_IN: Mapping[str, people.Person] = {
    "менеджер": MANAGER,
    "ответственный": MANAGER,
    "робот": people.Robot(),
    "robot": people.Robot(),
    "менеджер клиента": choosing.ClientsManager(),
    "client's manager": choosing.ClientsManager(),
    "владелец клиента": choosing.ClientsManager(),
}
OWNER_ROLE = {"владелец": "owner", "владелец клиента": "owner", "owner": "owner"}


class Book:
    """The people of one scope; `outer` is the whole file's."""

    def __init__(
        self, context: Context, section: nodes.Node | None, outer: Book | None = None, title: str = ""
    ) -> None:
        self.context, self.outer, self._title = context, outer, title
        self._defined = {names.fold(key.text): (key, value) for key, value in nodes.pairs(section)}
        self._done: dict[str, people.Person] = {}
        self._open: list[str] = []

    def absences(self, node: nodes.Node | None) -> None:
        """`absences:` of the whole file, in this book's names."""
        self.context.away = compile_queues.Absences(node, self.person, Scope(self.context, self.person)).away
        self.context.absences_said = bool(nodes.items(node))

    def compile_all(self) -> None:
        """Every definition once, so that its problems are told even if nobody uses it."""
        for folded, (key, _) in self._defined.items():
            self._definition(folded, key)
            self._same_as_field(key)

    def person(self, node: nodes.Node, scope: Scope) -> people.Person:
        """A person by the name at the node. What can't be understood is reported there."""
        written = nodes.text(node)
        folded = names.fold(written)
        if not isinstance(node, nodes.Scalar) or not folded:
            node.faulty = True
            return people.Robot()
        if folded in scope.roles:
            return people.Role(scope.roles[folded])
        if folded in self._defined:
            return self._definition(folded, node)
        if self.outer is not None and folded in self.outer._defined:
            return self.outer.person(node, scope)
        if folded in _BUILT_IN:
            return _BUILT_IN[folded]
        return self._employee(node, written)

    def _employee(self, node: nodes.Node, written: str) -> people.Person:
        answer = self.context.names.employee(written)
        if isinstance(answer, names.Miss) and answer.code == "V012":
            known = self._known()
            guess = names.suggest(written, known)
            hint = f"может быть, «{guess}»?" if guess else answer.hint
            text = f"нет такого человека: «{written}»"
            self.context.error(node, "V012", text, hint, (f"в people: {' · '.join(known)}",) if known else ())
            return people.Robot()
        user = self.context.take(
            node, answer, model.User(model.UserId(0), ""), f"нет такого сотрудника: «{written}»"
        )
        if not user.active:
            self.context.warn(node, "V030", f"{user.full_name}: сотрудник уволен, будет пропускаться")
        return people.Employee(user.id)

    def _known(self) -> list[str]:
        own = [key.text for key, _ in self._defined.values()]
        return own + (self.outer._known() if self.outer else [])

    def _definition(self, folded: str, node: nodes.Node) -> people.Person:
        key, value = self._defined[folded]
        if folded in self._open:
            circle = " → ".join([*self._open[self._open.index(folded) :], folded])
            self.context.error(node, "V023", f"люди ссылаются друг на друга по кругу: {circle}")
            return people.Robot()
        if folded not in self._done:
            self._open.append(folded)
            self._done[folded] = self._compile(value, Scope(self.context, self.person), key.text)
            self._open.pop()
        if nodes.is_faulty(value):
            node.faulty = True
        return self._done[folded]

    def _compile(self, value: nodes.Node, scope: Scope, name: str) -> people.Person:
        if isinstance(value, nodes.Scalar):
            return self.person(value, scope)
        other = nodes.get(value, "else")
        otherwise = self.person(other, scope) if other is not None else None
        title = " / ".join(part for part in (self._title, " ".join(name.split())) if part)
        rule = compile_queues.rule(compile_queues.Definition(title, value, self.person, scope, otherwise))
        if rule is not None:
            return rule
        field, head = nodes.get(value, "field"), nodes.get(value, "head_of")
        by_pipeline, user = nodes.get(value, "by_pipeline"), nodes.get(value, "user")
        if field is not None:
            return people.InField(self._person_field(field), otherwise)
        if head is not None:
            self._structure_seen(value)
            same = nodes.text(nodes.get(value, "if_self")) == "same"
            return people.HeadOf(
                self.person(head, scope), people.IfSelf.SAME if same else people.IfSelf.UP, otherwise
            )
        if by_pipeline is not None:
            return people.ByPipeline(self._by_pipeline(by_pipeline, scope), otherwise)
        if user is not None:
            return self.person(user, scope)
        if otherwise is not None:
            return otherwise
        if not value.faulty:
            hint = "field: поле карточки · head_of: чей руководитель · user: сотрудник · by_pipeline: …"
            self.context.error(value, "V018", "не сказано, кто это", hint)
        return people.Robot()

    def _structure_seen(self, node: nodes.Node) -> None:
        """Every portal has a department; none means that the webhook may not see them, and every head would be `else`."""
        directory = self.context.names.directory
        if not self.context.offline and directory is not None and not directory.departments:
            hint = "дайте вебхуку право department или назовите человека по имени"
            self.context.error(node, "V032", "оргструктура портала не видна: начальника искать негде", hint)

    def _by_pipeline(
        self, node: nodes.Node, scope: Scope
    ) -> tuple[tuple[model.PipelineId, people.Person], ...]:
        made = []
        for key, value in nodes.pairs(node):
            nothing = model.Pipeline(model.PipelineId(0), "", model.CardKind.DEAL, ())
            pipeline = self.context.take(key, self.context.names.pipeline(key.text), nothing)
            made.append((pipeline.id, self.person(value, scope)))
        return tuple(made)

    def _person_field(self, node: nodes.Node) -> paths.Path:
        """A deal's field, or a lead's where deals have none of that name; it must hold employees."""
        written = nodes.text(node)
        kind = model.CardKind.DEAL
        answer = self.context.names.path(written, kind)
        if isinstance(answer, names.Miss):
            of_lead = self.context.names.path(written, model.CardKind.LEAD)
            if not isinstance(of_lead, names.Miss):
                answer, kind = of_lead, model.CardKind.LEAD
        path = self.context.take(node, answer, MANAGER.path, f"нет такого поля: «{written}»")
        field = self.context.names.field(path, kind)
        virtual = isinstance(path.code, paths.Virtual) and path.code is not paths.Virtual.RESPONSIBLE
        if virtual or (field is not None and field.type is not model.FieldType.USER):
            self.context.error(node, "V017", f"в поле «{written}» не сотрудник, а здесь нужен человек")
        return path

    def _same_as_field(self, key: nodes.Scalar) -> None:
        if self.context.offline or names.fold(key.text) in _BUILT_IN:
            return
        if not isinstance(self.context.names.path(key.text, model.CardKind.DEAL), names.Miss):
            text = f"«{key.text}» — и человек, и поле: там, где нужен человек, это человек"
            self.context.warn(key, "V027", text, severity=problems.Severity.INFO)
