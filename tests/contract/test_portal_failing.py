"""What a Bitrix24 portal may do instead of answering, and which error that is."""

from __future__ import annotations

import pytest

from connector import errors, ports
from connector.bitrix24 import client
from robots import intents
from sandbox.bitrix24 import faults, seed
from tests.contract import bitrix24_world as worlds

LIVE = ports.Lane.LIVE


@pytest.mark.parametrize(
    "kind",
    [
        "commit_then_reset",
        "commit_then_502",
        "commit_then_504",
        "commit_then_truncated",
        "commit_then_html_200",
        "commit_then_nonjson",
        "reset_before_commit",
        "refuse",
        "internal_500",
    ],
)
async def test_a_write_without_a_readable_answer_is_unknown_and_found(kind: str) -> None:
    """Nobody guesses: the look says what was done."""
    async with worlds.world() as world:
        number = world.add(title="a")
        row = worlds.row(worlds.TASK, worlds.ref(number))
        world.there.faults.add(faults.Fault(kind, ("tasks.task.add",)))
        with pytest.raises(errors.Unknown) as caught:
            await world.here.perform(row)
        assert seed.ROBOT_SECRET not in repr(caught.value) + str(caught.value)
        found = await world.here.find(row)
        assert (found is not None) == kind.startswith("commit")
        if found is not None:
            titles = [item.title for item in world.there.taskbook.tasks[found.made or 0].checklist.ordered()]
            assert titles == ["Чек-лист", "раз", "два"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("query_limit_503", errors.Retryable),
        ("operation_limit_429", errors.Retryable),
        ("overload_503", errors.PortalClosed),
        ("expired_token_401", errors.PortalClosed),
        ("redirect_302", errors.PortalClosed),
    ],
)
async def test_a_write_that_was_surely_not_done_says_so(kind: str, error: type[Exception]) -> None:
    """The ledger may send it again without a look."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.there.faults.add(faults.Fault(kind, ("tasks.task.add",), params={"host": "evil.example"}))
        with pytest.raises(error):
            await world.here.perform(worlds.row(worlds.TASK, worlds.ref(number)))
        assert world.there.taskbook.tasks == {}


@pytest.mark.parametrize(
    "kind", ["commit_then_502", "reset_before_commit", "query_limit_503", "commit_then_truncated"]
)
async def test_a_read_is_repeated(kind: str) -> None:
    """A passing trouble of a read is the adapter's own matter."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.there.faults.add(faults.Fault(kind, ("crm.item.list",)))
        ask = ports.FactsAsk(worlds.ref(number), 0)
        assert isinstance((await world.here.facts([ask], LIVE))[ask.ref], ports.Facts)


@pytest.mark.parametrize(
    ("closed", "why"), [("tariff", errors.Closed.TARIFF), ("deleted", errors.Closed.DELETED)]
)
async def test_a_closed_portal_is_a_state(closed: str, why: errors.Closed) -> None:
    """Every call fails for one reason, and says which."""
    async with worlds.world() as world:
        world.there.closed = closed
        with pytest.raises(errors.PortalClosed) as caught:
            await world.here.watermarks()
        assert caught.value.why is why
        with pytest.raises(errors.PortalClosed):
            await world.here.directory()


@pytest.mark.parametrize("answered", ["no_auth_found", "invalid_credentials"])
async def test_a_revoked_webhook_is_told_apart(answered: str) -> None:
    """By its code, whatever the status."""
    async with worlds.world(wrong_secret=answered) as world:
        world.there.webhooks[seed.ROBOT_SECRET].revoked = True
        with pytest.raises(errors.PortalClosed) as caught:
            await world.here.sweep({})
        assert caught.value.why is errors.Closed.REVOKED


async def test_a_wish_that_lost_its_leave_is_not_sent() -> None:
    """The ledger is asked with the keys just before the socket opens."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.withheld.add(intents.WishKey("no"))
        with pytest.raises(client.NotPermitted):
            await world.here.perform(worlds.row(intents.Comment("x"), worlds.ref(number), key="no"))
        assert world.there.timeline.comments == {}
