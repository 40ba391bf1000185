"""Who may do what in the sandbox: a short stand-in for CRM roles (reference §8).

| what | who |
|---|---|
| see a card | admins; its responsible; anyone if `opened` is Y |
| change, delete a card, write its bindings, product rows | the same people |
| add a card | anyone |
| dictionaries, pipelines, user fields, card types: write | admins |
| crm.type.list, crm.item.import | admins |
| everything else | any user whose webhook has the scope |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.bitrix24 import kernel, store

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal


def may_touch(portal: Portal, user_id: int, item: store.Item) -> bool:
    """Seeing and changing go together here."""
    user = portal.users.get(user_id)
    if user is not None and user.admin:
        return True
    return item.values.get("opened") == "Y" or item.values.get("assignedById") == user_id


def visible_to(call: kernel.Call) -> Callable[[store.Item], bool] | None:
    """A test for lists; None where everything is visible."""
    if call.is_admin:
        return None
    portal, user_id = call.portal, call.user_id
    return lambda item: may_touch(portal, user_id, item)


def need_admin(call: kernel.Call) -> None:
    if not call.is_admin:
        raise kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
