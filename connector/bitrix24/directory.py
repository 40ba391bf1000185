"""The portal's dictionaries as one model.Directory: pipelines, fields, people, currencies, working time.

Without the scope of departments or of the calendar the directory stands without them, and a note says what is lost;
without cards, stages or people it fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector import errors, ports
from connector.bitrix24 import bulk, calendars, client, desk, documents, names, parsing, transport, values
from robots import model

_OWNERS = ("deal", "lead", "contact", "company")
_TYPES: Mapping[str, model.FieldType] = {
    "string": model.FieldType.STRING,
    "text": model.FieldType.TEXT,
    "integer": model.FieldType.INTEGER,
    "double": model.FieldType.DOUBLE,
    "money": model.FieldType.MONEY,
    "boolean": model.FieldType.BOOLEAN,
    "char": model.FieldType.BOOLEAN,
    "date": model.FieldType.DATE,
    "datetime": model.FieldType.DATETIME,
    "enumeration": model.FieldType.ENUMERATION,
    "user": model.FieldType.USER,
    "employee": model.FieldType.USER,
    "crm_status": model.FieldType.STATUS,
    "file": model.FieldType.FILE,
    "crm": model.FieldType.BINDING,
    "crm_company": model.FieldType.BINDING,
    "crm_contact": model.FieldType.BINDING,
    "crm_lead": model.FieldType.BINDING,
    "crm_deal": model.FieldType.BINDING,
    "crm_quote": model.FieldType.BINDING,
}
_CURRENT_PLACES = {"P": 0, "S": 1, "F": 2}


@dataclass(frozen=True, slots=True)
class Read:
    directory: model.Directory
    notes: tuple[str, ...] = ()
    """What couldn't be read and what that means, in Russian."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """Answers of the one batch beside the bulk lists, by command; None where the portal refused."""

    answers: Mapping[str, client.Answer | None]
    notes: tuple[str, ...]

    def result(self, name: str) -> Any:
        answer = self.answers.get(name)
        return answer.result if answer is not None else None


async def read(at: desk.Desk, wire: transport.Wire) -> Read:
    users = await bulk.whole_list(at.client, wire, "user.get")
    statuses = await bulk.whole_list(at.client, wire, "crm.status.list")
    departments, department_notes = await _departments(at, wire)
    rest, templates = await _rest(at), await documents.templates(at)
    base, rates = currencies(parsing.rows_of(rest.result("currencies")))
    dictionary = _by_entity(statuses)
    simple = str(rest.result("mode")) == "2"
    directory = model.Directory(
        portal=at.portal,
        address=at.address,
        scheme=at.scheme,
        pipelines=pipelines(
            parsing.rows_of(rest.result("categories"), "categories"), dictionary, leads=not simple
        ),
        fields={owner: fields(rest.result(owner), dictionary) for owner in _OWNERS},
        users={user.id: user for user in map(_user, users)},
        departments={one.id: one for one in map(_department, departments)},
        base_currency=base,
        rates=rates,
        calendar=calendars.read(rest.result("calendar"), at.client.portal_now()),
        me=_me(rest.result("me")),
        templates=templates,
    )
    return Read(directory, department_notes + rest.notes + lacking(rest.result("scope")))


async def _departments(at: desk.Desk, wire: transport.Wire) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    try:
        return await bulk.whole_list(at.client, wire, "department.get"), ()
    except errors.NoRights as refused:
        return [], (f"Оргструктура не видна ({refused.text}): начальников искать негде",)


_OPTIONAL = {
    "calendar": "Рабочее время портала не видно ({why}): возьмите его из настроек Voronka",
    "currencies": "Курсы валют не видны ({why}): суммы в других валютах не сравниваются",
    "scope": "Права вебхука не видны ({why})",
    "mode": "Режим CRM не виден ({why}): считаю, что лиды есть",
}


async def _rest(at: desk.Desk) -> _Rest:
    commands = [
        client.Command("crm.category.list", {"entityTypeId": 2}, name="categories"),
        *(
            client.Command(
                "crm.item.fields", {"entityTypeId": names.TYPE_OF[owner], **names.RAW_UF}, name=owner
            )
            for owner in _OWNERS
        ),
        client.Command("crm.currency.list", name="currencies"),
        client.Command("calendar.settings.get", name="calendar"),
        client.Command("crm.settings.mode.get", name="mode"),
        client.Command("profile", name="me"),
        client.Command("scope", name="scope"),
    ]
    outcomes = await at.client.group(commands, lane=ports.Lane.LIVE)
    found: dict[str, client.Answer | None] = {}
    notes: list[str] = []
    for command, outcome in zip(commands, outcomes, strict=True):
        if not isinstance(outcome, errors.PortalError):
            found[command.name] = outcome
        elif isinstance(outcome, errors.Rejected) and command.name in _OPTIONAL:
            found[command.name] = None
            notes.append(_OPTIONAL[command.name].format(why=outcome.text))
        else:
            raise outcome
    return _Rest(found, tuple(notes))


_WANTED = {
    "task": "задачи не поставить и не закрыть",
    "im": "сотрудникам ничего не сообщить",
}


