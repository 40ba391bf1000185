"""The CRM room of a portal: cards of every type, their dictionaries, user fields, history and product rows.

Map: `schema` what fields there are · `store` where cards lie · `values` how they are spelled · `saving` the rules of
adding, changing, deleting · `dictionaries` stages and pipelines · `userfields` · `multifields` phones and mails ·
`history` stage moves · `merging` duplicates · `filters` and `listing` questions · `render` answers.
This class holds the state and is what the other rooms and the methods speak to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import (
    dictionaries,
    history,
    kernel,
    multifields,
    rights,
    saving,
    schema,
    store,
    userfields,
)

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

NAMES = {kind.id: kind.name for kind in schema.TYPES.values()}
DEFAULT_FLAGS = {
    "isCategoriesEnabled": True,
    "isStagesEnabled": True,
    "isBeginCloseDatesEnabled": True,
    "isClientEnabled": True,
    "isUseInUserfieldEnabled": True,
    "isLinkWithProductsEnabled": True,
    "isMycompanyEnabled": False,
    "isDocumentsEnabled": False,
    "isSourceEnabled": True,
    "isObserversEnabled": True,
    "isRecyclebinEnabled": True,
    "isAutomationEnabled": True,
    "isBizProcEnabled": False,
    "isSetOpenPermissions": True,
}


@dataclass(slots=True)
class DynamicType:
    """A smart process. Its user fields hang on CRM_{id}, its cards on entity_type_id."""

    id: int
    entity_type_id: int
    title: str
    code: str = ""
    flags: dict[str, bool] = field(default_factory=lambda: dict(DEFAULT_FLAGS))


@dataclass(slots=True)
class ProductRow:
    id: int
    values: dict[str, Any]


@dataclass(slots=True)
class Currency:
    code: str
    name: str
    base: bool = False
    rate: float = 1.0


class Crm:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.dictionaries = dictionaries.Dictionaries()
        self.user_fields = userfields.UserFields(portal.next_id)
        self.multi_index = multifields.Index()
        self.multis = multifields.Editor(self.multi_index, portal.next_id)
        self.currencies: dict[str, Currency] = {"RUB": Currency("RUB", "Рубль России", base=True)}
        self.types: dict[int, DynamicType] = {}
        """Smart processes by entityTypeId."""
        self.tables: dict[int, store.Table] = {}
        self.histories: dict[int, history.History] = {}
        self.products: dict[tuple[int, int], list[ProductRow]] = {}
        self.bin: dict[tuple[int, int], store.Item] = {}
        self.required: dict[tuple[int, str], frozenset[str]] = {}
        """Names of fields required on a stage, by (type, stage code): people set it in the card's settings."""
        self.on_deleted: list[Callable[[int, int], None]] = []
        """Called with (entity type id, id) when a card is gone, for the rooms that keep things of its."""
        self._schemas: dict[int, schema.Schema] = {}

    # ---- types, fields ----

    def kind(self, type_id: int) -> schema.EntityType | None:
        """The card type, system or dynamic; None if the portal has no such."""
        found = schema.TYPES.get(type_id)
        if found is not None:
            return found
        own = self.types.get(type_id)
        if own is None:
            return None
        return schema.EntityType(
            type_id,
            f"DYNAMIC_{type_id}",
            f"T{type_id:x}",
            own.title,
            f"CRM_{own.id}",
            stages=own.flags["isStagesEnabled"],
        )

    def known_kind(self, type_id: int) -> schema.EntityType:
        found = self.kind(type_id)
        if found is None:
            raise kernel.Refusal(400, "NOT_FOUND", "Смарт-процесс не найден")
        return found

    def register_type(self, title: str, entity_type_id: int | None = None, **flags: bool) -> DynamicType:
        """A new smart process with its first pipeline."""
        number = self.portal.next_id("type")
        type_id = entity_type_id or max([schema.FIRST_DYNAMIC, *(each + 2 for each in self.types)])
        row = DynamicType(number, type_id, title, flags=DEFAULT_FLAGS | flags)
        self.types[type_id] = row
        self.dictionaries.add_category(type_id, "Общая", default=True)
        return row

    def schema_of(self, type_id: int) -> schema.Schema:
        found = self._schemas.get(type_id)
        if found is None:
            base = schema.BASE.get(type_id, schema.DYNAMIC_BASE)
            extra = [row.as_field() for row in self.user_fields.of(self.known_kind(type_id).uf_entity)]
            found = self._schemas[type_id] = base.with_user_fields(extra) if extra else base
        return found

    def fields_changed(self) -> None:
        """User fields were added, changed or dropped."""
        self._schemas.clear()

    # ---- cards ----

    def table(self, type_id: int) -> store.Table:
        found = self.tables.get(type_id)
        if found is None:
            found = self.tables[type_id] = store.Table()
        return found

    def history(self, type_id: int) -> history.History:
        found = self.histories.get(type_id)
        if found is None:
            found = self.histories[type_id] = history.History(self.portal, type_id)
        return found

    def item(self, type_id: int, item_id: int) -> store.Item | None:
        table = self.tables.get(type_id)
        return table.rows.get(item_id) if table else None

    def exists(self, type_id: int, item_id: int) -> bool:
        return self.item(type_id, item_id) is not None

    def can_read(self, type_id: int, item_id: int, user_id: int) -> bool:
        """Whether the card exists and this user sees it."""
        item = self.item(type_id, item_id)
        return item is not None and rights.may_touch(self.portal, user_id, item)

    def can_update(self, type_id: int, item_id: int, user_id: int) -> bool:
        return self.can_read(type_id, item_id, user_id)

    def value(self, type_id: int, item_id: int, name: str) -> Any:
        """A stored value by its camelCase (or raw UF_) name; None for a card that is not there."""
        item = self.item(type_id, item_id)
        return item.get(name) if item else None

    def title(self, type_id: int, item_id: int) -> str:
        item = self.item(type_id, item_id)
        if item is None:
            return ""
        person = " ".join(filter(None, (item.get("name"), item.get("lastName"))))
        return str(item.get("title") or person)

    def touch(self, type_id: int, item_id: int, user_id: int) -> None:
        """An activity or comment happened on the card: lastActivityTime/By move, updatedTime does not."""
        item = self.item(type_id, item_id)
        if item is not None:
            moment = int(self.portal.clock.time())
            self.table(type_id).change(item, {"lastActivityTime": moment, "lastActivityBy": user_id})

    # ---- writes by field name: for seeds, the board and tests; the REST methods go the same way ----

    def add(self, type_id: int, fields: dict[str, Any], user_id: int) -> store.Item:
        """Adds a card from camelCase (or raw UF_) names and values as in crm.item.add."""
        return saving.add(self, type_id, saving.read(self, type_id, self._named(type_id, fields)), user_id)

    def update(self, type_id: int, item_id: int, fields: dict[str, Any], user_id: int) -> store.Item:
        item = self.item(type_id, item_id)
        if item is None:
            raise not_found()
        return saving.update(self, item, saving.read(self, type_id, self._named(type_id, fields)), user_id)

    def delete(self, type_id: int, item_id: int) -> None:
        item = self.item(type_id, item_id)
        if item is None:
            raise not_found()
        saving.delete(self, item)

    def restore(self, type_id: int, item_id: int, user_id: int) -> store.Item:
        return saving.restore(self, type_id, item_id, user_id)

    def _named(self, type_id: int, fields: dict[str, Any]) -> list[tuple[schema.Field, Any]]:
        table = self.schema_of(type_id)
        found = ((table.item_field(name, raw_uf=True), value) for name, value in fields.items())
        return [(each, value) for each, value in found if each is not None]


def not_found() -> kernel.Refusal:
    return kernel.Refusal(400, "NOT_FOUND", "Элемент не найден")
