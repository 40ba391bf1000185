"""Connecting a portal, without a daemon: what `voronka connect` needs done, each step refused with a sentence and a code.

The secret stands in arguments only; errors are built from the portal's codes, never from a URL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector import errors, settings
from connector.bitrix24 import creating, secret, setup
from connector.bootstrap import application, configuration, files, starting, wiring
from robots import model
from robots.config import grammar_portal, needs

USAGE, CONFIG, PORTAL, REFUSED = 3, 4, 5, 6
KNOCK_SECONDS = 10.0
STARTER = "starter.yaml"
_PLAIN = re.compile(r"[\w][\w .()-]*")
directory = application.directory
By = str | secret.AppAddress
"""A webhook's address as pasted, or an application's."""
Found = setup.Found


class Refused(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Section:
    """The portal as the YAML will name it."""

    address: str
    insecure_http: bool = False
    events: str = "none"
    sweep_seconds: int = 30


def section(url: str, address: str, insecure_http: bool) -> Section:
    """The address comes from the webhook; a stated one must be the same. Raises Refused."""
    try:
        hook = secret.WebhookUrl(url, insecure_http=insecure_http)
    except secret.BadUrl as wrong:
        raise Refused(USAGE, str(wrong)) from wrong
    if address and settings.host_of(address) != settings.host_of(hook.host):
        raise Refused(USAGE, f"вебхук не от портала {settings.host_of(address)}: в нём адрес {hook.host}")
    return Section(hook.host, insecure_http)


def app_section(address: str, insecure_http: bool) -> Section:
    """The portal that an application is added to. Raises Refused."""
    try:
        origin = secret.origin_of(address, insecure_http=insecure_http)
    except secret.BadUrl as wrong:
        raise Refused(USAGE, str(wrong)) from wrong
    return Section(origin.partition("://")[2], insecure_http)


def knock(address: str) -> str:
    """Whether a portal answers there, without any webhook; its sentence. Raises Refused."""
    import requests

    host = settings.host_of(address)
    try:
        answer = requests.get(
            f"https://{host}/rest/server.time.json", timeout=KNOCK_SECONDS, allow_redirects=False
        )
        said = answer.json()
    except requests.JSONDecodeError:
        said = None
    except requests.RequestException as refused:
        raise Refused(PORTAL, f"{host}: не отвечает ({type(refused).__name__})") from refused
    if not isinstance(said, dict) or "error" not in said:
        raise Refused(PORTAL, f"{host}: отвечает, но это не портал Битрикс24")
    return f"{host}: портал отвечает"


def probe(url: By, of: Section) -> setup.Found:
    """Raises Refused: the tariff has no REST, the webhook is wrong, nobody answers."""
    try:
        return _setup(url, of).probe()
    except errors.PortalClosed as closed:
        if closed.why is errors.Closed.TARIFF:
            said = f"2/6 Тариф       ✗ «{closed.text}»: нужен платный тариф и подписка на Маркет (или 15-дневная проба)."
            raise Refused(
                PORTAL, f"{said} Больше ничего не настраивайте: без REST Voronka работать не может."
            ) from closed
        raise Refused(PORTAL, wiring.why(closed)) from closed
    except errors.PortalError as refused:
        raise Refused(PORTAL, wiring.why(refused)) from refused


def starter(
    of: Section,
    seen: model.Directory,
    *,
    preset: str,
    pipeline: str,
    public_url: str,
    answers: Mapping[str, str] | None = None,
) -> str:
    """The YAML to begin with, in `mode: watch`: the program's own starter with this portal's words. Raises Refused.

    A pipeline that is there keeps its name of success: the preset's is translated to it. `answers` are what the preset
    asks beside the pipeline: input -> answer.
    """
    presets = files.presets()
    stem = preset.partition("@")[0]
    if f"{stem}.yaml" not in presets:
        known = ", ".join(sorted(name.removesuffix(".yaml") for name in presets if name != STARTER))
        raise Refused(USAGE, f"нет заготовки «{preset}»; есть: {known}")
    own = {
        "address": of.address,
        "events": "webhook" if public_url else "none",
        "timezone": seen.calendar.timezone if seen.calendar else "Europe/Moscow",
        "preset": preset if "@" in preset else f"{preset}@1",
        "pipeline": pipeline,
    }
    bare = _asking(presets[STARTER], stem, presets[f"{stem}.yaml"], answers or {})
    text = _filled(bare, own, of.insecure_http, {})
    return _filled(bare, own, of.insecure_http, _renames(_needs(text, seen), seen))


def _asking(text: str, stem: str, preset: str, answers: Mapping[str, str]) -> str:
    """The starter's `use:` for this preset: what it asks is told above, what was answered stands below."""
    asked = starting.inputs(preset, f"{stem}.yaml")
    unknown = [name for name in answers if name not in asked]
    if unknown:
        raise Refused(
            USAGE, f"заготовка «{stem}» не спрашивает «{unknown[0]}»; она спрашивает: {', '.join(asked)}"
        )
    return starting.use(text, stem, preset, answers)


