"""`voronka erase-person` as an admin types it: shown, asked, erased to the last byte, written into an act (R15)."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from connector import ports
from connector.bootstrap import notes
from connector.cli import erase, exits
from connector.store import api
from robots import forgetting, intents, model
from tests.robots import builders

ROMASHKA = model.PortalId("romashka")
KEY = b"k" * 32
PHONE, EMAIL, NAME = "+79161234567", "maria.k@mail.ru", "Мария Канарейкина"
TELLING = f"{NAME}, 8 (916) 123-45-67, {EMAIL}"
CANARIES = ("Канарейкина", "9161234567", "916) 123-45-67", EMAIL)
DEAL = model.CardRef(model.CardKind.DEAL, 4711)


def client(number: int, first: str, last: str, *comms: str) -> ports.CopiedClient:
    ref = model.ClientRef(model.ClientKind.CONTACT, number)
    hashes = tuple(forgetting.comm_hash(comm, KEY) for comm in comms)
    return ports.CopiedClient(model.Client(ref, first, last), hashes)


async def a_life(home: pathlib.Path, url: str) -> None:
    """Maria's deal was looked at many times: her name lies in rows, in freed pages and in the WAL."""
    async with api.open_store(url, daemon=True) as store:
        about = {"romashka": {"address": "romashka.bitrix24.ru", "file": str(home / "romashka.yaml")}}
        await store.notebook.write(notes.HERE, notes.PORTALS, about)
        await store.notebook.write(ROMASHKA, notes.NAMES, notes.names(builders.directory()))
        await store.notebook.write(ROMASHKA, notes.DIGEST_KEY, KEY.hex())
        await store.notebook.write(ROMASHKA, notes.ACCEPTED, {"hash": "3f9a", "texts": {"a": f"# {NAME}"}})
        people = [
            client(7, "Мария", "Канарейкина", PHONE, EMAIL),
            client(8, "Павел", "Лужин", "+74950000000"),
        ]
        await store.mirror.copy_clients(ROMASHKA, people)
        for turn in range(30):
            await store.mirror.record(ROMASHKA, [look(turn)])
        await store.mirror.copy_clients(ROMASHKA, people)


def look(turn: int) -> ports.Looked:
    robot = intents.RobotId("Продажи/Новый лид/task")
    wished = intents.Wish(
        key=intents.WishKey(f"{robot}/{DEAL}/h{turn}"),
        robot=robot,
        digest="d",
        card=DEAL,
        cause=f"h{turn}",
        act=intents.SetTask(f"{TELLING}: перезвонить {turn}", "", None, builders.IVANOV, None),
        because=f"пришла {TELLING}",
    )
    card = builders.card(id=4711, title=TELLING + "!" * turn * 50, contacts=(7,))
    return ports.Looked(
        dirty=ports.Dirty(ports.Thing(ports.Kind.DEAL, 4711), 1, ports.Lane.LIVE),
        ref=DEAL,
        look_id=f"look{turn}",
        at=builders.NOW,
        memory=ports.Memory(card=card),
        wishes=(wished,),
        trace=(ports.TraceLine(robot, "wished", TELLING),),
    )


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "romashka.yaml").write_text("version: 1\n", "utf-8")
    asyncio.run(a_life(tmp_path, url(tmp_path)))
    return tmp_path


def url(home: pathlib.Path) -> str:
    return f"sqlite:///{home / 'voronka.sqlite'}"


