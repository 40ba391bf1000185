"""How much of the portal's work goes into one batch."""

from __future__ import annotations

import pytest

from connector.bitrix24 import packing


@pytest.mark.parametrize(
    ("told", "work", "writing", "spare", "seconds"),
    [
        ("reading is soon over", 0.2, False, 50, 0.6),
        ("a little writing isn't worth many requests", 2.0, True, 50, 3.0),
        ("a wave leaves requests for the next one", 40.0, True, 50, 5.0),
        ("not longer than six seconds for that", 60.0, True, 50, 6.0),
        ("much of it is spread over what is to spare and what comes back", 1100.0, True, 50, 16.64),
        ("with nothing to spare it grows with what comes back", 100.0, True, 0, 10.44),
    ],
)
def test_the_seconds_of_a_batch(told: str, work: float, writing: bool, spare: float, seconds: float) -> None:
    """At 2 requests a second."""
    assert packing.longest(work, writing=writing, spare=spare, rate=2.0) == pytest.approx(
        seconds, abs=0.01
    ), told
