"""`voronka connect`: from a pasted webhook to a starter YAML in six steps (users.md F7). Asks; the texts are beside."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector import settings
from connector.cli import connect_app, connect_words, exits, output, texts

if TYPE_CHECKING:
    from connector.bootstrap import joining
    from robots import model

PRESET = "rop-funnel"
NEW = "Продажи"
"""The pipeline that is offered where the portal has none of that name."""


def register(app: typer.Typer) -> None:
    app.command("connect")(connect)


def connect(
    url: Annotated[
        str, typer.Option("--url", help="Входящий вебхук; лучше ввести по запросу.", envvar="B24_URL")
    ] = "",
    address: Annotated[str, typer.Option("--address", help="Адрес портала: romashka.bitrix24.ru.")] = "",
    preset: Annotated[str, typer.Option("--preset", help="Заготовка воронки.")] = PRESET,
    pipeline: Annotated[str, typer.Option("--pipeline", help="Воронка портала, в которой работать.")] = "",
    answers: Annotated[
        list[str] | None, typer.Option("--with", help="Ответ заготовке: ключ=значение; можно несколько.")
    ] = None,
    public_url: Annotated[
        str, typer.Option("--public-url", help="Адрес, по которому портал видит Voronka.")
    ] = "",
    file: Annotated[Path | None, typer.Option("--file", help="Куда писать YAML.")] = None,
    check: Annotated[str, typer.Option("--check", help="Только проверить портал, ничего не создавая.")] = "",
    insecure_http: Annotated[
        bool, typer.Option("--insecure-http", help="http на этой же машине (песочница).")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Не спрашивать: создать недостающее и записать.")
    ] = False,
    app: Annotated[bool, typer.Option("--app", help="Локальное приложение портала вместо вебхука.")] = False,
    wait: Annotated[
        float, typer.Option("--wait", help="Сколько секунд ждать портал (с --app).", min=1)
    ] = 900.0,
) -> None:
    """Подключить портал: вебхук или приложение, права, поля, настройка в режиме просмотра."""
    from connector.bootstrap import joining

    said = _said(answers or [])
    if app:
        _by_application(address, preset, pipeline, said, public_url, file, insecure_http, wait, yes=yes)
        return
    if check and not url:
        _knock(check)
        return
    secret = url or _asked_url(yes)
    kept = settings.Secrets(secret, "")
    try:
        section = joining.section(secret, check or address, insecure_http)
        output.say(f"1/6 Вебхук      ✓ {section.address}")
        probe = joining.probe(secret, section)
        output.say("2/6 Тариф       ✓ REST открыт")
        output.say("\n".join(connect_words.rights(probe)))
        if check:
            raise exits.Stop(exits.Code.FINDINGS if connect_words.missing(probe) else exits.Code.FINE)
        output.say("\n".join(connect_words.signals(section.address, public_url)))
        _set_up(section, kept, secret, preset, pipeline, said, public_url, file, yes=yes)
    except joining.Refused as refused:
        raise exits.Stop(exits.Code(refused.code), refused.text) from None


def _by_application(
    address: str,
    preset: str,
    pipeline: str,
    answers: dict[str, str],
    public_url: str,
    file: Path | None,
    insecure_http: bool,
    wait: float,
    *,
    yes: bool,
) -> None:
    from connector.bootstrap import joining

    try:
        section = joining.app_section(connect_app.asked_address(address, yes), insecure_http)
        path = file or Path(f"{settings.portal_id(section.address)}.yaml")
        kept, by = connect_app.installed(section, public_url, path, wait=wait, yes=yes)
        output.say(f"                ✓ приложение установлено в {section.address}")
        probe = joining.probe(by, section)
        output.say("2/6 Тариф       ✓ REST открыт")
        output.say("\n".join(connect_words.rights(probe, app=True)))
        output.say("\n".join(connect_words.signals(section.address, public_url, app=True)))
        _set_up(section, kept, by, preset, pipeline, answers, public_url, path, yes=yes)
    except joining.Refused as refused:
        raise exits.Stop(exits.Code(refused.code), refused.text) from None


def _said(answers: list[str]) -> dict[str, str]:
    """`delivery_head=Смирнов Олег`, as typed."""
    pairs = [one.partition("=") for one in answers]
    wrong = next((key for key, sign, _ in pairs if not sign), None)
    if wrong is not None:
        raise exits.Stop(exits.Code.USAGE, f"--with {wrong}: нужно ключ=значение")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _knock(host: str) -> None:
    """What can be told without a webhook: whether a portal answers there."""
    from connector.bootstrap import joining

    try:
        output.say(joining.knock(host))
    except joining.Refused as refused:
        raise exits.Stop(exits.Code(refused.code), refused.text) from None
    output.say(texts.text("check_more", host=host))


def _asked_url(yes: bool) -> str:
    if yes or not sys.stdin.isatty():
        raise exits.Stop(exits.Code.USAGE, texts.text("need_url"))
    output.say(texts.text("ask_url"))
    return str(typer.prompt("1/6 Вебхук", hide_input=True, prompt_suffix="      ", err=True)).strip()


def _set_up(
    section: Any,
    kept: settings.Secrets,
    by: joining.By,
    preset: str,
    pipeline: str,
    answers: dict[str, str],
    public_url: str,
    file: Path | None,
    *,
    yes: bool,
) -> None:
    """Step 6: the pipeline, what it lacks, the YAML."""
    from connector.bootstrap import joining

    directory = asyncio.run(joining.directory(settings.load(), section, kept))
    chosen = _pipeline(directory, pipeline, yes)
    output.say(f"6/6 Воронка     «{chosen}», заготовка {preset}")
    path = file or Path(f"{settings.portal_id(section.address)}.yaml")
    text = joining.starter(
        section, directory, preset=preset, pipeline=chosen, public_url=public_url, answers=answers
    )
    lacking = joining.lacking(text, directory)
    listed = list(joining.words(lacking))
    for line in connect_words.needs(listed):
        output.say(line)
    for other in lacking.other_types:
        output.say(texts.text("other_type", field=other.wanted.name))
    _write(path, text, kept)
    if listed and _agreed(texts.text("create"), yes):
        for done in joining.create(by, section, lacking):
            output.say(f"                ✓ {done}")
    for line in connect_words.farewell(str(path)):
        output.say(line)
    output.data(str(path))


def _write(path: Path, text: str, kept: settings.Secrets) -> None:
    """The same file again is no question; another one is never overwritten unasked."""
    same = path.exists() and path.read_text(encoding="utf-8") == text
    if path.exists() and not same and not _agreed(texts.text("overwrite", path=path), yes=False):
        raise exits.Stop(exits.Code.REFUSED, texts.text("kept", path=path))
    path.write_text(text, encoding="utf-8")
    before = settings.secrets(path, {})
    settings.write_secrets(path, replace(kept, events_token=before.events_token))


def _pipeline(directory: model.Directory, wanted: str, yes: bool) -> str:
    """A pipeline of the portal, or the name of a new one: stages of one that is in use are never renamed."""
    from robots import model as models

    names = [one.name for one in directory.pipelines if one.kind is models.CardKind.DEAL]
    known = {name.casefold(): name for name in names}
    if wanted:
        return known.get(wanted.casefold(), wanted)
    if yes or not sys.stdin.isatty():
        return known.get(NEW.casefold(), NEW)
    offered = [*names, *([] if NEW.casefold() in known else [NEW])]
    for number, name in enumerate(offered, 1):
        output.say(
            f"                {number}. {name if name in names else texts.text('new_pipeline', called=name)}"
        )
    picked = int(typer.prompt(texts.text("pick"), default=len(offered), type=int, err=True))
    return offered[min(max(picked, 1), len(offered)) - 1]


def _agreed(question: str, yes: bool) -> bool:
    if yes:
        return True
    return sys.stdin.isatty() and bool(typer.confirm(question, default=True, err=True))