def voronka(home: pathlib.Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "VORONKA_HOME": str(home), "VORONKA_DATABASE_URL": url(home)}
    return subprocess.run(
        [sys.executable, "-m", "connector", *args],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def canaries(home: pathlib.Path) -> dict[str, list[str]]:
    """Which forms of the person's data lie in which files, as bytes."""
    found = {}
    for path in sorted(home.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        hits = [one for one in CANARIES if one.encode() in data or json.dumps(one)[1:-1].encode() in data]
        if hits:
            found[path.name] = hits
    return found


def test_not_a_byte_is_left(home: pathlib.Path) -> None:
    """R15: rows, free pages, WAL; and in the act itself nobody is named."""
    assert set(canaries(home)["voronka.sqlite"]) == {"Канарейкина", "916) 123-45-67", EMAIL}
    done = voronka(home, "erase-person", "8 916 123-45-67", "--yes", "--by", f"заявление: {NAME}, {PHONE}")
    assert (done.returncode, canaries(home)) == (exits.Code.FINE, {})
    (act,) = (home / "erasure").iterdir()
    assert act.read_text("utf-8").splitlines()[2:6] == [
        "Портал: romashka.bitrix24.ru",
        "Кого (номера в портале): contact:7",
        "Карточки этого человека: deal:4711",
        "По чьему желанию: заявление: клиент, клиент",
    ]
    assert act.stat().st_mode & 0o777 == 0o600


def test_the_others_stay(home: pathlib.Path) -> None:
    """Pavel is still known, and so are the deal's stage and the ids."""
    voronka(home, "erase-person", "contact", "7", "--yes")
    shown = json.loads(voronka(home, "mirror", "show", "deal", "4711", "--json").stdout)
    assert (shown["card"]["contacts"], shown["card"]["title"][:28]) == ([7], "клиент, клиент, клиент!!!!!!")
    assert asyncio.run(_known(home)) == ["contact:8"]


async def _known(home: pathlib.Path) -> list[str]:
    async with api.open_store(url(home), daemon=False) as store:
        refs = [model.ClientRef(model.ClientKind.CONTACT, number) for number in (7, 8)]
        return [str(ref) for ref in await store.mirror.clients(ROMASHKA, refs)]


def test_beside_a_daemon_it_erases_too(home: pathlib.Path) -> None:
    """The store is open and is written meanwhile; what the daemon writes afterwards is scrubbed by the store."""

    async def together() -> dict[str, list[str]]:
        async with api.open_store(url(home), daemon=True) as store:
            await store.mirror.record(ROMASHKA, [look(31)])
            done = await asyncio.to_thread(voronka, home, "erase-person", EMAIL, "--yes")
            assert done.returncode == exits.Code.FINE, done.stderr
            await store.mirror.record(ROMASHKA, [look(32)])
            return canaries(home)

    assert asyncio.run(together()) == {}
    assert canaries(home) == {}


def test_nobody_there_to_confirm(home: pathlib.Path) -> None:
    """Without a terminal and without --yes nothing is erased; what would be is shown."""
    done = voronka(home, "erase-person", "contact", "7")
    assert done.returncode == exits.Code.REFUSED
    assert done.stderr.splitlines() == [
        "contact:7  Мария Канарейкина; карточки: deal:4711",
        "Будет стёрто без возврата: 1 запись клиента, 2 отпечатка телефонов и почты, 1 карточка, "
        "30 действий роботов, 30 записей истории, 1 служебная запись. "
        "В текстах вместо имени, телефона и почты встанет «клиент»; роботы его сделок работают дальше. "
        "В портале ничего не изменится.",
        "Ничего не стёрто: здесь некому подтвердить. Если решено, добавьте --yes",
    ]
    assert "voronka.sqlite" in canaries(home)


def test_a_phone_of_several_asks_for_one(home: pathlib.Path) -> None:
    """An office's phone: one of them wishes to be forgotten, the others keep their phone."""
    asyncio.run(_share(home))
    done = voronka(home, "erase-person", PHONE, "--yes")
    assert (done.returncode, "contact:7, contact:9" in done.stderr) == (exits.Code.REFUSED, True)
    done = voronka(home, "erase-person", "contact", "7", "--yes")
    assert "1 телефон или почта общие с другими клиентами" in done.stderr
    assert canaries(home) == {"voronka.sqlite": ["916) 123-45-67"]}


async def _share(home: pathlib.Path) -> None:
    async with api.open_store(url(home), daemon=False) as store:
        await store.mirror.copy_clients(ROMASHKA, [client(9, "Ольга", "Чижова", PHONE)])


def test_files_of_the_admin_are_named(home: pathlib.Path) -> None:
    """A note in the YAML, a copy of the store: ours to find, theirs to clear."""
    (home / "romashka.yaml").write_text(f"# {NAME} просила не звонить\n", "utf-8")
    (home / "voronka.sqlite.bak").write_bytes((home / "voronka.sqlite").read_bytes())
    done = voronka(home, "erase-person", "contact", "7", "--yes", "--json")
    named = [pathlib.Path(one["file"]).name for one in json.loads(done.stdout)["files"]]
    assert (done.returncode, named) == (exits.Code.FINDINGS, ["romashka.yaml", "voronka.sqlite.bak"])


def test_a_name_that_the_copy_lacks_is_said(home: pathlib.Path) -> None:
    """Nobody copied the contact yet: the name on the command line is searched for."""
    done = voronka(home, "erase-person", "+7 900 111-22-33", "--name", "Мария Канарейкина", "--yes", "--json")
    erased: dict[str, Any] = json.loads(done.stdout)["erased"]
    assert (erased["looks"], erased["ledger"]) == (30, 30)


@pytest.mark.parametrize("text", ["никто", "12345", "deal 5", "@"])
def test_what_names_nobody_is_refused(home: pathlib.Path, text: str) -> None:
    """A typo erases nobody."""
    done = voronka(home, "erase-person", text, "--yes")
    assert (done.returncode, "не понимаю, кого стереть" in done.stderr) == (exits.Code.USAGE, True)


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("contact 7", "contact:7"),
        ("Контакт №7", "contact:7"),
        ("лид 5", "lead:5"),
        ("https://romashka.bitrix24.ru/crm/company/details/12/", "company:12"),
    ],
)
def test_who_may_be_said_in_several_ways(text: str, ref: str) -> None:
    """As people copy it."""
    assert erase.understood(text, ()).refs == {ref}
