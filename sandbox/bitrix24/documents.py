"""Documents made of the portal's templates for cards: numbered, with a file, a PDF that comes later.

What is made is kept with the values it was given. A file's bytes are made up of them, so that a test can tell whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import kernel

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

CardKey = tuple[int, int]
SERVICE = ("_creationMethod", "stampsEnabled")
"""Values that the portal adds of its own, as its documentation's samples show them."""


@dataclass(slots=True)
class Template:
    id: int
    name: str
    bindings: tuple[str, ...]
    """`2`, `2_category_7`: kinds of cards, and their pipelines, that it is offered for."""
    active: bool = True

    def read(self, name: str) -> Any:
        return {
            "ID": self.id, "NAME": self.name, "ACTIVE": "Y" if self.active else "N", "ENTITYTYPEID": list(self.bindings),
        }.get(name)  # fmt: skip


@dataclass(slots=True)
class Document:
    id: int
    template: int
    owner: CardKey
    title: str
    number: str
    values: dict[str, Any]
    author_id: int
    at: datetime
    pdf_from: float
    """The portal's time from which its PDF is ready."""
    shown_from: float
    failed: bool = False
    """Its conversion to PDF ended in an error."""

    def read(self, name: str) -> Any:
        return {
            "ID": self.id, "TEMPLATEID": self.template, "ENTITYTYPEID": self.owner[0], "ENTITYID": self.owner[1],
            "TITLE": self.title, "NUMBER": self.number, "CREATEDBY": self.author_id, "CREATETIME": self.at,
            "UPDATETIME": self.at,
        }.get(name)  # fmt: skip

    def file(self, what: str) -> bytes:
        """`docx` or `pdf`."""
        return f"{what} of «{self.title}» {sorted(self.values.items())}".encode()


@dataclass
class Documents:
    portal: Portal
    templates: dict[int, Template] = field(default_factory=dict)
    rows: dict[int, Document] = field(default_factory=dict)
    limit: int | None = None
    """How many the tariff allows; None: any number."""
    convertible: bool = True
    shown: bool = True
    """False: the webhook's owner may not change templates, and so may not list them."""

    def template(self, name: str, *bindings: str) -> Template:
        number = self.portal.next_id("template")
        self.templates[number] = Template(number, name, bindings)
        return self.templates[number]

    def add(self, user_id: int, template: Template, owner: CardKey, values: dict[str, Any]) -> Document:
        if self.limit is not None and len(self.rows) >= self.limit:
            raise kernel.Refusal(400, "DOCGEN_LIMIT_ERROR", "Maximum count of documents has been reached")
        number = self.portal.next_id("document")
        given = str(values.get("DocumentNumber") or number)
        title = str(values.get("DocumentTitle") or f"{template.name} {given}")
        clock = self.portal.clock
        made = Document(
            number, template.id, owner, title, given, values, user_id, clock.now(),
            clock.time() + self.portal.switch.seconds("document_pdf_later"),
            self.portal.faults.shown_from(self.portal), not self.convertible,
        )  # fmt: skip
        self.rows[number] = made
        return made

    def pdf_ready(self, one: Document) -> bool:
        return not one.failed and self.portal.clock.time() >= one.pdf_from
