"""What only an application may call: app.info, event.* (reference §4.5, §4.6, §5.11). A webhook is refused.

Offline events are not kept here: asked for, they are refused as on a tariff without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.bitrix24 import kernel

if TYPE_CHECKING:
    from sandbox.bitrix24 import oauth

EVENTS = (
    *(f"ONCRM{kind}{verb}" for kind in ("LEAD", "DEAL", "CONTACT", "COMPANY") for verb in ("ADD", "UPDATE", "DELETE")),
    "ONCRMDEALMOVETOCATEGORY",
    *(f"ONCRM{kind}{verb}" for kind in ("ACTIVITY", "TIMELINECOMMENT") for verb in ("ADD", "UPDATE", "DELETE")),
    *(f"ONTASK{verb}" for verb in ("ADD", "UPDATE", "DELETE")),
    *("ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPTEST"),
)  # fmt: skip


def _app(call: kernel.Call) -> oauth.App:
    app = call.portal.apps.by_id.get(call.webhook.app)
    if app is None:
        raise kernel.Refusal(403, "ERROR_WRONG_CONTEXT", "Application context required")
    return app


@kernel.method("app.info", scope=None)
def app_info(call: kernel.Call) -> kernel.Json:
    app = call.portal.apps.by_id.get(call.webhook.app)
    if app is None:
        raise kernel.Refusal(400, "ACCESS_DENIED", "Access denied! Application context required")
    return {
        "ID": 1,
        "CODE": app.client_id,
        "VERSION": 1,
        "STATUS": "L",
        "INSTALLED": app.installed,
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
        "LANGUAGE_ID": "ru",
        "LICENSE": "ru_std",
    }


@kernel.method("events", scope=None)
def events(call: kernel.Call) -> kernel.Json:
    _app(call)
    return list(EVENTS)


@kernel.method("event.bind", scope=None)
def bind(call: kernel.Call) -> kernel.Json:
    """Bound twice: refused or doubled, which the documentation doesn't tell (switch `event_bound_twice`)."""
    from sandbox.bitrix24 import oauth

    app = _app(call)
    name, url = str(call.param("event") or "").upper(), str(call.param("handler") or "")
    if name not in EVENTS:
        raise kernel.Refusal(400, "ERROR_EVENT_NOT_FOUND", "Event not found")
    if str(call.param("event_type") or "online") != "online":
        raise kernel.Refusal(403, "ACCESS_DENIED", "Access denied!")
    if not url.startswith(("http://", "https://")):
        raise kernel.Refusal(400, "ERROR_ARGUMENT", "Argument 'handler' is null or empty")
    bound = any((one.event, one.url) == (name, url) for one in app.handlers)
    if bound and call.portal.switch.get("event_bound_twice") == "refused":
        raise kernel.Refusal(400, "ERROR_EVENT_BINDING_EXISTS", "Handler already binded")
    app.handlers.append(oauth.Handler(name, url))
    return True


@kernel.method("event.get", scope=None)
def get(call: kernel.Call) -> kernel.Json:
    return [
        {"event": one.event, "handler": one.url, "auth_type": str(one.auth_type), "offline": 0}
        for one in _app(call).handlers
    ]


@kernel.method("event.unbind", scope=None)
def unbind(call: kernel.Call) -> kernel.Json:
    app = _app(call)
    name, url = str(call.param("event") or "").upper(), str(call.param("handler") or "")
    rest = [one for one in app.handlers if (name and one.event != name) or (url and one.url != url)]
    count = len(app.handlers) - len(rest)
    app.handlers[:] = rest
    return {"count": count}


def _not_here(call: kernel.Call) -> kernel.Json:
    _app(call)
    raise kernel.Refusal(403, "ACCESS_DENIED", "Access denied!")


for _name in (
    "event.test",
    "event.offline.get",
    "event.offline.list",
    "event.offline.clear",
    "event.offline.error",
):
    kernel.method(_name, scope=None)(_not_here)
