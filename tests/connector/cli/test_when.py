"""Moments as people type them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.cli import when

ZONE = "Europe/Moscow"
NOW = datetime(2026, 3, 4, 15, 30, tzinfo=ZoneInfo(ZONE))
"""A Wednesday."""


def _said(found: datetime | None) -> str:
    return f"{found:%d.%m.%Y %H:%M}" if found else "?"


@pytest.mark.parametrize(
    ("text", "past", "future"),
    [
        ("14:00", "04.03.2026 14:00", "05.03.2026 14:00"),
        ("18:00", "03.03.2026 18:00", "04.03.2026 18:00"),
        ("вчера 14:00", "03.03.2026 14:00", "?"),
        ("завтра 9:00", "?", "05.03.2026 09:00"),
        ("пт 18:00", "27.02.2026 18:00", "06.03.2026 18:00"),
        ("ср 14:00", "04.03.2026 14:00", "11.03.2026 14:00"),
        ("ср 18:00", "25.02.2026 18:00", "04.03.2026 18:00"),
        ("среда 14:00", "04.03.2026 14:00", "11.03.2026 14:00"),
        ("01.03.2026 9:00", "01.03.2026 09:00", "?"),
        ("20.11", "20.11.2025 00:00", "20.11.2026 00:00"),
        ("01.02 9:00", "01.02.2026 09:00", "01.02.2027 09:00"),
        ("2026-03-20", "?", "20.03.2026 00:00"),
        ("2h", "04.03.2026 13:30", "04.03.2026 17:30"),
        ("3 дня", "01.03.2026 15:30", "07.03.2026 15:30"),
        ("90 мин", "04.03.2026 14:00", "04.03.2026 17:00"),
        ("25:00", "?", "?"),
        ("31.02", "?", "?"),
        ("скоро", "?", "?"),
    ],
)
def test_a_moment_back_and_ahead(text: str, past: str, future: str) -> None:
    """In the portal's zone: the last such moment, the next such moment."""
    assert (_said(when.past(text, NOW, ZONE)), _said(when.future(text, NOW, ZONE))) == (past, future)


@pytest.mark.parametrize(("text", "hours"), [("30d", 720), ("1 час", 1), ("2 ЧАСА", 2), ("5 дней", 120)])
def test_a_span(text: str, hours: int) -> None:
    assert when.span(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "30", "d", "2 недели", "99999h", "-1h"])
def test_what_is_no_span(text: str) -> None:
    assert when.span(text) is None
