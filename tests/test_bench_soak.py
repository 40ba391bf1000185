"""The soak's arithmetic: a leak is told from noise, and from a step that happened once."""

from __future__ import annotations

import argparse
import random

import pytest

from bench import slopes, soak


def samples(minutes: int, leak: float, noise: float = 0.0) -> list[slopes.Sample]:
    """One each two seconds; `leak` an hour."""
    dice = random.Random(3)
    return [(at, 100 + leak * at / 3600 + dice.gauss(0, noise)) for at in range(0, minutes * 60, 2)]


def test_a_leak_is_what_it_is() -> None:
    """Twenty MiB an hour without noise: exactly that, and surely more than eight."""
    slope = slopes.of(samples(60, 20.0))
    assert (round(slope.an_hour, 6), round(slope.error, 6)) == (20.0, 0.0)
    assert (slope.leaks(8, 4), slope.leaks(21, 4)) == (True, False)


def test_noise_is_no_leak() -> None:
    """Ten minutes of samples that jump by 3 MiB: a slope is seen, and isn't sure."""
    slope = slopes.of(samples(10, 0.0, noise=3.0))
    assert not slope.leaks(0, 0)


def test_a_leak_is_seen_through_noise() -> None:
    """In an hour a leak of 20 MiB stands out of the same noise."""
    assert slopes.of(samples(60, 20.0, noise=3.0)).leaks(8, 4)


def test_what_came_once_is_no_leak() -> None:
    """Two MiB more in the middle of a short run: steep by the hour, and less than may be allocated once."""
    stepped = [(at, value + 2 * (at > 60)) for at, value in samples(2, 0.0)]
    assert slopes.of(stepped).leaks(8, 0)
    assert not slopes.of(stepped).leaks(8, 4)


def test_one_spike_counts_for_nothing() -> None:
    """The median of its block doesn't know it."""
    plain = samples(10, 0.0)
    spiked = [*plain[:-1], (plain[-1][0], 5000.0)]
    assert slopes.of(spiked).an_hour == 0


def test_too_little_makes_no_slope() -> None:
    with pytest.raises(ValueError, match="make no slope"):
        slopes.of([(0, 1.0), (2, 1.0)])


@pytest.mark.parametrize(
    ("text", "wanted"), [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600), ("1.5h", 5400)]
)
def test_how_long(text: str, wanted: float) -> None:
    assert soak.seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "0m", "h", "1d", "-5m", "1h30m"])
def test_how_long_said_wrongly(text: str) -> None:
    """Zero too: nothing is soaked in no time."""
    with pytest.raises(argparse.ArgumentTypeError, match="written like"):
        soak.seconds(text)
