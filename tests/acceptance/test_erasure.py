"""R15 with the installed command: a client is erased beside a running daemon, and late doorbells bring nothing back."""

from __future__ import annotations

import pathlib

from tests.acceptance import driver
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

FIRST = "Взять в работу новый лид"
PHONE, LAST = "+7 916 765-43-21", "Канарейкина"
CANARIES = (LAST, "Канарейкин", "Марианн", "79167654321", "916 765-43-21")
"""A name's stem: free texts decline it."""


def remnants(folder: pathlib.Path) -> dict[str, list[str]]:
    """Forms of the person's data, as bytes, in the files of the store."""
    found = {}
    for path in sorted(folder.glob("voronka.sqlite*")):
        data = path.read_bytes()
        if hits := [one for one in CANARIES if one.encode() in data]:
            found[path.name] = hits
    return found


def said(portal: driver.Sandbox, contact: int, **fields: str) -> None:
    portal.ask("crm.contact.update", driver.IVANOV, id=contact, fields=fields)


def test_an_erased_client_does_not_come_back(pair: Pair) -> None:
    """Hook, sweep, a new start: the deal is worked on by its ids, its texts say «клиент», no byte returns."""
    portal, daemon = pair.sandbox, pair.daemon
    maria = portal.contact("Марианна", PHONE)
    said(portal, maria, LAST_NAME=LAST)
    daemon.start().ready()
    deal = portal.deal(
        title=f"Окна, Марианна {LAST}",
        contactIds=[maria],
        **{driver.NEEDS: f"звонить Марианне Канарейкиной, {PHONE}"},
    )
    wait_for("the first task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
    wait_for("the copy", lambda: "Канарейкина" in remnants(daemon.folder).get("voronka.sqlite-wal", []))
    wait_for("the copy of clients", lambda: _known(daemon, maria))

    done = daemon.process_of("erase-person", PHONE, "--yes", "--json")
    assert (done.stderr, remnants(daemon.folder)) == ("", {})

    said(portal, maria, POST="директор")  # a late doorbell of the contact
    portal.write(deal, title=f"Балкон, Марианна {LAST}, {PHONE}")
    late = portal.contact("Марианна", "8 (916) 765 43 21")
    said(portal, late, LAST_NAME=LAST)
    other = portal.deal(contactIds=[late], title=f"{LAST} снова", **{driver.NEEDS: "дверь"})
    portal.move(deal, "Обрабатываем запрос")
    wait_for("the second task", lambda: len(portal.tasks(deal)) == 2)
    wait_for("the other deal's task", lambda: portal.task_lines(other))
    portal.move(other, "Обрабатываем запрос")
    wait_for("its second task", lambda: len(portal.tasks(other)) == 2)
    assert portal.task_lines(deal) == [f"closed: {FIRST}", "open: клиент. Сделать КП"]
    assert portal.task_lines(other)[-1] == "open: клиент. Сделать КП"
    assert remnants(daemon.folder) == {}

    assert daemon.process is not None
    daemon.process.stop()
    daemon.start().ready()
    portal.write(other, opportunity=1000, currencyId="RUB")
    wait_for("a settled daemon", daemon.settled)
    assert remnants(daemon.folder) == {}


def _known(daemon: driver.Daemon, contact: int) -> bool:
    """Whether the backfill has brought the contact."""
    shown = daemon.process_of("erase-person", "contact", str(contact)).stderr
    return f"contact:{contact}  Марианна {LAST}" in shown
