"""What a refusal means: (status, code) -> an error of connector.errors. Texts count only where the code is empty.

`system=True`: the whole request was answered so (status counts); `False`: one command of a batch (it has none).
A refusal that may stand for a half-done write is Unknown for writes and Retryable for reads.
"""

from __future__ import annotations

import re
from typing import Any

from connector import errors

_REVOKED = {"no_auth_found", "invalid_credentials", "expired_token", "invalid_token", "wrong_auth_type"}
_NO_RIGHTS = {
    "access_denied",
    "insufficient_scope",
    "invalid_credentials",
    "allowed_only_intranet_user",
    "user_access_error",
    "method_confirm_denied",
    "method_confirm_waiting",
    "access_error",
}
_NOT_FOUND = {"not_found", "owner_not_found", "error_not_found"}
_BROKE = {"internal_server_error", "error_unexpected_answer"}
_NOT_FOUND_TEXT = re.compile(r"not found|не найден", re.IGNORECASE)
_DENIED_TEXT = re.compile(r"access denied|доступ запрещ|недостаточно прав", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,40}>")


def code_of(envelope: Any) -> tuple[str, str]:
    """(code, text) of an error envelope; the code is sometimes a number, often empty."""
    if not isinstance(envelope, dict):
        return "", ""
    code, text = envelope.get("error"), envelope.get("error_description")
    return _plain(code), _TAGS.sub(" ", _plain(text)).strip()[:500]


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def refusal(
    status: int, code: str, text: str, *, method: str, write: bool, system: bool
) -> errors.PortalError:
    """The error that a caller gets; `status` 0 inside a batch."""
    folded = code.casefold()
    said = text or code or f"HTTP {status}"
    closed = _closed(status, folded, system=system)
    if closed is not None:
        return errors.PortalClosed(closed, said, code=code, status=status)
    if folded == "query_limit_exceeded" or folded == "operation_time_limit" or status == 429:
        return errors.Retryable(said, code=code, status=status, method=method)
    if folded in _BROKE or status >= 500:
        return unanswered(said, code=code, status=status, method=method, write=write)
    return _rejection(status, code, said, method)


def unanswered(text: str, *, code: str = "", status: int = 0, method: str, write: bool) -> errors.PortalError:
    """Sent, and nobody can say whether it was done."""
    kind: type[errors.Unknown | errors.Retryable] = errors.Unknown if write else errors.Retryable
    return kind(text, code=code, status=status, method=method)


def _closed(status: int, folded: str, *, system: bool) -> errors.Closed | None:
    if folded == "overload_limit":
        return errors.Closed.OVERLOAD
    if folded == "portal_deleted":
        return errors.Closed.DELETED
    if not system:
        return None
    if 300 <= status < 400:
        return errors.Closed.MOVED
    if folded in _REVOKED:
        return errors.Closed.REVOKED
    if folded == "access_denied" and status == 403:
        # The requests that matter are batches, which no object's rights can refuse: this is the tariff speaking.
        return errors.Closed.TARIFF
    return None


def _rejection(status: int, code: str, said: str, method: str) -> errors.Rejected:
    folded = code.casefold()
    kind: type[errors.Rejected] = errors.Rejected
    if folded in _NO_RIGHTS:
        kind = errors.NoRights
    elif folded in _NOT_FOUND or (not folded and _NOT_FOUND_TEXT.search(said)):
        kind = errors.NotFound
    elif not folded and _DENIED_TEXT.search(said):
        kind = errors.NoRights
    if folded == "insufficient_scope":
        return errors.NoScope(scope_of(method), code=code, status=status, method=method)
    return kind(said, code=code, status=status, method=method)


_SCOPES = (
    ("tasks.", "task"),
    ("task.", "task"),
    ("crm.", "crm"),
    ("im.", "im"),
    ("department.", "department"),
)


def scope_of(method: str) -> str:
    """The scope that a method needs, as the webhook's page names it."""
    folded = method.casefold()
    found = next((scope for head, scope in _SCOPES if folded.startswith(head)), "")
    return found or folded.partition(".")[0]
