"""Errors sorted by what the caller can do, as drawn:

PortalError
├── Retryable      surely not done; the same call may go through later (`delay` seconds, if the portal said)
│   └── PortalClosed   every call fails for one reason (tariff, revoked webhook, deleted portal): a state, not an error each
├── Rejected       surely not done and never will be as it stands: a person reads why
│   ├── NotFound       the object isn't there
│   └── NoRights       it may be there; the webhook's owner may not see or change it
└── Unknown        sent, and no readable answer: done or not done; look before the next try

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
    """ACCESS_DENIED of one object, or `insufficient_scope` of a method (then `scope` names it if known)."""


class Unknown(PortalError):
    pass


class Unreadable(PortalError):
    """An answer to a *read* that isn't what the documentation says: nothing was decided on it."""


class StoreError(Exception):
    """The database refused: nothing was written."""
