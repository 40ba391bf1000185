"""One process, several portals: each works, and none is stopped by what befalls its neighbour."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
import requests

from connector import settings
from tests.acceptance import driver
from tests.acceptance.driver import wait_for

HOSTS = ("127.0.0.2", "127.0.0.3")
FIRST = "Взять в работу новый лид"
NAMES = tuple(host.replace(".", "-") for host in HOSTS)


class Street:
    """Two portals, a file and a secrets file to each, and one daemon."""

    def __init__(self, folder: pathlib.Path) -> None:
        port = driver.free_port()
        self.portals, self.files = [], []
        for host, name in zip(HOSTS, NAMES, strict=True):
            (home := folder / name).mkdir()
            portal = driver.Sandbox(home, daemon_port=port, host=host)
            file = folder / f"{name}.yaml"
            file.write_text(self.text(host, portal.port), "utf-8")
            url = f"http://{host}:{portal.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"
            settings.write_secrets(file, settings.Secrets(url, driver.TOKEN))
            self.portals.append(portal)
            self.files.append(file)
        alone = {"B24_URL": "", "B24_EVENTS_TOKEN": ""}
        self.daemon = driver.Daemon(folder, self.portals[0].port, port, **alone)
        self.daemon.file = self.files[0]

    def text(self, host: str, port: int) -> str:
        return driver.FUNNEL.replace("127.0.0.1", host).format(port=port)

    def start(self) -> Street:
        self.daemon.start(str(self.files[1]), "--reload", "auto").ready()
        return self

    def health(self, number: int) -> tuple[bool, list[str]]:
        seen = self.daemon.health()["portals"][NAMES[number]]
        return seen["ready"], [one["code"] for one in seen["reasons"]]

    def close(self) -> None:
        self.daemon.kill()
        for portal in self.portals:
            portal.close()


@pytest.fixture
def street(tmp_path: pathlib.Path) -> Iterator[Street]:
    made = Street(tmp_path)
    try:
        yield made
    finally:
        made.close()


def works(portal: driver.Sandbox) -> None:
    deal = portal.deal(**{driver.NEEDS: "окно"})
    wait_for("its task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])


def test_each_portal_is_worked_and_named(street: Street) -> None:
    """Deals of the same number, each with its own task; the commands ask which portal is meant."""
    street.start()
    for number, portal in enumerate(street.portals):
        wait_for("ready", lambda number=number: street.health(number)[0])
        works(portal)

    kept = [street.daemon.json("ledger", "list", "--portal", name) for name in NAMES]
    assert [{row["card"] for row in rows} for rows in kept] == [{"deal:1"}, {"deal:1"}]
    page = requests.get(f"http://127.0.0.1:{street.daemon.port}/", timeout=5).text
    assert [f'href="/?portal={name}"' in page for name in NAMES] == [True, True]
    one = requests.get(f"http://127.0.0.1:{street.daemon.port}/", {"portal": NAMES[1]}, timeout=5).text
    assert [words in one for words in (f"Voronka · {HOSTS[1]}", "Все порталы")] == [True, True]
    assert street.daemon.process_of("apply", str(street.files[1])).returncode == 0
    figures = requests.get(f"http://127.0.0.1:{street.daemon.port}/metrics", timeout=5).text
    assert [f'voronka_ready{{portal="{name}"}} 1.0' in figures for name in NAMES] == [True, True]
    assert street.daemon.process_of("status").returncode == 3


def test_a_file_that_a_person_must_mend_stops_its_own_portal_alone(street: Street) -> None:
    """Red with the sentence, and at work as soon as the file is saved; the neighbour never noticed."""
    good = street.files[0].read_text("utf-8")
    head = good.partition("people:")[0]
    street.files[0].write_text(f"{head}pipelines: {{Прадажи: {{on_create: [{{log: Пришла}}]}}}}\n", "utf-8")
    street.start()
    wait_for("the neighbour", lambda: street.health(1)[0])
    wait_for("the trouble", lambda: street.health(0) == (False, ["config"]))
    works(street.portals[1])

    street.files[0].write_text(good, "utf-8")
    wait_for("mended", lambda: street.health(0)[0])
    works(street.portals[0])


def test_a_portal_that_is_down_is_waited_for_while_its_neighbour_works(street: Street) -> None:
    """And readiness stays green: the neighbour's doorbells must not be turned away."""
    street.portals[0].process.kill()
    street.start()
    wait_for("red", lambda: street.health(0) == (False, ["portal_unreachable"]))
    wait_for("the neighbour", lambda: street.health(1)[0])
    works(street.portals[1])
    assert street.daemon.is_ready()


def test_what_several_portals_can_not_share(street: Street) -> None:
    """A webhook in the environment would be everybody's; two files of one portal would work it twice."""
    daemon = street.daemon
    daemon.env["B24_URL"] = "http://127.0.0.2:1/rest/1/0123456789abcdef/"
    shared = daemon.process_of("run", *map(str, street.files))
    assert (shared.returncode, shared.stderr.splitlines()[-1].split(":")[0]) == (4, "B24_URL")

    daemon.env["B24_URL"] = ""
    twin = street.files[0].with_name("twin.yaml")
    twin.write_text(street.files[0].read_text("utf-8"), "utf-8")
    url = f"http://{HOSTS[0]}:{street.portals[0].port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"
    settings.write_secrets(twin, settings.Secrets(url, driver.TOKEN))
    twice = daemon.process_of("run", str(street.files[0]), str(twin))
    assert (twice.returncode, twice.stderr.splitlines()[-1]) == (
        3,
        f"два файла на один портал: {HOSTS[0]}:{street.portals[0].port}. Оставьте один",
    )
