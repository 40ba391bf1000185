"""Calls of a sandbox portal in process: a method's result, or its refusal."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.bitrix24 import dispatch, kernel
from sandbox.bitrix24 import portal as portals


class Caller:
    """Speaks to the portal as one user."""

    def __init__(self, portal: portals.Portal, user_id: int | None = None) -> None:
        self.portal, self.user_id = portal, user_id

    def __call__(self, name: str, /, **params: Any) -> Any:
        return dispatch.call(self.portal, name, params, user_id=self.user_id)

    def refused(self, name: str, /, **params: Any) -> tuple[int, str | int, str]:
        with pytest.raises(kernel.Refusal) as caught:
            self(name, **params)
        return caught.value.status, caught.value.code, caught.value.text


def events_of(portal: portals.Portal) -> list[tuple[str, Any]]:
    """(name, FIELDS) of every event from now on."""
    seen: list[tuple[str, Any]] = []
    portal.listeners.append(lambda event: seen.append((event.name, event.data["FIELDS"])))
    return seen
