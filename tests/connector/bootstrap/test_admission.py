"""`connect --app` waits at the door: strangers' forms are judged too, and push nobody out."""

from __future__ import annotations

import pathlib
import urllib.parse

from connector import settings
from connector.bitrix24 import tokens
from connector.bootstrap import admission, application, joining
from connector.store import api

SECTION = joining.Section("romashka.bitrix24.ru")
KEPT = settings.Secrets(client_id="local.1", client_secret="canary", tokens_key=tokens.fresh_key())


def form(member: str) -> bytes:
    said = {"refresh_token": "r", "application_token": "a", "member_id": member}
    return urllib.parse.urlencode({f"auth[{name}]": value for name, value in said.items()}).encode()


class Door(admission.Room):
    """The portal's own form comes while a stranger's is being judged."""

    judged: tuple[bytes, ...] = ()

    async def _proven(self, own: application.Application, body: bytes) -> bool:
        self.judged += (body,)
        if body == form("stranger"):
            await self.take(form("ours"))
            return False
        await own.keep(tokens.Grant("access", "refresh"))
        return True


async def test_what_comes_while_a_stranger_is_judged_is_judged_next(tmp_path: pathlib.Path) -> None:
    """The portal posts its installation once: lost is lost, and the command would wait for ever."""
    made = settings.load({"VORONKA_HOME": str(tmp_path)})
    async with api.open_store(f"sqlite:///{tmp_path / 'v.sqlite'}", daemon=True) as store:
        door = Door(made, SECTION, store, "https://public.example")
        await door.take(form("stranger"))
        found = await door.prove(KEPT)
    assert (found is not None, door.judged) == (True, (form("stranger"), form("ours")))
