"""Saving the file isn't deploying it; what worked yesterday works on (users.md F6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector import clock, ports
from connector.bootstrap import configuration, files, notes
from robots import decision, model
from tests.robots import builders

PORTAL = model.PortalId("romashka")
GOOD = """\
version: 1
portal:
  address: romashka.bitrix24.ru
robots:
  - name: Крупная сделка
    when: created
    do:
      - notify:
          to: Петрова Анна
          text: Новая сделка
"""
OTHER = GOOD.replace("Новая сделка", "Пришла сделка")
BAD = GOOD.replace("notify:", "notifi:")


class FakeNotebook(ports.Notebook):
    def __init__(self) -> None:
        self.written: dict[tuple[str, str], Any] = {}

    async def read(self, portal: model.PortalId, name: str) -> Any | None:
        return self.written.get((portal, name))

    async def write(self, portal: model.PortalId, name: str, value: Any) -> None:
        self.written[portal, name] = value


class House:
    """One file, its keeper, and the rules that came into force."""

    def __init__(self, path: Path, *, auto: bool = False, notebook: FakeNotebook | None = None) -> None:
        self.path, self.notebook = path, notebook or FakeNotebook()
        self.taken: list[str] = []
        self.keeper = configuration.Keeper(
            path, PORTAL, self.notebook, clock.SystemClock(), auto, builders.directory(), self.take
        )

    async def take(self, rules: decision.Rules, directory: model.Directory) -> None:
        assert directory.calendar is not None
        self.taken.append(rules.config)

    def save(self, text: str) -> str:
        self.path.write_text(text, encoding="utf-8")
        return files.read(self.path).hash

    async def start(self) -> configuration.Compiled:
        now = configuration.compiled(files.read(self.path), builders.directory())
        chosen = await self.keeper.first(now)
        await self.keeper.accept(chosen)
        return chosen

    async def apply(self, wanted: str) -> None:
        await self.notebook.write(PORTAL, notes.APPLY, {"hash": wanted})
        await self.keeper.look()

    @property
    def waiting(self) -> dict[str, Any]:
        return self.notebook.written[PORTAL, notes.WAITING] or {}

    @property
    def accepted(self) -> str:
        return str(self.notebook.written[PORTAL, notes.ACCEPTED]["hash"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "romashka.yaml"
    made.write_text(GOOD, encoding="utf-8")
    return made


async def test_a_good_changed_file_waits_for_a_person(path: Path) -> None:
    """ask: the old rules work on until `apply` names just this file; then the new ones are in force."""
    house = House(path)
    first = (await house.start()).bundle.hash
    second = house.save(OTHER)
    await house.keeper.look()
    assert (house.taken, house.accepted, house.waiting["hash"]) == ([], first, second)
    await house.apply("another hash")
    assert house.taken == []
    await house.apply(second)
    assert (house.taken, house.accepted, house.keeper.waiting) == ([second], second, "")


async def test_auto_takes_a_good_file_at_once(path: Path) -> None:
    """auto: sandbox and tests don't ask."""
    house = House(path, auto=True)
    await house.start()
    second = house.save(OTHER)
    await house.keeper.look()
    assert (house.taken, house.accepted) == ([second], second)


@pytest.mark.parametrize("auto", [True, False])
async def test_a_broken_file_is_never_taken(path: Path, auto: bool) -> None:
    """The last good one works on, even if a person says apply; his answer shows the line."""
    house = House(path, auto=auto)
    first = (await house.start()).bundle.hash
    broken = house.save(BAD)
    await house.keeper.look()
    await house.apply(broken)
    assert (house.taken, house.accepted, house.keeper.rejected) == ([], first, broken)
    assert "notifi" in house.waiting["errors"][0]


async def test_mending_it_is_enough(path: Path) -> None:
    """Back to the accepted text: nothing waits, nothing is red any more."""
    house = House(path)
    await house.start()
    house.save(BAD)
    await house.keeper.look()
    house.save(GOOD)
    await house.keeper.look()
    assert (house.keeper.rejected, house.keeper.waiting, house.waiting, house.taken) == ("", "", {}, [])


async def test_a_start_with_a_broken_file_uses_the_last_good_one(path: Path) -> None:
    """The machine was restarted over a half-saved file."""
    before = House(path)
    first = (await before.start()).bundle.hash
    before.save(BAD)
    again = House(path, notebook=before.notebook)
    chosen = await again.start()
    assert (chosen.bundle.hash, again.accepted, bool(again.keeper.rejected)) == (first, first, True)


async def test_the_first_start_with_one_broken_robot_runs_the_others(path: Path) -> None:
    """One bad robot doesn't stop the others: it is shown with its line."""
    house = House(path)
    more = (
        GOOD
        + "  - name: Вторая\n    when: created\n    do:\n      - notify:\n          to: Никто Никак\n          text: x\n"
    )
    house.save(more)
    chosen = await house.start()
    roll = house.notebook.written[PORTAL, notes.ROBOTS]
    assert chosen.workable
    assert [robot.split("/")[0] for robot in roll["robots"]] == ["Крупная сделка"]
    assert roll["broken"][0]["place"].endswith(":14:9")


async def test_history_keeps_what_was_in_force(path: Path) -> None:
    """The last configurations are kept with their texts: people without git need history too."""
    house = House(path, auto=True)
    await house.start()
    house.save(OTHER)
    await house.keeper.look()
    history = house.notebook.written[PORTAL, notes.HISTORY]
    assert [list(entry["texts"].values()) for entry in history] == [[GOOD], [OTHER]]
