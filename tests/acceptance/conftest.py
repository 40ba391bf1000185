"""A sandbox and a daemon for a test, or one pair shared by the stories of a module."""

from __future__ import annotations

import pathlib
from collections.abc import Generator, Iterator

import pytest

from tests.acceptance import driver


class Pair:
    def __init__(self, folder: pathlib.Path, **env: str) -> None:
        port = driver.free_port()
        self.sandbox = driver.Sandbox(folder, daemon_port=port)
        self.daemon = driver.Daemon(folder, self.sandbox.port, port, **env)

    def close(self) -> None:
        self.daemon.kill()
        self.sandbox.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A story that failed shows what the daemon said last."""
    report = yield
    if report.failed:
        for made in vars(item).get("funcargs", {}).values():
            process = getattr(getattr(made, "daemon", made), "process", None)
            if isinstance(process, driver.Process):
                report.sections.append(("the daemon's last words", process.output()[-4000:]))
    return report


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Stories of a module live side by side on one portal, each with deals of its own."""
    pair = Pair(tmp_path_factory.mktemp("romashka"))
    try:
        pair.daemon.start().ready()
        yield pair
    finally:
        pair.close()


@pytest.fixture
def pair(tmp_path: pathlib.Path) -> Iterator[Pair]:
    """A portal with a daemon not yet started, for tests that break things."""
    made = Pair(tmp_path)
    try:
        yield made
    finally:
        made.close()
