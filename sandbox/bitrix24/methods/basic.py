"""Methods of scope basic: server.time, scope, method.get, feature.get (§5.11)."""

from __future__ import annotations

from sandbox.bitrix24 import args, kernel


@kernel.method("server.time", scope=None)
def server_time(call: kernel.Call) -> kernel.Json:
    return call.portal.clock.iso()


@kernel.method("scope", scope=None)
def scope(call: kernel.Call) -> kernel.Json:
    if args.is_yes(call.param("full")):
        named = {each for found in kernel.METHODS.values() if found.scope for each in found.scope.split(",")}
        return sorted(named | call.webhook.scopes)
    return sorted(call.webhook.scopes)


@kernel.method("methods", scope=None)
def methods(call: kernel.Call) -> kernel.Json:
    allowed = call.webhook.scopes
    return [found.name for found in kernel.METHODS.values() if _allowed(found, allowed)]


def _allowed(found: kernel.Method, scopes: frozenset[str]) -> bool:
    return found.scope is None or all(each in scopes for each in found.scope.split(","))


@kernel.method("method.get", scope=None)
def method_get(call: kernel.Call) -> kernel.Json:
    name = str(call.param("name") or "")
    found = kernel.METHODS.get(name) if name.islower() else None
    return {
        "isExisting": found is not None,
        "isAvailable": found is not None and _allowed(found, call.webhook.scopes),
    }


@kernel.method("feature.get", scope=None)
def feature_get(call: kernel.Call) -> kernel.Json:
    code = call.param("CODE")
    if not code:
        raise kernel.Refusal(400, "ERROR_ARGUMENT", "Argument 'CODE' is null or empty")
    return {"value": "N"}
