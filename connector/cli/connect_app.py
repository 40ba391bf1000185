"""`voronka connect --app`: the portal's local application in place of a webhook. Waits for the portal to bring its tokens."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from connector import settings
from connector.cli import connect_words, exits, output, texts

if TYPE_CHECKING:
    from connector.bootstrap import admission, joining


def installed(
    section: joining.Section, public_url: str, file: Path, *, wait: float, yes: bool
) -> tuple[settings.Secrets, admission.Address]:
    """The secrets to be written, and what to speak to the portal with. Raises joining.Refused."""
    if not public_url.startswith("https://") and not section.insecure_http:
        raise exits.Stop(exits.Code.USAGE, texts.text("need_public"))
    from connector import logs

    known = _known(file)
    # Standard output is for the file's name; what is worth knowing is said below in sentences.
    logs.setup(logs.Filter(known.values()), level="ERROR")
    return asyncio.run(_installed(section, public_url, known, wait, yes))


def asked_address(given: str, yes: bool) -> str:
    if given:
        return given
    if yes or not sys.stdin.isatty():
        raise exits.Stop(exits.Code.USAGE, texts.text("need_address"))
    return str(typer.prompt(texts.text("ask_address"), err=True)).strip()


async def _installed(
    section: joining.Section, public_url: str, known: settings.Secrets, wait: float, yes: bool
) -> tuple[settings.Secrets, admission.Address]:
    from connector.bootstrap import admission

    async with admission.opened(settings.load(), section, public_url) as room:
        for line in connect_words.application(section.address, public_url):
            output.say(line)
        kept = known
        address = None
        while address is None:
            await room.come(wait)
            if kept is known:
                output.say(texts.text("app_came"))
                kept = await asyncio.to_thread(_asked, known, yes)
            address = await room.prove(kept)
            if address is None:
                output.say(texts.text("app_foreign"))
    return kept, address


def _known(file: Path) -> settings.Secrets:
    """What the environment and the file beside the YAML know already; a key is kept for as long as there is one."""
    from connector.bitrix24 import tokens

    before = settings.secrets(file)
    return replace(before, b24_url="", events_token="", tokens_key=before.tokens_key or tokens.fresh_key())


def _asked(known: settings.Secrets, yes: bool) -> settings.Secrets:
    if known.client_id and known.client_secret:
        return known
    if yes or not sys.stdin.isatty():
        raise exits.Stop(exits.Code.USAGE, texts.text("need_app"))
    output.say(texts.text("ask_app"))
    number = known.client_id or str(typer.prompt("                client_id", err=True)).strip()
    code = str(typer.prompt("                client_secret", hide_input=True, err=True)).strip()
    return replace(known, client_id=number, client_secret=code)
