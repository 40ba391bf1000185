"""What PostgreSQL says, sorted: what the caller waits out, what is done again, what is a bug; and the words for people.

Sorted by SQLSTATE, never by text. A bug keeps its own class but loses its details: they carry the rows' values.
"""

from __future__ import annotations

import re

import asyncpg
from sqlalchemy import exc

from connector import errors

BUGS = ("22", "23", "42", "26", "0A")
"""Classes of SQLSTATE that our own SQL is to blame for."""
NOT_BUGS = ("42501",)
COLLISIONS = ("40001", "40P01")
LOST = ("57P01", "57P02", "57P03", "25P03")
"""Beside class 08: the server ends the connection."""
_VALUE = re.compile(r"(query argument \$\d+).*", re.DOTALL)

_SAID = {
    "28": "база не пускает: неверное имя или пароль в адресе базы",
    "3D": "такой базы на сервере нет: создайте её (CREATE DATABASE) или поправьте адрес",
    "25006": "сюда нельзя писать: база только для чтения (это реплика?)",
    "42501": "у этого имени нет прав в базе: сделайте его владельцем базы",
    "53100": "на диске базы нет места",
    "53300": "у базы кончились соединения (max_connections)",
    "53": "базе не хватает места или памяти",
    "55P03": "нужное в базе занято другой программой",
    "57014": "база не ответила вовремя",
    "57": "база останавливается или запускается",
    "08": "связь с базой оборвалась",
    "40": "база просит повторить",
}
NO_ANSWER = "база не отвечает: сервер PostgreSQL выключен или недоступен"
LATE = "база не ответила вовремя"


def sqlstate(error: BaseException) -> str:
    """Empty where the server said nothing."""
    orig = error.orig if isinstance(error, exc.DBAPIError) else error
    return str(getattr(orig, "sqlstate", None) or "")


def lost(error: BaseException) -> bool:
    """The connection is gone, with whatever was open on it."""
    state = sqlstate(error)
    if state:
        return state.startswith("08") or state in LOST
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return True
    orig = error.orig if isinstance(error, exc.DBAPIError) else error
    cause = getattr(orig, "__cause__", None) or orig
    return isinstance(cause, OSError | asyncpg.InterfaceError) and not isinstance(cause, asyncpg.DataError)


def collided(error: BaseException) -> bool:
    """Two processes stood in each other's way; the same again may well go through."""
    return sqlstate(error) in COLLISIONS


def store_error(error: Exception) -> Exception:
    """What the database can't do becomes StoreError; what our own SQL did wrong stays a bug with its own name."""
    state = sqlstate(error)
    if isinstance(error, exc.DBAPIError | asyncpg.PostgresError):
        if state and state.startswith(BUGS) and state not in NOT_BUGS:
            return scrubbed(error)
        if not state and isinstance(error, exc.DBAPIError) and not lost(error):
            return scrubbed(error)
        return errors.StoreError(_words(state, error))
    if isinstance(error, TimeoutError):
        return errors.StoreError(LATE)
    if isinstance(error, asyncpg.InterfaceError):
        return errors.StoreError(_words("08", error))
    if isinstance(error, OSError):
        return errors.StoreError(f"{NO_ANSWER} ({error.strerror or type(error).__name__})")
    return error


def _words(state: str, error: Exception) -> str:
    meaning = _SAID.get(state) or _SAID.get(state[:2], "")
    if not state:
        meaning = NO_ANSWER
    said = _first_line(error)
    return f"{meaning} ({said})" if meaning else said


def _first_line(error: Exception) -> str:
    orig = error.orig if isinstance(error, exc.DBAPIError) else error
    cause = getattr(orig, "__cause__", None) or orig
    said = str(cause.args[0]) if cause is not None and cause.args else type(error).__name__
    return said.splitlines()[0] if said else type(error).__name__


def scrubbed(error: Exception) -> Exception:
    """The same error without the rows' values: the server's DETAIL and the driver's «query argument» show them."""
    link: BaseException | None = error
    while link is not None:
        link.args = tuple(_without_values(arg) if isinstance(arg, str) else arg for arg in link.args)
        if isinstance(link, asyncpg.PostgresError):
            link.detail = link.hint = link.context = None
        link = link.orig if isinstance(link, exc.DBAPIError) else link.__cause__
    return error


def _without_values(text: str) -> str:
    kept = [line for line in text.splitlines() if not line.startswith(("DETAIL", "CONTEXT"))]
    return _VALUE.sub(r"\1", "\n".join(kept))
