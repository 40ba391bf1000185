"""What every REST method of the sandbox stands on: the registry, one call, its answer, its refusal.

A method is a plain function `(call) -> Answer | JSON value`, registered by its documented name. It reads and
changes `call.portal` at once and never awaits: a portal's method is one transaction. Everything that takes time
(limits, latency, faults, event delivery) is the concern of the wire around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal, Webhook

Json = Any
"""A decoded JSON value; the wire is untyped and so is this."""


class Refusal(Exception):
    """The portal's «no»: an HTTP status, an error code (often empty) and a text in the portal's language."""

    def __init__(self, status: int, code: str | int, text: str = "") -> None:
        super().__init__(f"{status} {code} {text}")
        self.status, self.code, self.text = status, code, text

    def envelope(self) -> dict[str, Json]:
        return {"error": self.code, "error_description": self.text}


@dataclass(frozen=True, slots=True)
class Answer:
    """A method's result with the siblings that only lists have (`total`, `next`)."""

    result: Json
    total: int | None = None
    next: int | None = None


@dataclass(slots=True)
class Call:
    """One command: alone in a request or one of a batch.

    `params` are as decoded from query, form or JSON: dicts and lists nested, leaves as sent (strings from forms).
    `user_id` is the webhook's owner, with whose rights the command runs.
    """

    portal: Portal
    webhook: Webhook
    method: str
    params: dict[str, Json] = field(default_factory=dict)
    in_batch: bool = False

    @property
    def user_id(self) -> int:
        return self.webhook.user_id

    @property
    def is_admin(self) -> bool:
        return self.portal.users[self.user_id].admin

    def param(self, name: str, default: Json = None) -> Json:
        """A top-level parameter by name, whatever its case (forms of clients differ)."""
        if name in self.params:
            return self.params[name]
        folded = name.casefold()
        return next((value for key, value in self.params.items() if key.casefold() == folded), default)


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    scope: str | None
    handler: Handler


METHODS: dict[str, Method] = {}
"""Every method the sandbox knows, by lower-case name."""


def method(name: str, *, scope: str | None) -> Callable[[Handler], Handler]:
    """Registers a REST method under its documented name; `scope=None` means that no scope is needed."""

    def register(handler: Handler) -> Handler:
        METHODS[name.lower()] = Method(name, scope, handler)
        return handler

    return register
