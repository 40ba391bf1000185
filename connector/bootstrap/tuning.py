"""The interpreter set for a daemon of one loop and three threads of the store; figures by `bench.intake`."""

from __future__ import annotations

import gc
import sys

SWITCH = 0.0002
"""Seconds. The loop gives the interpreter's lock away with each answer it sends, and a thread that works on rows would
keep it for 5 ms, the default: ten times as long as a doorbell's whole work."""


def tune() -> None:
    """After all that lasts is loaded: a full collection then goes through the living work alone, and not for 60 ms."""
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()
