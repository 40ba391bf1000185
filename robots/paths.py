"""Paths to values: «Сумма», «Контакт / Телефон», as compiled from the YAML, and how a look answers them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robots import model


class Owner(StrEnum):
    CARD = "card"
    CONTACT = "contact"
    COMPANY = "company"


class Virtual(StrEnum):
    """What people call a field and the portal doesn't keep as one (users.md F15)."""

    CLIENT = "@client"
    """«Клиент»: contact or company, filled where either is bound."""
    SUM = "@sum"
    """«Сумма»: money with its currency; 0 is empty."""
    PHONE = "@phone"
    """«Контакт / Телефон»: the contact's first phone; the company's where there is no contact."""
    EMAIL = "@email"
    NAME = "@name"
    """«Контакт / Имя»: first name; «Компания / Название»."""
    FULL_NAME = "@full_name"
    LINK = "@link"
    STAGE = "@stage"
    PIPELINE = "@pipeline"
    RESPONSIBLE = "@responsible"
    ID = "@id"


@dataclass(frozen=True, slots=True)
class Path:
    owner: Owner
    code: model.FieldCode | Virtual
    shown: str
    """As the YAML writes it, for people."""
