"""Logs: JSON lines on stderr (a person's terminal gets colours), one pipeline for structlog and for the libraries.

Law: a library speaks from WARNING on, and one that logs data never. The last step of the pipeline is the filter over the
*finished* line, tracebacks included, so that no path around it exists: webhook URLs by pattern, every loaded secret by
value (plain, URL-quoted and JSON-escaped), then phones and e-mails by a keyed hash, so that equal ones can still be told
to be equal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import sys
from collections import deque
from collections.abc import Collection, Iterator
from typing import Any, TextIO
from urllib import parse

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "****"
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_WEBHOOK = re.compile(r"(/rest(?:/api)?/\d+/)[A-Za-z0-9_\-]{4,}")
_TOKEN = re.compile(
    r"((?:application_token|access_token|refresh_token|client_secret|auth_token|password)"
    r"[\"'\]]*(?:\s*[=:]\s*|%5D=)[\"']*)[^\s\"'&,}]+",
    re.IGNORECASE,
)
_TOKEN_WORDS = ("token", "secret", "password")
"""One of them stands in whatever `_TOKEN` may find."""
_PHONE = re.compile(r"(?<![\w.:\-])(?:\+\d|\b[78])(?:[\s\-()]{0,2}\d){9,13}(?![\w])")
_EMAIL = re.compile(r"[\w.%+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63})+")
SILENCED = ("fast_bitrix24",)
"""It logs whole answers, employees with names and mails among them, and sets its own level when it is imported."""


ROTATING = 24
"""Of an application's tokens: the last rotations' worth."""
_present: Filter | None = None


def learn(*secrets: str) -> None:
    """An application's tokens as they come: the log at work hides them."""
    if _present is not None:
        _present.learn(*secrets)


class Filter:
    """Hides secrets and masks personal data in any text. `key` makes the hashes of personal data."""

    def __init__(self, secrets: Collection[str] = (), key: bytes = b"voronka") -> None:
        self._key = key
        self._secrets: list[tuple[str, str]] = []
        """(form, core), the longest form first. The core is what stands in each form of a secret just as it is: where none
        of the cores stands, no form does, which spares a line of hundreds of portals thousands of searches."""
        self._cores: set[str] = set()
        self._rotating: deque[str] = deque(maxlen=ROTATING)
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Secrets learned later (a new token) are hidden from then on."""
        forms = {pair for secret in secrets for pair in _forms(secret) if len(pair[0]) >= 4}
        self._secrets = sorted(forms.union(self._secrets), key=lambda one: len(one[0]), reverse=True)
        self._cores = {core for _, core in self._secrets}

    def learn(self, *secrets: str) -> None:
        """Secrets that rotate: the youngest are hidden, those long dead are let go."""
        self._rotating.extend(secret for secret in secrets if len(secret) >= 4)

    def hide(self, text: str) -> str:
        """Secrets only: for messages to people, whose own phones and mails they may read."""
        if here := {core for core in self._cores if core in text}:
            for form, core in self._secrets:
                text = text.replace(form, MASK) if core in here else text
        for secret in self._rotating:
            text = text.replace(secret, MASK)
        # Most lines have none of it, and a search for a word costs a tenth of a pattern's.
        if "/rest" in text:
            text = _WEBHOOK.sub(rf"\g<1>{MASK}", text)
        folded = text.casefold()
        if any(word in folded for word in _TOKEN_WORDS):
            text = _TOKEN.sub(rf"\g<1>{MASK}", text)
        return text

    def clean(self, text: str) -> str:
        text = self.hide(text)
        if "@" in text:
            text = _EMAIL.sub(self._masked, text)
        return _PHONE.sub(self._masked, text)

    def _masked(self, found: re.Match[str]) -> str:
        text = found.group()
        plain = text.lower() if "@" in text else re.sub(r"\D", "", text)[-10:]
        digest = hmac.new(self._key, plain.encode(), hashlib.sha256).hexdigest()[:8]
        return f"{'mail' if '@' in text else 'phone'}#{digest}"


def _escaped(text: str) -> set[str]:
    return {
        text,
        repr(text)[1:-1],
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        parse.quote(text, safe=""),
        parse.quote_plus(text),
    }


def _forms(secret: str) -> Iterator[tuple[str, str]]:
    """The shapes in which one secret may turn up, each with its core: escaped once or twice (a repr inside JSON), a
    webhook's code alone."""
    for once in _escaped(secret):
        for twice in _escaped(once):
            yield twice, _core(secret)
    if "://" in secret:
        parts = [part for part in parse.urlsplit(secret).path.split("/") if part]
        if parts and len(parts[-1]) >= 8:
            yield parts[-1], _core(parts[-1])


def _core(secret: str) -> str:
    """Its longest run of letters and digits that no escaping touches."""
    return max(_PLAIN.findall(secret), key=len, default="")


def setup(
    filtered: Filter, *, level: str = "INFO", stream: TextIO | None = None, pretty: bool | None = None
) -> None:
    """Configures structlog and the standard library's root logger. `pretty=None`: colours if the stream is a terminal."""
    global _present
    _present = filtered
    out = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    for_people = out.isatty() if pretty is None else pretty
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Formatter(filtered, shared, for_people))
    handler.addFilter(_is_for_the_log)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for chatty in ("aiohttp.access", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for prattler in SILENCED:
        logging.getLogger(prattler).disabled = True
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )


def _is_for_the_log(record: logging.LogRecord) -> bool:
    """Ours (a structlog record carries its event as a map) always; a library's from WARNING on, whatever levels it sets
    itself: below that libraries write data, and what it would hold nobody has masked."""
    if record.name.split(".", 1)[0] in SILENCED:
        return False
    return isinstance(record.msg, dict) or record.levelno >= logging.WARNING


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record, then filters the whole line."""

    def __init__(self, filtered: Filter, shared: list[Processor], for_people: bool) -> None:
        rendered: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
        if for_people:
            rendered.append(structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback))
        else:
            rendered += [structlog.processors.format_exc_info, _plain, _json]
        super().__init__(processors=rendered, foreign_pre_chain=[*shared, _foreign])
        self._filter = filtered

    def format(self, record: logging.LogRecord) -> str:
        return self._filter.clean(super().format(record))


def _foreign(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A library's line: its text becomes `message`, `event` stays a constant of the catalogue."""
    event["message"], event["event"] = str(event.get("event", "")), "log.foreign"
    return event


def _plain(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The event first: a person scanning raw lines reads from the left."""
    return {"event": event.pop("event", ""), **event}


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=_shown)


def _shown(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)