def _filled(text: str, own: Mapping[str, str], insecure: bool, renames: Mapping[str, str]) -> str:
    lines = []
    for line in text.splitlines():
        key = re.match(r"( *)(\w+):", line)
        known = key is not None and key[2] in own
        lines.append(f"{key[1]}{key[2]}: {_quoted(own[key[2]])}" if key and known else line)
        if insecure and key and key[2] == "address":
            lines.append(f"{key[1]}insecure_http: true")
        if renames and key and key[2] == "with":
            lines.append(f"{key[1]}  names:")
            lines += [f"{key[1]}    {_quoted(was)}: {_quoted(now)}" for was, now in renames.items()]
    return "\n".join(lines) + "\n"


def _renames(wanted: needs.Needs, seen: model.Directory) -> dict[str, str]:
    there = {one.name.casefold(): one for one in seen.pipelines if one.kind is model.CardKind.DEAL}
    found = {}
    for block in wanted.stages:
        pipeline = there.get(block.pipeline.casefold())
        won = (
            next((s.name for s in pipeline.stages if s.semantic is model.Semantic.WON), "")
            if pipeline
            else ""
        )
        if won and won.casefold() != block.won.casefold():
            found[block.won] = won
    return found


def _needs(text: str, seen: model.Directory) -> needs.Needs:
    return configuration.compiled(files.Bundle({"starter.yaml": text.encode()}), seen).loaded.settings.needs


def lacking(text: str, seen: model.Directory) -> needs.Missing:
    """What the starter wants of the portal and doesn't find."""
    return needs.missing(_needs(text, seen), seen)


_TYPES = {type_: word for word, type_ in reversed(grammar_portal.FIELD_TYPES.items())}
_OWNERS = {"deal": "сделке", "lead": "лиде", "contact": "контакте", "company": "компании"}


def words(missing: needs.Missing) -> Iterator[str]:
    """Every thing to be created, for the person who is to agree."""
    for one in missing.fields:
        kind = "метки" if one.many else _TYPES.get(one.type.value, one.type.value)
        options = f": {', '.join(one.options)}" if one.options else ""
        yield f"поле «{one.name}» в {_OWNERS.get(one.owner, one.owner)} ({kind}{options})"
    for option in missing.options:
        yield f"значение «{option.name}» в списке «{option.field.title}»"
    for pipeline in missing.pipelines:
        stages = ", ".join([*pipeline.work, pipeline.won, *pipeline.lost])
        yield f"воронка «{pipeline.pipeline}» со стадиями: {stages}"
    for stage in missing.stages:
        yield f"стадия «{stage.name}» в воронке «{stage.pipeline}»"


def create(url: By, of: Section, missing: needs.Missing) -> Iterator[str]:
    """Creates what is missing, telling each. Raises Refused; what was made before it stays."""
    try:
        yield from creating.create(_setup(url, of), missing)
    except errors.PortalError as refused:
        raise Refused(PORTAL, f"не создалось: {wiring.why(refused)}") from refused


def _setup(url: By, of: Section) -> setup.Setup:
    if isinstance(url, secret.AppAddress):
        return setup.Setup(url)
    return setup.Setup(secret.WebhookUrl(url, insecure_http=of.insecure_http))


def _quoted(value: str) -> str:
    return (
        value
        if _PLAIN.fullmatch(value) or "/" in value or "@" in value
        else json.dumps(value, ensure_ascii=False)
    )
