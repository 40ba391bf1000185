"""What commands print: JSON of our values, and no stranger's escape codes on the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.cli import output
from robots import intents, model


def test_values_become_plain_json() -> None:
    """Dataclasses are objects, acts name themselves, moments are ISO, sums are texts, sets are sorted."""
    act = intents.CopyDeal(
        model.PipelineId(2), model.StageId("C2:NEW"), frozenset({model.FieldCode("b"), model.FieldCode("a")})
    )
    seen = {
        "card": model.CardRef(model.CardKind.DEAL, 7),
        "sum": model.Money(Decimal("10.50"), "RUB"),
        "at": datetime(2026, 3, 2, tzinfo=UTC),
        "act": act,
        "state": intents.WishState.DONE,
    }
    assert output.plain(seen) == {
        "card": {"kind": "deal", "id": 7},
        "sum": {"amount": "10.50", "currency": "RUB"},
        "at": "2026-03-02T00:00:00+00:00",
        "act": {
            "act": "CopyDeal",
            "pipeline": 2,
            "stage": "C2:NEW",
            "leave_out": ["a", "b"],
            "title": None,
            "responsible": None,
        },
        "state": "done",
    }


def test_a_title_does_not_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape codes, carriage returns and direction overrides of a card's title are dropped."""
    output.table(
        ("карточка", "почему"), [("deal:1", "\x1b[31mкрасное\x1b[0m\r\n\u202eнаоборот"), ("deal:22", "да")]
    )
    assert capsys.readouterr().out == ("карточка  почему\ndeal:1    [31mкрасное[0m наоборот\ndeal:22   да\n")