def lacking(scopes: Any) -> tuple[str, ...]:
    """What can't be done without the scopes that nothing else here asks for; `tasks` is the newer name of `task`."""
    if not isinstance(scopes, list):
        return ()
    there = {"task" if one == "tasks" else one for one in scopes}
    return tuple(
        f"Вебхуку не дано право «{scope}»: {loss}. Отметьте его в настройках вебхука"
        for scope, loss in _WANTED.items()
        if scope not in there
    )


# --- pure parts ------------------------------------------------------------------------------------------------------


def _by_entity(statuses: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for raw in sorted(statuses, key=lambda one: (values.number(one.get("SORT")) or 0, values.number(one.get("ID")) or 0)):  # fmt: skip
        found.setdefault(str(raw.get("ENTITY_ID")), []).append(raw)
    return found


def pipelines(
    categories: Sequence[Mapping[str, Any]],
    dictionary: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    leads: bool,
) -> tuple[model.Pipeline, ...]:
    found = []
    for raw in sorted(categories, key=lambda one: (values.number(one.get("sort")) or 0, values.number(one.get("id")) or 0)):  # fmt: skip
        number = values.number(raw.get("id")) or 0
        entity = f"DEAL_STAGE_{number}" if number else "DEAL_STAGE"
        name = values.text(raw.get("name")) or f"#{number}"
        found.append(
            model.Pipeline(
                model.PipelineId(number), name, model.CardKind.DEAL, _stages(dictionary.get(entity, ()))
            )
        )
    if leads and dictionary.get("STATUS"):
        found.append(model.Pipeline(model.LEADS, "Лиды", model.CardKind.LEAD, _stages(dictionary["STATUS"])))
    return tuple(found)


def _stages(rows: Sequence[Mapping[str, Any]]) -> tuple[model.Stage, ...]:
    stages = [
        model.Stage(
            model.StageId(str(raw.get("STATUS_ID"))),
            values.text(raw.get("NAME")) or str(raw.get("STATUS_ID")),
            values.number(raw.get("SORT")) or 0,
            model.Semantic(str(raw.get("SEMANTICS") or "P").upper()),
        )
        for raw in rows
    ]
    return tuple(sorted(stages, key=lambda stage: (_CURRENT_PLACES[stage.semantic], stage.sort)))


def fields(
    result: Any, dictionary: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[model.FieldCode, model.Field]:
    described = result.get("fields") if isinstance(result, dict) else None
    if not isinstance(described, dict):
        raise errors.Unreadable("поля карточек не читаются", method="crm.item.fields")
    return {
        model.FieldCode(code): _field(code, raw, dictionary)
        for code, raw in described.items()
        if isinstance(raw, dict) and code not in ("fm", "contacts")
    }


def _field(
    code: str, raw: Mapping[str, Any], dictionary: Mapping[str, Sequence[Mapping[str, Any]]]
) -> model.Field:
    kind = _TYPES.get(str(raw.get("type")), model.FieldType.OTHER)
    title = raw.get("formLabel") or raw.get("title") or code
    return model.Field(
        model.FieldCode(code),
        str(title),
        kind,
        multiple=raw.get("isMultiple") is True,
        read_only=raw.get("isReadOnly") is True,
        options=_options(raw, dictionary),
    )


def _options(
    raw: Mapping[str, Any], dictionary: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[int | str, str]:
    listed = raw.get("items")
    if isinstance(listed, list):
        return {
            values.required_id(one.get("ID")): str(one.get("VALUE", ""))
            for one in listed
            if isinstance(one, dict)
        }
    rows = dictionary.get(str(raw.get("statusType") or ""), ())
    return {str(one.get("STATUS_ID")): str(one.get("NAME", "")) for one in rows}


def _user(raw: Mapping[str, Any]) -> model.User:
    return model.User(
        id=model.UserId(values.required_id(raw.get("ID"), "user.ID")),
        name=values.text(raw.get("NAME")) or "",
        last_name=values.text(raw.get("LAST_NAME")) or "",
        email=values.text(raw.get("EMAIL")) or "",
        active=values.flag(raw.get("ACTIVE")) is not False,
        departments=tuple(model.DepartmentId(one) for one in values.idents(raw.get("UF_DEPARTMENT"))),
        position=values.text(raw.get("WORK_POSITION")) or "",
    )


def _department(raw: Mapping[str, Any]) -> model.Department:
    """UF_HEAD may be absent, a string, "0"; PARENT is absent at the root."""
    parent, head = values.ident(raw.get("PARENT")), values.ident(raw.get("UF_HEAD"))
    return model.Department(
        id=model.DepartmentId(values.required_id(raw.get("ID"), "department.ID")),
        name=values.text(raw.get("NAME")) or "",
        parent=model.DepartmentId(parent) if parent else None,
        head=model.UserId(head) if head else None,
        sort=values.number(raw.get("SORT")) or 500,
    )


def currencies(rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Decimal]]:
    """(base currency, what one unit of each is worth in it)"""
    base, rates = "RUB", {}
    for raw in rows:
        code = values.text(raw.get("CURRENCY"))
        amount, count = values.decimal(raw.get("AMOUNT")), values.decimal(raw.get("AMOUNT_CNT")) or Decimal(1)
        if code is None or not amount:
            continue
        rates[code] = amount / count
        if values.flag(raw.get("BASE")):
            base = code
    return base, rates


def _me(raw: Any) -> model.UserId | None:
    found = values.ident(raw.get("ID")) if isinstance(raw, dict) else None
    return model.UserId(found) if found else None
