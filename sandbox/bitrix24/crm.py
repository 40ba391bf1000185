"""The CRM room (facade)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

NAMES = {1: "LEAD", 2: "DEAL", 3: "CONTACT", 4: "COMPANY", 7: "QUOTE", 31: "SMART_INVOICE"}


class Crm:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.on_deleted: list[Callable[[int, int], None]] = []
        """Called with (entity type id, id) when a card is gone, for the rooms that keep things of its."""

    def exists(self, type_id: int, item_id: int) -> bool:
        """Is there such a card."""
        return False

    def can_read(self, type_id: int, item_id: int, user_id: int) -> bool:
        """Whether the card exists and this user sees it."""
        return False

    def can_update(self, type_id: int, item_id: int, user_id: int) -> bool:
        return False

    def touch(self, type_id: int, item_id: int, user_id: int) -> None:
        """An activity or comment happened on the card: lastActivityTime/By move, updatedTime does not."""

    def title(self, type_id: int, item_id: int) -> str:
        return ""

    def value(self, type_id: int, item_id: int, name: str) -> Any:
        return None
