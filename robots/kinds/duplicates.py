"""The duplicate check (U4, S4.3, S4.5, users.md F8) as design.md «Duplicates» defines it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robots.kinds import base


class Among(StrEnum):
    ALL = "all"
    OPEN = "open"
    NONE = "none"


class OwnerFrom(StrEnum):
    DEAL = "deal"
    COMPANY = "company"
    CONTACT = "contact"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Options:
    by_phone: bool = True
    by_email: bool = True
    contacts: Among = Among.ALL
    companies: Among = Among.ALL
    leads: Among = Among.OPEN
    deals: Among = Among.OPEN
    ignore: tuple[str, ...] = ()
    """Normalised values, `*` at the end for a prefix: `+7800*`, `info@romashka.ru`."""
    ignore_staff: bool = False
    owner: tuple[OwnerFrom, ...] = (OwnerFrom.DEAL, OwnerFrom.COMPANY, OwnerFrom.CONTACT, OwnerFrom.LEAD)
    other_owner: tuple[base.ActSpec, ...] = ()
    own_client: tuple[base.ActSpec, ...] = ()
    new_client: tuple[base.ActSpec, ...] = ()
    join_within_seconds: int = 86_400
