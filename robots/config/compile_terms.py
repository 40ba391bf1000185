"""Durations where the engine wants plain seconds."""

from __future__ import annotations


def seconds(amount: int, unit: str) -> int:
    """Wall-clock seconds; work time is taken as wall time."""
    return amount * {"minutes": 60, "hours": 3600, "days": 86_400}[unit.split()[-1]]
