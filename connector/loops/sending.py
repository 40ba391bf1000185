"""The last gate before the socket: what isn't committed as `sent` isn't sent.

The portal's client calls it with the wishes of a batch. A wish of several batches (a copy, a task with its checklist) is
committed once; its later batches pass while this process is still carrying it out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from connector import ports
from robots import intents, model


class Sending:
    """Made before the portal's client and given to it as its `OnSending`; then shared with the worker."""

    def __init__(
        self,
        portal: model.PortalId,
        ledger: ports.Ledger,
        clock: ports.Clock,
        *,
        at: Callable[[str], None],
        owned: Callable[[], bool] = lambda: True,
    ) -> None:
        """`owned`: whether this worker's lease still runs by its own monotonic clock; no lease, no socket."""
        self._portal, self._ledger, self._clock, self._at, self._owned = portal, ledger, clock, at, owned
        self._sent: set[intents.WishKey] = set()
        self._barred: set[intents.WishKey] = set()

    async def __call__(self, keys: Collection[intents.WishKey]) -> frozenset[intents.WishKey]:
        wanted = frozenset(keys)
        if not self._owned():
            self._barred |= wanted
            return frozenset()
        self._at("before_send")
        fresh = wanted - self._sent
        granted = await self._ledger.sending(self._portal, fresh, self._clock.now()) if fresh else frozenset()
        if not self._owned():
            # The process was frozen over the commit, perhaps past the lease: what is `sent` is settled by its next owner.
            self._barred |= wanted
            return frozenset()
        self._sent |= granted
        self._barred |= fresh - granted
        return (wanted & self._sent) - self._barred

    def was_sent(self, key: intents.WishKey) -> bool:
        """Some command of it may have left since it was begun."""
        return key in self._sent

    def was_barred(self, key: intents.WishKey) -> bool:
        return key in self._barred

    def over(self, key: intents.WishKey) -> None:
        """The try is over; the next one asks the ledger anew."""
        self._sent.discard(key)
        self._barred.discard(key)
