"""The levers of the sandbox, for tests and harnesses: JSON under /_sandbox/. No portal has these.

| verb and path | body | what |
|---|---|---|
| GET state, state/{room} | | a summary; everything one room remembers |
| GET items/{type}, items/{type}/{id} | | cards as stored, with their phones |
| POST items/{type} | {user_id?, fields} or a list | cards added by that user, as by hand; a list all at once |
| PATCH items/{type}/{id} | {user_id?, fields} | changed, moved |
| DELETE items/{type}/{id} | | deleted; POST items/{type}/{id}/restore takes it back |
| POST call | {method, params, user_id?} | any REST method as that user: no bucket, latency, faults |
| GET/POST switches | {name: position} | the «docs silent» switches |
| POST profile | {name, operating_limit?, seconds?} | instant, cloud, or one's own figures |
| POST limits | {tariff?, bucket?, clear?} | bucket of the tariff; on or off; emptied |
| POST portal | {closed: null or tariff or deleted} | the whole REST closed |
| POST webhooks | {secret, revoked?, scopes?, user_id?} | a webhook made, revoked, narrowed |
| POST users/{id} | {active?, admin?} | dismissed, promoted |
| POST clock | {advance?, speed?} | the portal's time |
| GET/DELETE requests | ?since= | what was asked, with counts; forgotten |
| GET/POST subscriptions | {url, token, events} | outgoing webhooks |
| POST required | {type, stage, fields} | fields required on a stage |
| GET/POST/DELETE faults | list of rules | see faults |
| POST life | | with `--life later`: its people begin |
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.bitrix24 import dispatch, faults_http, kernel, profiles, server, store, switches
from sandbox.bitrix24 import portal as portals

ROOMS = ("crm", "taskbook", "timeline", "notices", "documents")
_KINDS = (str, int, float, bool, type(None))


def dumped(value: Any, depth: int = 8) -> Any:
    """Any state of a room as JSON: public attributes, maps, lists; functions and the portal itself left out."""
    if isinstance(value, _KINDS):
        return value
    if depth == 0 or callable(value) or isinstance(value, portals.Portal):
        return None
    if isinstance(value, dict):
        return {str(key): dumped(each, depth - 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [dumped(each, depth - 1) for each in value]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if not field.name.startswith("_")]
        return {name: dumped(getattr(value, name), depth - 1) for name in names}
    if hasattr(value, "__dict__"):
        public = {name: each for name, each in vars(value).items() if not name.startswith("_")}
        return {name: dumped(each, depth - 1) for name, each in public.items() if not callable(each)}
    return str(value)


def _item(item: store.Item) -> dict[str, Any]:
    return {"id": item.id, "entityTypeId": item.type_id, **dumped(item.values), "fm": dumped(item.fm)}


class Control:
    def __init__(self, portal: portals.Portal, rest: server.Server) -> None:
        self.portal, self.rest = portal, rest

    def routes(self) -> list[web.RouteDef]:
        table: dict[tuple[str, str], Callable[[web.Request], Awaitable[Any]]] = {
            ("GET", "state"): self.state,
            ("GET", "state/{room}"): self.room,
            ("GET", "items/{type}"): self.items,
            ("POST", "items/{type}"): self.add,
            ("GET", "items/{type}/{id}"): self.item,
            ("PATCH", "items/{type}/{id}"): self.update,
            ("DELETE", "items/{type}/{id}"): self.delete,
            ("POST", "items/{type}/{id}/restore"): self.restore,
            ("POST", "call"): self.call,
            ("GET", "switches"): self.switches,
            ("POST", "switches"): self.set_switches,
            ("POST", "profile"): self.profile,
            ("POST", "limits"): self.limits,
            ("POST", "portal"): self.close,
            ("POST", "webhooks"): self.webhook,
            ("POST", "users/{id}"): self.user,
            ("POST", "clock"): self.clock,
            ("GET", "requests"): self.requests,
            ("DELETE", "requests"): self.forget_requests,
            ("GET", "subscriptions"): self.subscriptions,
            ("POST", "subscriptions"): self.subscribe,
            ("POST", "required"): self.required,
        }
        made = [
            web.route(verb, f"/_sandbox/{path}", _answered(handler))
            for (verb, path), handler in table.items()
        ]
        return [*made, web.route("*", "/_sandbox/faults", self.faults)]

    async def faults(self, request: web.Request) -> web.Response:
        return await faults_http.control(request, self.portal)

    async def state(self, _request: web.Request) -> Any:
        crm = self.portal.crm
        return {
            "time": self.portal.clock.iso(),
            "profile": self.rest.profile.name,
            "closed": self.portal.closed,
            "items": {str(type_id): len(table.rows) for type_id, table in crm.tables.items()},
            "users": dumped(self.portal.users),
            "departments": dumped(self.portal.departments),
            "webhooks": dumped(self.portal.webhooks),
            "journal": self.portal.journal.counts(),
            "crashes": self.portal.journal.crashes,
        }

    async def room(self, request: web.Request) -> Any:
        name = request.match_info["room"]
        if name not in ROOMS:
            raise kernel.Refusal(404, "NO_ROOM", f"rooms: {', '.join(ROOMS)}")
        return dumped(getattr(self.portal, name))

    async def items(self, request: web.Request) -> Any:
        return [_item(item) for item in self.portal.crm.table(int(request.match_info["type"])).rows.values()]

    async def item(self, request: web.Request) -> Any:
        type_id, item_id = _key(request)
        item = self.portal.crm.item(type_id, item_id)
        if item is None:
            raise kernel.Refusal(404, "NOT_FOUND", "no such card")
        return _item(item) | {"history": dumped(self.portal.crm.history(type_id).of(item_id))}

    async def add(self, request: web.Request) -> Any:
        data = await request.json()
        type_id = int(request.match_info["type"])
        if isinstance(data, list):
            return [_item(self.portal.crm.add(type_id, each["fields"], self._user(each))) for each in data]
        return _item(self.portal.crm.add(type_id, data["fields"], self._user(data)))

    async def update(self, request: web.Request) -> Any:
        data = await request.json()
        return _item(self.portal.crm.update(*_key(request), data["fields"], self._user(data)))

    async def delete(self, request: web.Request) -> Any:
        self.portal.crm.delete(*_key(request))
        return {}

    async def restore(self, request: web.Request) -> Any:
        return _item(self.portal.crm.restore(*_key(request), self._user({})))

    async def call(self, request: web.Request) -> Any:
        data = await request.json()
        return {
            "result": dispatch.call(
                self.portal, data["method"], data.get("params"), user_id=data.get("user_id")
            )
        }

    async def switches(self, _request: web.Request) -> Any:
        return self.portal.switch.table()

    async def set_switches(self, request: web.Request) -> Any:
        for name, position in (await request.json()).items():
            self.portal.switch.set(name, position)
        return self.portal.switch.table()

    async def profile(self, request: web.Request) -> Any:
        data = await request.json()
        base = profiles.PROFILES[data["name"]]
        own = {name: data[name] for name in ("operating_limit", "seconds", "other", "cap") if name in data}
        self.rest.use(dataclasses.replace(base, **own))
        return dumped(self.rest.profile)

    async def limits(self, request: web.Request) -> Any:
        data = await request.json()
        if "tariff" in data:
            self.portal.limits.tariff(data["tariff"])
        if "bucket" in data:
            self.portal.limits.bucket_on = bool(data["bucket"])
        if data.get("clear"):
            self.portal.limits.forget()
        return dumped(self.portal.limits)

    async def close(self, request: web.Request) -> Any:
        self.portal.closed = (await request.json())["closed"]
        return {"closed": self.portal.closed}

    async def webhook(self, request: web.Request) -> Any:
        data = await request.json()
        hook = self.portal.webhooks.get(data["secret"])
        if hook is None:
            hook = self.portal.webhooks[data["secret"]] = portals.Webhook(
                int(data["user_id"]), data["secret"]
            )
        hook.revoked = bool(data.get("revoked", hook.revoked))
        hook.scopes = frozenset(data.get("scopes", hook.scopes))
        return dumped(hook)

    async def user(self, request: web.Request) -> Any:
        data = await request.json()
        user = self.portal.users[int(request.match_info["id"])]
        user.active, user.admin = bool(data.get("active", user.active)), bool(data.get("admin", user.admin))
        return dumped(user)

    async def clock(self, request: web.Request) -> Any:
        data = await request.json()
        self.portal.clock.advance(float(data.get("advance", 0)))
        if "speed" in data:
            self.portal.clock.set_speed(float(data["speed"]))
        return {"time": self.portal.clock.iso(), "epoch": self.portal.clock.time()}

    async def requests(self, request: web.Request) -> Any:
        since = float(request.query.get("since", 0))
        rows = [dumped(row) for row in self.portal.journal.requests if row.at >= since]
        return self.portal.journal.counts() | {"list": rows, "crashes": self.portal.journal.crashes}

    async def forget_requests(self, _request: web.Request) -> Any:
        self.portal.journal.clear()
        return {}

    async def subscriptions(self, _request: web.Request) -> Any:
        return dumped(self.portal.subscriptions)

    async def subscribe(self, request: web.Request) -> Any:
        data = await request.json()
        events = frozenset(name.upper() for name in data.get("events", ()))
        self.portal.subscriptions.append(portals.Subscription(data["url"], data["token"], events))
        return dumped(self.portal.subscriptions)

    async def required(self, request: web.Request) -> Any:
        data = await request.json()
        self.portal.crm.required[(int(data["type"]), data["stage"])] = frozenset(data["fields"])
        return {}

    def _user(self, data: dict[str, Any]) -> int:
        return int(data.get("user_id") or min(self.portal.users))


def _key(request: web.Request) -> tuple[int, int]:
    return int(request.match_info["type"]), int(request.match_info["id"])


def _answered(
    handler: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler's value as JSON; refusals and nonsense as 400 with the reason."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except kernel.Refusal as refusal:
            return web.json_response(refusal.envelope(), status=refusal.status)
        except (KeyError, TypeError, ValueError, switches.UnknownSwitch, json.JSONDecodeError) as error:
            return web.json_response({"error": "BAD_CONTROL", "error_description": repr(error)}, status=400)

    return answer
