"""Errors sorted by what the caller can do, as drawn:

PortalError
├── Retryable      surely not done; the same call may go through later (`delay` seconds, if the portal said)
│   └── PortalClosed   every call fails for one reason (tariff, revoked webhook, deleted portal): a state, not an error each
├── Rejected       surely not done and never will be as it stands: a person reads why
│   ├── NotFound       the object isn't there
│   └── NoRights       it may be there; the webhook's owner may not see or change it
│       └── NoScope        the webhook itself wasn't given the method's scope: a person must tick it
└── Unknown        sent, and no readable answer: done or not done; look before the next try

Held               nothing is wrong with the portal: a person must say yes first
StoreError         the database can't take it (disk full, read-only, locked, down): 503 and red health
"""

from __future__ import annotations

from enum import StrEnum


class PortalError(Exception):
    """`code` is the portal's own (may be empty), `text` its words: for people, never for decisions."""

    def __init__(self, text: str, *, code: str = "", status: int = 0, method: str = "") -> None:
        super().__init__(text)
        self.text, self.code, self.status, self.method = text, code, status, method


class Retryable(PortalError):
    def __init__(
        self, text: str, *, delay: float | None = None, code: str = "", status: int = 0, method: str = ""
    ) -> None:
        super().__init__(text, code=code, status=status, method=method)
        self.delay = delay


class Closed(StrEnum):
    TARIFF = "tariff"
    REVOKED = "revoked"
    DELETED = "deleted"
    OVERLOAD = "overload"
    MOVED = "moved"
    APP = "app"
    """An application without good tokens; the error's text says why and what to do."""


class PortalClosed(Retryable):
    """REST as a whole is shut: `why` decides the words and how often to try again."""

    def __init__(self, why: Closed, text: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(text, code=code, status=status)
        self.why = why


class Rejected(PortalError):
    pass


class NotFound(Rejected):
    pass


class NoRights(Rejected):
    """ACCESS_DENIED of one object."""


class NoScope(NoRights):
    """`insufficient_scope`; `scope` as the webhook's page names it."""

    def __init__(self, scope: str, *, code: str = "", status: int = 0, method: str = "") -> None:
        text = f"вебхуку не дано право «{scope}» ({method}): отметьте его в настройках вебхука"
        super().__init__(text, code=code, status=status, method=method)
        self.scope = scope


class Unknown(PortalError):
    pass


class Unreadable(PortalError):
    """An answer to a *read* that isn't what the documentation says: nothing was decided on it."""


class StoreError(Exception):
    """The database refused: nothing was written."""


class Held(Exception):
    """A person is asked first; its text is for people."""


_CLOSED_WORDS = {
    Closed.TARIFF: "Портал закрыл REST: «{text}». Роботы стоят, ничего не потеряно; портал проверяется сам. "
    "Продлите платный тариф и подписку на Маркет (или 15-дневную пробу)",
    Closed.REVOKED: "Портал не принимает вебхук: он удалён или код неверен. Роботы стоят, ничего не потеряно. "
    "Создайте новый вебхук, впишите его в B24_URL или .secrets (voronka connect) и запустите voronka run заново",
    Closed.DELETED: "Такого портала больше нет: он удалён",
    Closed.OVERLOAD: "Портал перегружен и просит подождать: «{text}». Ничего не потеряно; портал проверяется сам",
    Closed.MOVED: "По этому адресу портал отвечает перенаправлением: он переехал? "
    "Проверьте address в настройке и адрес вебхука. Ничего не потеряно",
    Closed.APP: "{text}. Роботы стоят, ничего не потеряно",
}


def words(refused: PortalError) -> str:
    """A portal's error for a person who must do something about it."""
    if isinstance(refused, PortalClosed):
        return _CLOSED_WORDS[refused.why].format(text=refused.text)
    if isinstance(refused, NoScope):
        return f"Не хватает права: {refused.text}"
    if isinstance(refused, NoRights):
        return f"Не хватает прав вебхука: {refused.text}"
    if isinstance(refused, Unreadable) or refused.status == 200:
        return f"Портал ответил непонятно: {refused.text}. По этому адресу точно портал Битрикс24?"
    return f"Портал не отвечает: {refused.text}"
