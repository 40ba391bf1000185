"""Who stands above whom: heads of departments, up to the root (reference §5.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.bitrix24 import people

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal


def heads_above(portal: Portal, user_id: int) -> set[int]:
    """Everybody above a user: heads of the departments and of those over them."""
    heads: set[int] = set()
    user = portal.users.get(user_id)
    waiting = list(user.departments) if user else []
    walked: set[int] = set()
    while waiting:
        department: people.Department | None = portal.departments.get(number := waiting.pop())
        if department is None or number in walked:
            continue
        walked.add(number)
        if department.head is not None:
            heads.add(department.head)
        if department.parent is not None:
            waiting.append(department.parent)
    return heads
