"""A comment in the card's feed, where a person must answer."""

from __future__ import annotations

from dataclasses import dataclass

from robots import templates


@dataclass(frozen=True, slots=True)
class Options:
    text: templates.Template
