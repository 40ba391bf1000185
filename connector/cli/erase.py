"""`voronka erase-person WHO`: a client's wish to be forgotten, done in our store and proved (R15, users.md «forget»)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import exits, output, reading, texts

if TYPE_CHECKING:
    from connector.bootstrap import erasing

TYPED = "стереть"
_KINDS = {
    "contact": "contact",
    "контакт": "contact",
    "company": "company",
    "компания": "company",
    "lead": "lead",
    "лид": "lead",
}
_SAID = re.compile(r"([^\W\d]+)[\s:#№]*(\d{1,18})")
_LINK = re.compile(r"/crm/(contact|company|lead)/(?:details|show)/(\d{1,18})(?:/|$|\?)")


def register(app: typer.Typer) -> None:
    app.command("erase-person")(erase_person)


def erase_person(
    who: Annotated[list[str], typer.Argument(help="Телефон, e-mail, contact 7, lead 5 или ссылка.")],
    names: Annotated[
        list[str] | None, typer.Option("--name", help="Имя, если его нет в копии: «Мария Петрова».")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="По чьему желанию: «заявление № 5 от 12.03».")] = "",
    everybody: Annotated[
        bool, typer.Option("--all", help="Всех, у кого этот телефон или почта, если их несколько.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Не спрашивать.")] = False,
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Стереть человека из базы Voronka: по его просьбе, без возврата. В портале ничего не меняется."""
    text = " ".join(who)

    async def question(beside: reading.Beside) -> dict[str, Any]:
        from connector.bootstrap import erasing

        asked = understood(text, tuple(names or ()))
        staff = list(beside.directory.users.values())
        found = await erasing.find(beside.store, beside.portal, asked, staff)
        _show(found, as_json)
        _only_one(found, everybody)
        if not yes:
            _confirm()
        return await _erased(beside, found, by)

    done = reading.ask(question, portal)
    if as_json:
        output.as_json(done)
    else:
        for line in told(done):
            output.data(line)
    if done["left"] or done["files"]:
        raise exits.Stop(exits.Code.FINDINGS)


def understood(text: str, names: Sequence[str]) -> erasing.Asked:
    """Raises exits.Stop for what names nobody."""
    from connector.bootstrap import erasing
    from robots import contacts

    text = text.strip()
    if found := _LINK.search(text):
        return erasing.Asked(frozenset({f"{found[1]}:{found[2]}"}), (), tuple(names))
    if (found := _SAID.fullmatch(text)) and (kind := _KINDS.get(found[1].casefold())):
        return erasing.Asked(frozenset({f"{kind}:{int(found[2])}"}), (), tuple(names))
    comm = contacts.email(text) if "@" in text else contacts.phone(text)
    if comm is None:
        raise exits.Stop(exits.Code.USAGE, texts.text("not_a_person", text=text))
    return erasing.Asked(frozenset(), (text,), tuple(names))


def _show(found: erasing.Found, as_json: bool) -> None:
    from connector.bootstrap import erasing

    if as_json:
        return
    for one in found.persons:
        bound = f"; карточки: {', '.join(one.cards)}" if one.cards else ""
        output.say(f"{one.ref}  {' '.join(one.names)}{bound}")
    if not found.persons:
        output.say(texts.text("nobody_copied"))
    output.say(texts.text("will_erase", counts=erasing.counted(found.counts) or "—"))
    for remark in found.remarks:
        output.say(f"~ {remark}")


def _only_one(found: erasing.Found, everybody: bool) -> None:
    if len(found.persons) > 1 and not everybody:
        refs = ", ".join(one.ref for one in found.persons)
        raise exits.Stop(exits.Code.REFUSED, texts.text("several_persons", refs=refs))


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise exits.Stop(exits.Code.REFUSED, texts.text("erase_unasked"))
    output.say(texts.text("erase_ask", word=TYPED))
    if sys.stdin.readline().strip().casefold() != TYPED:
        raise exits.Stop(exits.Code.REFUSED, texts.text("not_erased"))


async def _erased(beside: reading.Beside, found: erasing.Found, by: str) -> dict[str, Any]:
    import asyncio

    from connector import clock
    from connector.bootstrap import erasing

    done = await erasing.erase(
        beside.store,
        beside.portal,
        found,
        beside.settings,
        now=clock.SystemClock().now(),
        by=by,
        zone=beside.zone,
        address=str(beside.about.get("address", beside.portal)),
    )
    config = [Path(str(beside.about["file"]))] if beside.about.get("file") else []
    yaml = [path for one in config for path in (sorted(one.glob("*.y*ml")) if one.is_dir() else [one])]
    files = await asyncio.to_thread(erasing.remnants, beside.settings, yaml, found.forms)
    return {
        "refs": [one.ref for one in found.persons],
        "cards": list(found.cards),
        "erased": dict(done.counts),
        "left": done.left,
        "files": [{"file": path, "hits": hits} for path, hits in files],
        "act": str(done.act),
        "text": done.text,
    }


def told(done: dict[str, Any]) -> list[str]:
    lines = [*done["text"].rstrip().splitlines(), f"Акт записан: {done['act']}"]
    if done["files"]:
        lines.append("Этот человек ещё назван в файлах, которые ведёте вы; уберите его оттуда сами:")
        lines += [f"  {one['file']}" for one in done["files"]]
    return lines
