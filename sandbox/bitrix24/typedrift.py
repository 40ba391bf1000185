"""Type drift: the same answer with some of its leaves spelled otherwise — "5" for 5, "" or null or false for nothing, a key missing."""

from __future__ import annotations

import random
from typing import Any

_GONE = object()


def drifted(value: Any, dice: random.Random, share: float) -> Any:
    """A copy in which about `share` of the leaves have drifted; the shape of lists stays."""
    if isinstance(value, dict):
        pairs = (
            (
                key,
                drifted(inner, dice, share) if isinstance(inner, dict | list) else _leaf(inner, dice, share),
            )
            for key, inner in value.items()
        )
        return {key: inner for key, inner in pairs if inner is not _GONE}
    if isinstance(value, list):
        leaves = (
            drifted(inner, dice, share) if isinstance(inner, dict | list) else _leaf(inner, dice, share)
            for inner in value
        )
        return [None if leaf is _GONE else leaf for leaf in leaves]
    leaf = _leaf(value, dice, share)
    return None if leaf is _GONE else leaf


def _leaf(value: Any, dice: random.Random, share: float) -> Any:
    if dice.random() >= share:
        return value
    return dice.choice((_respelled(value), "", None, False, _GONE))


def _respelled(value: Any) -> Any:
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return {"Y": True, "N": False}.get(value, value) if isinstance(value, str) else value
