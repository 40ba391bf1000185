"""A record in the card's feed, signed «Робот Воронка» (users.md F11)."""

from __future__ import annotations

from dataclasses import dataclass

from robots import templates


@dataclass(frozen=True, slots=True)
class Options:
    text: templates.Template
    title: str = "Робот Воронка"
