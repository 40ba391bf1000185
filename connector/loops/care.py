"""Which cards are being given into robots' care right now (`enrolling`): what a look asks before it decides.

Only a mirror of the notebook: lost with the process and read anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping

from robots import look, model

REMEMBERED = 20_000
"""Cards given lately whose wishes may still be on their way."""


class Register:
    def __init__(self) -> None:
        self._cares: Mapping[model.CardRef, look.Care] = {}
        self._met: set[model.CardRef] = set()
        self._done: set[model.CardRef] = set()
        self._given: OrderedDict[model.CardRef, None] = OrderedDict()

    def put(self, cares: Mapping[model.CardRef, look.Care]) -> None:
        """These and no others from now on."""
        self._cares = cares
        self._met &= cares.keys()
        if not cares:
            self._given.clear()
        self._given.update(dict.fromkeys(cares))
        while len(self._given) > REMEMBERED:
            self._given.popitem(last=False)

    def given(self, ref: model.CardRef) -> bool:
        """By a run that still goes on: nobody waits for what is done about it."""
        return ref in self._given

    def of(self, ref: model.CardRef) -> look.Care:
        found = self._cares.get(ref)
        if found is None:
            return look.NOBODYS
        self._met.add(ref)
        return found

    def looked(self, refs: Collection[model.CardRef]) -> None:
        """Their looks are recorded; one begun before the card was registered doesn't count."""
        done = self._met.intersection(refs)
        self._done |= done
        self._met -= done

    def take_done(self) -> set[model.CardRef]:
        done, self._done = self._done, set()
        return done
