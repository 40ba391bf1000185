"""Logs: one JSON line per event, canary secrets nowhere, people's phones and mails only as hashes (R12)."""

from __future__ import annotations

import importlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from connector import log_events, logs

CODE = "q7canary9secret3"
URL = f"https://romashka.bitrix24.ru/rest/12/{CODE}/"
TOKEN = 'ev"ents\\canary/token=1'
DOCS = Path(__file__).parents[2] / "docs" / "logs.md"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    logs.setup(logs.Filter([URL, TOKEN], b"key"), level="DEBUG", stream=stream, pretty=False)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_its_event_first(out: io.StringIO) -> None:
    """`jq` and people both read it: Cyrillic stays Cyrillic."""
    structlog.get_logger().info("robot.decided", card="deal:1", robot="Продажи/task", outcome="wished")
    line = lines(out)[0]
    line.pop("timestamp")
    assert list(line.items()) == [
        ("event", "robot.decided"),
        ("card", "deal:1"),
        ("robot", "Продажи/task"),
        ("outcome", "wished"),
        ("level", "info"),
    ]
    assert "Продажи" in out.getvalue()


def leak(kind: str) -> None:
    log = structlog.get_logger()
    match kind:
        case "value":
            log.info("x", reason=f"POST {URL}crm.item.list.json", deep={"a": [TOKEN]}, pair=(TOKEN, {URL}))
        case "percent":
            logging.getLogger("aiohttp").warning("failed: %s", URL)
        case "key":
            log.info("x", **{TOKEN: 1})
        case "foreign webhook":
            log.info("x", url="https://other.bitrix24.ru/rest/1/anotherSecretCanary/profile")
        case "form":
            log.info("x", body=f"auth[application_token]={'canary' * 4}&auth%5Bapplication_token%5D=canary2")
        case _:
            try:
                raise ConnectionError(f"cannot connect to {URL} with {TOKEN!r} and {TOKEN}")
            except ConnectionError:
                log.exception("x", token=TOKEN.encode())


@pytest.mark.parametrize("kind", ["value", "percent", "key", "foreign webhook", "form", "traceback"])
@pytest.mark.parametrize("pretty", [False, True])
def test_no_secret_passes_by_any_way(out: io.StringIO, kind: str, pretty: bool) -> None:
    """Values, nested ones, keys, libraries' lines, forms and tracebacks: canaries show up in none."""
    logs.setup(logs.Filter([URL, TOKEN], b"key"), level="DEBUG", stream=out, pretty=pretty)
    leak(kind)
    text = out.getvalue()
    assert text
    assert "anary" not in text.replace("test_logs.py", "").replace("canary/tests", "")


LIBRARIES = ("fast_bitrix24", "alembic.runtime.migration", "aiohttp.client", "sqlalchemy.engine", "asyncio")


def test_libraries_are_not_heard_below_a_warning(out: io.StringIO) -> None:
    """Whatever level a library sets itself: its debug and info lines hold data, so they reach the log at no level of ours."""
    for name in LIBRARIES:
        library = logging.getLogger(name)
        kept = library.level
        library.setLevel(logging.DEBUG)
        library.debug("Response: %s", {"NAME": "Анна", "LAST_NAME": "Петрова"})
        library.info("Starting get_all({'filter': {'PHONE': '+79160000001'}})")
        library.warning("%s is ill", name)
        library.setLevel(kept)
    structlog.get_logger("connector").debug("card.looked", card="deal:1")
    told = [line.get("message", line["event"]) for line in lines(out)]
    assert told == [f"{name} is ill" for name in LIBRARIES[1:]] + ["card.looked"]


async def test_the_directory_is_read_without_a_word(out: io.StringIO) -> None:
    """fast_bitrix24 sets itself to DEBUG when imported, after our setup too, and logs every answer: nothing comes through."""
    module = importlib.reload(importlib.import_module("fast_bitrix24.logger"))
    module.logger.debug("Response: %s", {"EMAIL": "petrova@romashka.ru", "LAST_NAME": "Петрова"})
    module.logger.error("Response: %s", {"LAST_NAME": "Петрова"})

    async def get_all(what: str) -> str:
        return what

    assert await module.log(get_all)("Петрова") == "Петрова"
    assert out.getvalue() == ""


def test_people_are_hashes_that_can_be_compared(out: io.StringIO) -> None:
    """One phone in three spellings is one hash; ids, moments and sums stay readable."""
    log = structlog.get_logger()
    log.info(
        "x", a="+7 (916) 000-00-01", b="89160000001", c="79160000001", mail="Maria@Mail.ru", card="deal:4711"
    )
    log.info("x", until="2026-03-02T16:30:00+03:00", seq=12345678901, sum="1000000")
    first, second = lines(out)
    assert first["a"] == first["b"] == first["c"]
    assert first["a"].startswith("phone#")
    assert first["mail"].startswith("mail#")
    assert first["card"] == "deal:4711"
    assert (second["until"], second["seq"], second["sum"]) == (
        "2026-03-02T16:30:00+03:00",
        12345678901,
        "1000000",
    )


def test_a_secret_learned_later_is_hidden_from_then_on() -> None:
    """A renewed token is as secret as the first."""
    filtered = logs.Filter()
    filtered.add("fresh-token-1")
    assert filtered.clean("Bearer fresh-token-1") == "Bearer ****"


def test_the_catalogue_is_documented() -> None:
    """docs/logs.md lists every event with its sentence, and no other."""
    written = [
        line.split("|")[1:3] for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")
    ]
    assert {event.strip(" `"): text.strip() for event, text in written} == {
        event: told.ru for event, told in log_events.CATALOGUE.items()
    }


def test_a_line_becomes_a_sentence() -> None:
    """Known events speak, unknown ones are shown as they are, a missing key is a dash."""
    assert log_events.sentence({"event": "portal.closed", "reason": "тариф"}) == ("тариф")
    assert log_events.sentence({"event": "portal.closed"}, "en") == "portal closed: —"
    assert (
        log_events.sentence({"event": "new.event", "level": "info", "card": "deal:1"})
        == "new.event card=deal:1"
    )
