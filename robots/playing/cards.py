"""What a story writes about a card: fields by the portal's names, the client, what the portal's search would find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from robots import contacts, model, paths, people
from robots import look as looks
from robots.config import compile_conditions, context, names, nodes
from robots.playing import props

Values = dict[model.FieldCode, model.Value]
CARD = 1
_V = paths.Virtual
_CODES = {
    _V.RESPONSIBLE: "assignedById",
    _V.SUM: "opportunity",
    _V.PHONE: "phone",
    _V.EMAIL: "email",
    _V.SITE: "web",
}
_COMMS = frozenset({_V.PHONE, _V.EMAIL, _V.SITE})
_CLIENTS = {"контакт": model.ClientKind.CONTACT, "компания": model.ClientKind.COMPANY}
_CARDS = {"сделка": model.CardKind.DEAL, "лид": model.CardKind.LEAD}


@dataclass(frozen=True, slots=True)
class Written:
    """Of a mapping «поле: значение»."""

    values: Values
    clients: tuple[model.Client, ...] = ()


class Reader:
    """Reads what is written by the portal's names; what isn't understood becomes a problem of the context."""

    def __init__(self, known: context.Context, directory: model.Directory) -> None:
        self.context, self.directory = known, directory

    def scope(self, kind: model.CardKind, pipeline: model.Pipeline | None = None) -> context.Scope:
        return context.Scope(self.context, _employee, kind, pipeline)

    def user(self, node: nodes.Node) -> model.UserId:
        nobody = model.User(model.UserId(0), "")
        return self.context.take(node, self.context.names.employee(nodes.text(node)), nobody).id

    def given(
        self, node: nodes.Node, kind: model.CardKind, matches: nodes.Node | None, at: datetime
    ) -> props.Given:
        """A card as a story begins with it: `pipeline`, `stage`, then its fields."""
        pipeline = self._pipeline(node, kind)
        scope = self.scope(kind, pipeline)
        chosen = nodes.get(node, "stage")
        first = (
            pipeline.stages[0]
            if pipeline.stages
            else model.Stage(model.StageId(""), "", 0, model.Semantic.WORK)
        )
        begun = scope.stage(chosen, pipeline) if chosen is not None else first
        rest = [pair for pair in nodes.pairs(node) if pair[0].text not in {"pipeline", "stage"}]
        read = self.fields(rest, kind, pipeline)
        card = model.Card(model.CardRef(kind, CARD), pipeline.id, begun.id, begun.semantic, "", None, at, at)
        base: Values = {
            model.FieldCode("stageId"): begun.id,
            model.FieldCode("createdTime"): at,
            **read.values,
        }
        return props.Given(
            props.bound(props.written(card, base), read.clients),
            read.clients,
            tuple(self._match(one, at, number) for number, one in enumerate(nodes.items(matches), 501)),
        )

    def _pipeline(self, node: nodes.Node, kind: model.CardKind) -> model.Pipeline:
        nothing = model.Pipeline(model.PipelineId(0), "", kind, ())
        if kind is model.CardKind.LEAD:
            return self.directory.pipeline(model.LEADS) or nothing
        written = nodes.get(node, "pipeline")
        if written is None:
            self.context.error(node, "V018", "не сказано, в какой воронке сделка", "pipeline: Продажи")
            return nothing
        return self.context.take(written, self.context.names.pipeline(nodes.text(written)), nothing)

    def fields(
        self,
        pairs: list[tuple[nodes.Scalar, nodes.Node]],
        kind: model.CardKind,
        pipeline: model.Pipeline | None,
    ) -> Written:
        values: Values = {}
        clients: list[model.Client] = []
        for key, value in pairs:
            client = _CLIENTS.get(names.fold(key.text))
            if client is not None:
                clients.append(self._client(client, value))
                continue
            code, made = self._field(key, value, self.scope(kind, pipeline))
            if code:
                values[code] = made
        return Written(values, tuple(clients))

    def _field(
        self, key: nodes.Scalar, value: nodes.Node, scope: context.Scope
    ) -> tuple[model.FieldCode, model.Value]:
        path = scope.path(key)
        if key.faulty:
            return model.FieldCode(""), None
        own = path.owner is paths.Owner.CARD and (
            path.code not in _COMMS or scope.kind is model.CardKind.LEAD
        )
        code = _CODES.get(path.code) if isinstance(path.code, _V) else path.code
        if not own or code is None:
            self.context.error(
                key, "V017", f"«{path.shown}» не поле этой карточки", "у клиента — Контакт: {Имя: …}"
            )
            return model.FieldCode(""), None
        return model.FieldCode(code), self._value(model.FieldCode(code), value, scope)

    def _value(self, code: model.FieldCode, node: nodes.Node, scope: context.Scope) -> model.Value:
        if isinstance(node, nodes.Scalar) and node.empty:
            return None
        if code in {"phone", "email", "web"}:
            return tuple(nodes.text(one) for one in nodes.items(node))
        field = self.directory.fields.get(scope.kind.value, {}).get(code)
        parts = [compile_conditions.field_value(field, one, scope) for one in nodes.items(node)]
        flat = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        if field is not None and field.multiple:
            return tuple(flat)
        if field is not None and field.type is model.FieldType.MONEY and isinstance(flat[0], Decimal):
            return model.Money(flat[0], self.directory.base_currency)
        return flat[0] if flat else None

    def _client(self, kind: model.ClientKind, node: nodes.Node) -> model.Client:
        made = model.Client(model.ClientRef(kind, CARD), "")
        fields: Values = {}
        for key, value in nodes.pairs(node):
            text = nodes.text(value)
            match names.fold(key.text):
                case "имя" | "название":
                    made = replace(made, name=text)
                case "фамилия":
                    made = replace(made, last_name=text)
                case "телефон":
                    made = replace(made, phones=tuple(map(nodes.text, nodes.items(value))))
                case "e-mail" | "почта":
                    made = replace(made, emails=tuple(map(nodes.text, nodes.items(value))))
                case "сайт":
                    fields[model.FieldCode("web")] = tuple(map(nodes.text, nodes.items(value)))
                case "ответственный":
                    made = replace(made, responsible=self.user(value))
                case _:
                    fields |= self._of_client(kind, key, value)
        return replace(made, fields=fields)

    def _of_client(self, kind: model.ClientKind, key: nodes.Scalar, value: nodes.Node) -> Values:
        owned = self.directory.fields.get(kind.value, {})
        known = [names.Candidate(one, (one.title,), (str(code),)) for code, one in owned.items()]
        match names.match(key.text, known):
            case names.Found(found):
                return {
                    found.code: compile_conditions.field_value(found, value, self.scope(model.CardKind.DEAL))
                }
            case _:
                missed = names.miss(
                    f"у клиента нет поля «{key.text}»", key.text, [one.names[0] for one in known]
                )
                self.context.error(key, missed.code, missed.text, missed.hint, missed.notes)
                return {}

    def _match(self, node: nodes.Node, at: datetime, number: int) -> looks.Match:
        """`{контакт: Вера, Ответственный: Сидорова Ольга, Телефон: …}`: known since the day before."""
        said = {names.fold(key.text): value for key, value in nodes.pairs(node)}
        kind = next((one for one in (*_CLIENTS, *_CARDS) if one in said), "")
        comm = nodes.text(said.get("телефон")) or nodes.text(said.get("e-mail"))
        via = contacts.phone(comm) or contacts.email(comm) if comm else None
        if not kind or via is None:
            hint = "{контакт: Вера, Ответственный: Иванов Пётр, Телефон: +7 916 000-00-01}"
            self.context.error(node, "V018", "двойник — кто это и верный телефон или e-mail", hint)
            return looks.Match(model.CardRef(model.CardKind.DEAL, number), "", None)
        ref = (
            model.ClientRef(_CLIENTS[kind], number)
            if kind in _CLIENTS
            else model.CardRef(_CARDS[kind], number)
        )
        holder = self.user(said["ответственный"]) if "ответственный" in said else None
        return looks.Match(ref, nodes.text(said[kind]), holder, at - timedelta(days=1), via=via)


def _employee(node: nodes.Node, scope: context.Scope) -> people.Person:
    nobody = model.User(model.UserId(0), "")
    return people.Employee(
        scope.context.take(node, scope.context.names.employee(nodes.text(node)), nobody).id
    )
