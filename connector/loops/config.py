"""How the loops of one portal run: periods, windows, sizes. Seconds are floats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoopSettings:
    poll: float = 1.0
    """Behind every signal stands a look at the clock."""
    errand_poll: float = 0.3
    """What a command asks of the daemon is found so soon."""

    look_batch: int = 40
    """New cards have a row of history and an open deal each: a page of 50 that isn't full needs no second request."""
    looks_in_flight: int = 12
    """Batches looked at together."""
    look_patience: float = 5.0
    """So much longer a small batch of looks waits for more where the portal has no request to spare."""
    hold_looks: float = 20.0
    """So long, at most, a card isn't looked at again while something sent about it is in the air."""
    stranger_delay: float = 0.5
    """How long the doorbell of a task rests while tasks of ours are being set: it may be one of them."""
    torn_delay: float = 2.0
    park_first: float = 10.0
    park_most: float = 3600.0
    origin_delay: float = 10.0
    """When to look again at a card whose hand-over isn't finished."""
    gone_at_once: int = 20
    gone_window: float = 60.0
    """More cards than that gone within this time are held until a person says so."""
    rounds: int = 4
    """How often one look may ask for more facts."""

    send_at_once: int = 1000
    look_fresh: float = 60.0
    """A wish goes out only on a look younger than this."""
    retry_first: float = 5.0
    retry_most: float = 900.0
    give_up_tries: int = 8
    give_up_after: float = 3600.0

    settle_window: float = 60.0
    """From the moment that a connection was given up to the first look for what it may have made."""
    foreign_window: float = 130.0
    """The same for what another life of the daemon left `sent`, from its sending."""
    look_twice_gap: float = 5.0
    settle_at_once: int = 200

    sweep_period: float = 30.0
    census_period: float = 86_400.0
    """Between two counts of who is still there."""
    census_check: float = 600.0
    closed_first: float = 15.0
    closed_most: float = 600.0
    """How often a shut portal is tried."""

    moments_batch: int = 500
    restart_first: float = 1.0
    restart_most: float = 60.0
    stop_within: float = 10.0


def backoff(tries: int, first: float, most: float) -> float:
    """Doubling from `first`; `tries` counts from 0."""
    return min(most, first * 2.0 ** min(tries, 32))
