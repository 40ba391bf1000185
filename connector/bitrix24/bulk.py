"""Bulk lists of the directory through fast-bitrix24, and nothing else (docs/adr/0003).

The library never sees the webhook, the network or the limits: it is given a `client=`-like object whose `post` waits at
our gate, sends through our transport and raises for status as the library expects. Lists go one after the other.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import multidict
import yarl

from connector import errors, ports
from connector.bitrix24 import classify, client, transport
from connector.bitrix24 import gate as gates

_NOWHERE = "https://portal.invalid/rest/0/none/"


class _Answer:
    def __init__(self, data: Any) -> None:
        self._data = data

    async def json(self, encoding: str | None = None) -> Any:  # noqa: ARG002 - the library's call
        return self._data


class Doorman:
    """What the library takes for its HTTP session."""

    def __init__(self, wire: transport.Wire, gate: gates.Gate) -> None:
        self._wire, self._gate = wire, gate
        self.refusal: errors.PortalError | None = None

    @contextlib.asynccontextmanager
    async def post(self, url: str, json: Any, ssl: Any = None) -> AsyncIterator[_Answer]:  # noqa: ARG002
        method = url.removeprefix(_NOWHERE)
        async with self._gate.turn(ports.Lane.LIVE):
            try:
                reply = await self._wire.post(method, json)
            except errors.PortalClosed as closed:
                # An application without tokens: nothing was sent, and asking ten times gives none.
                self.refusal = closed
                raise aiohttp.ClientResponseError(_NO_REQUEST, (), status=403) from None
            except (errors.Retryable, errors.Unknown) as error:
                self.refusal = errors.Retryable(error.text, method=method)
                raise aiohttp.ClientConnectionError(error.text) from None
        self._judge(method, reply)
        yield _Answer(reply.data)

    def _judge(self, method: str, reply: transport.Reply) -> None:
        if reply.status == 200:
            self._gate.accepted()
            return
        code, text = classify.code_of(reply.data)
        if code.casefold() == "query_limit_exceeded":
            self._gate.refused()
        self.refusal = classify.refusal(reply.status, code, text, method=method, write=False, system=True)
        # A closed portal is not asked ten times: the library repeats every 5xx and gives up at once on the rest.
        status = 403 if isinstance(self.refusal, errors.PortalClosed) else reply.status
        raise aiohttp.ClientResponseError(_NO_REQUEST, (), status=status, message=code)


_NO_REQUEST = aiohttp.RequestInfo(yarl.URL(_NOWHERE), "POST", multidict.CIMultiDictProxy(multidict.CIMultiDict()))  # fmt: skip


async def whole_list(at: client.Client, wire: transport.Wire, method: str) -> list[dict[str, Any]]:
    """Every row of a list method; in no order, which is the library's way. Raises what the portal refused with."""
    import fast_bitrix24

    # It logs whole answers: names and addresses of people.
    logging.getLogger("fast_bitrix24").setLevel(logging.WARNING)
    doorman = Doorman(wire, at.gate)
    library = fast_bitrix24.BitrixAsync(_NOWHERE, verbose=False)
    # `client=` is type-checked to be an aiohttp session; the attribute behind it isn't.
    library.srh.session, library.srh.client_provided_by_user = doorman, True
    try:
        with warnings.catch_warnings(), library.slow():
            # A colleague hired between two pages changes the total: no reason to fail.
            warnings.simplefilter("ignore", RuntimeWarning)
            rows = await library.get_all(method)
    except (aiohttp.ClientError, RuntimeError) as error:
        raise doorman.refusal or errors.Retryable(
            f"{method}: {type(error).__name__}", method=method
        ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise errors.Unreadable(f"{method}: не список", method=method)
    return rows
