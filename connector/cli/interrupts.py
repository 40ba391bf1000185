"""Ctrl-C before a command has begun: there is nothing to put in order, so the process just ends.

While modules are imported a KeyboardInterrupt would be a traceback, and now and then the import machinery loses it. This
file is the first to be imported: it wants as little as can be, not even typing or contextlib.
"""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130
"""What a shell calls the end by SIGINT."""


class NotBegun:
    """While it is open, SIGINT ends the process with 130; whoever ignores or handles it himself is left alone."""

    def __enter__(self) -> None:
        self._ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._ours:
            signal.signal(signal.SIGINT, _leave)

    def __exit__(self, *_: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_signal: int, _frame: object) -> None:
    os._exit(INTERRUPTED)
