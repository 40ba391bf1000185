"""user.*, profile and department.get (reference §5.11).

What is seen of a person depends on the scope: `user_brief` without contacts, `user_basic` with them, `user` all.
"""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import args, kernel, people, rows

CONTACTS = frozenset({"EMAIL", "PERSONAL_MOBILE", "WORK_PHONE", "UF_PHONE_INNER"})
REGISTERED = "2024-01-15T00:00:00+03:00"


@kernel.method("user.get", scope="user_brief")
def get(call: kernel.Call) -> kernel.Answer:
    wanted = _filter(call)
    users = [user for user in call.portal.users.values() if _fits(user, wanted)]
    field = str(call.param("sort") or "ID").upper()
    way = str(call.param("order") or "ASC")
    users = rows.ordered(users, {field: way}, _read, {"ID": "ASC"})
    return rows.page(call, users, lambda user: _shown(call, user))


@kernel.method("user.search", scope="user_brief")
def search(call: kernel.Call) -> kernel.Answer:
    wanted = _filter(call)
    find = str(wanted.get("FIND") or "").casefold().split()
    users = []
    for user in call.portal.users.values():
        written = f"{user.name} {user.last_name} {user.position} {user.email}".casefold()
        found = all(word in written for word in find) if find else _resembles(call, user, wanted)
        if found and (user.active or "ACTIVE" in wanted):
            users.append(user)
    return rows.page(call, users, lambda user: _shown(call, user))


@kernel.method("user.current", scope="user_brief")
def current(call: kernel.Call) -> Any:
    moment = call.portal.clock.iso()
    return _shown(call, call.portal.users[call.user_id]) | {
        "TIMESTAMP_X": moment,
        "LAST_ACTIVITY_DATE": moment,
    }


@kernel.method("profile", scope=None)
def profile(call: kernel.Call) -> Any:
    user = call.portal.users[call.user_id]
    return {
        "ID": str(user.id), "ADMIN": user.admin, "NAME": user.name, "LAST_NAME": user.last_name, "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
    }  # fmt: skip


@kernel.method("user.admin", scope=None)
def is_admin(call: kernel.Call) -> Any:
    return call.is_admin


@kernel.method("user.access", scope=None)
def access(call: kernel.Call) -> Any:
    """Whether the caller has one of the access codes: U{id} the user, AU everybody signed in, D{id} a department."""
    user = call.portal.users[call.user_id]
    own = {f"U{user.id}", "AU", "G2", *(f"D{number}" for number in user.departments)}
    return bool(own & {code.upper() for code in args.names(call.param("ACCESS"))})


@kernel.method("department.get", scope="department")
def departments(call: kernel.Call) -> kernel.Answer:
    wanted = {
        name: call.param(name)
        for name in ("ID", "NAME", "SORT", "PARENT", "UF_HEAD")
        if call.param(name) not in (None, "")
    }
    found = [
        one
        for one in call.portal.departments.values()
        if all(rows.matches(_department(one)[name], "", value) for name, value in wanted.items())
    ]
    field = str(call.param("sort") or "ID").upper()
    way = str(call.param("order") or "ASC")
    found = rows.ordered(found, {field: way}, lambda one, name: _department(one).get(name), {"ID": "ASC"})
    return rows.page(call, found, lambda one: _shown_department(call, one))


def _department(one: people.Department) -> dict[str, Any]:
    return {"ID": one.id, "NAME": one.name, "SORT": one.sort, "PARENT": one.parent, "UF_HEAD": one.head}


def _shown_department(call: kernel.Call, one: people.Department) -> dict[str, Any]:
    row: dict[str, Any] = {"ID": str(one.id), "NAME": one.name, "SORT": one.sort}
    if one.parent is not None:
        row["PARENT"] = str(one.parent)
    if one.head is not None:
        row["UF_HEAD"] = str(one.head)
    elif call.portal.switch.get("uf_head_presence") == "always":
        row["UF_HEAD"] = None
    return row


def _filter(call: kernel.Call) -> dict[str, Any]:
    """Conditions in FILTER, or at the top level as older clients send them."""
    given = args.as_map(call.param("FILTER"))
    plain = {
        key: value for key, value in call.params.items() if key.upper() in _FIELDS or key.upper() == "FIND"
    }
    return {key.upper(): value for key, value in (plain | given).items()}


def _fits(user: people.User, wanted: dict[str, Any]) -> bool:
    for key, value in wanted.items():
        prefix, name = rows.split(key)
        if name == "ACTIVE":
            if user.active != args.is_yes(value):
                return False
        elif name in _FIELDS and not rows.matches(_read(user, name), prefix, value):
            return False
    return True


def _resembles(call: kernel.Call, user: people.User, wanted: dict[str, Any]) -> bool:
    names = [call.portal.departments[one].name for one in user.departments if one in call.portal.departments]
    for key, value in wanted.items():
        name = rows.split(key)[1]
        have: Any = names if name == "UF_DEPARTMENT_NAME" else _read(user, name) if name in _FIELDS else None
        if name == "ACTIVE":
            if user.active != args.is_yes(value):
                return False
        elif have is not None and not rows.matches(have, "%", value):
            return False
    return True


_FIELDS = frozenset(
    [
        "ID",
        "ACTIVE",
        "NAME",
        "LAST_NAME",
        "EMAIL",
        "WORK_POSITION",
        "UF_DEPARTMENT",
        "USER_TYPE",
        "PERSONAL_MOBILE",
        "WORK_PHONE",
    ]
)


def _read(user: people.User, name: str) -> Any:
    return {
        "ID": user.id, "ACTIVE": user.active, "NAME": user.name, "LAST_NAME": user.last_name, "EMAIL": user.email,
        "WORK_POSITION": user.position, "UF_DEPARTMENT": user.departments, "USER_TYPE": "employee",
        "PERSONAL_MOBILE": user.phone, "WORK_PHONE": user.phone,
    }.get(name)  # fmt: skip


def _shown(call: kernel.Call, user: people.User) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ID": str(user.id), "XML_ID": "", "ACTIVE": user.active, "NAME": user.name, "LAST_NAME": user.last_name,
        "SECOND_NAME": "", "TITLE": "", "EMAIL": user.email, "LAST_LOGIN": REGISTERED, "DATE_REGISTER": REGISTERED,
        "TIME_ZONE": "", "IS_ONLINE": "Y", "TIMESTAMP_X": {}, "LAST_ACTIVITY_DATE": {}, "PERSONAL_GENDER": "",
        "PERSONAL_MOBILE": user.phone, "WORK_PHONE": user.phone, "WORK_POSITION": user.position,
        "UF_DEPARTMENT": list(user.departments), "UF_EMPLOYMENT_DATE": "", "UF_PHONE_INNER": "", "USER_TYPE": "employee",
    }  # fmt: skip
    if not {"user", "user_basic"} & call.webhook.scopes:
        row = {name: value for name, value in row.items() if name not in CONTACTS}
    select = [one.upper() for one in args.names(call.param("select"))]
    if select and "*" not in select:
        row = {name: value for name, value in row.items() if name in select or name == "ID"}
    return row
