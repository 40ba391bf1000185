"""One command from its name to its answer: closed portal, authorisation, scope, operating time, the method itself.

This part knows nothing of HTTP and never awaits; the server around it sleeps and breaks things.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import kernel, methods

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal, Webhook

SCOPE_TEXT = "The request requires higher privileges than provided by the webhook token"


@functools.cache
def load_methods() -> None:
    """Imports every module of `methods`, each of which registers its own."""
    for module in pkgutil.iter_modules(methods.__path__):
        importlib.import_module(f"{methods.__name__}.{module.name}")


def authorise(portal: Portal, user: str, secret: str) -> Webhook:
    """The webhook behind `/rest/{user}/{secret}/`; what an unknown one is answered with is a switch."""
    _open(portal)
    webhook = portal.webhooks.get(secret)
    owner = portal.users.get(webhook.user_id) if webhook else None
    if (
        webhook is None
        or webhook.revoked
        or str(webhook.user_id) != user
        or owner is None
        or not owner.active
    ):
        if portal.switch.get("wrong_secret") == "invalid_credentials":
            raise kernel.Refusal(401, "INVALID_CREDENTIALS", "Invalid request credentials")
        raise kernel.Refusal(401, "NO_AUTH_FOUND", "Wrong authorization data")
    return webhook


def authorise_app(portal: Portal, params: dict[str, Any]) -> Webhook:
    """Who speaks on `/rest/{method}` with `auth` among the parameters, which is taken out of them."""
    _open(portal)
    return portal.apps.authorise(str(params.pop("auth", "")))


def _open(portal: Portal) -> None:
    if portal.closed == "deleted":
        raise kernel.Refusal(500, "PORTAL_DELETED", "Portal was deleted")
    if portal.closed is not None:
        raise kernel.Refusal(403, "ACCESS_DENIED", "REST API is available only on commercial plans")


def lookup(name: str) -> kernel.Method:
    load_methods()
    found = kernel.METHODS.get(name.lower())
    if found is None:
        raise kernel.Refusal(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    return found


def prepare(portal: Portal, webhook: Webhook, name: str) -> kernel.Method:
    """The method, if it exists, the webhook's scopes allow it, and its operating time is not used up."""
    found = lookup(name)
    if found.scope is not None and not allows(webhook.scopes, found.scope):
        raise kernel.Refusal(403, "insufficient_scope", SCOPE_TEXT)
    portal.limits.check(webhook.secret, found.name.lower())
    return found


def allows(scopes: frozenset[str], needed: str) -> bool:
    """A wider scope serves for a narrower one: `user` for `user_basic` for `user_brief`. Several are all needed."""
    wider = {"user_basic": {"user"}, "user_brief": {"user", "user_basic"}}
    return all(each in scopes or wider.get(each, set()) & scopes for each in needed.split(","))


def run(call: kernel.Call, found: kernel.Method) -> kernel.Answer:
    result = found.handler(call)
    return result if isinstance(result, kernel.Answer) else kernel.Answer(result)


def call(
    portal: Portal, name: str, params: dict[str, Any] | None = None, *, user_id: int | None = None
) -> Any:
    """Runs a method at once, as this user (the first webhook's owner by default), and answers its result.

    For tests, the board and the control API: no bucket, no latency, no faults.
    """
    first = next((each.user_id for each in portal.webhooks.values()), min(portal.users, default=0))
    webhook = portal.webhook_of(first if user_id is None else user_id)
    found = prepare(portal, webhook, name)
    return run(kernel.Call(portal, webhook, found.name.lower(), params or {}), found).result
