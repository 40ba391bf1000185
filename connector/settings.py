"""Settings: the only reader of the environment, and of the secrets file beside the YAML.

Law: every setting has a default that suits one small company; seconds are plain numbers; a bad value is one sentence
that names the variable. The environment wins over the secrets file. A secret is never printed: `Secrets` masks itself.
The variables are a contract with outside harnesses (docs/harness.md).
"""

from __future__ import annotations

import ipaddress
import math
import os
import stat
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SECRET_NAMES = ("B24_URL", "B24_EVENTS_TOKEN")
APP_NAMES = ("B24_CLIENT_ID", "B24_CLIENT_SECRET", "VORONKA_TOKENS_KEY", "B24_OAUTH_SERVER")
"""Of a local application in place of a webhook; the last one only where the vendor's own servers aren't asked."""
MAIL_NAMES = ("VORONKA_SMTP_URL",)
"""The mail server for alerts; it holds a password (users.md F18)."""
OUTSIDE = "OUTSIDE_"
"""How the names of keys begin that robots use outside the portal (`call_url`, SMS)."""
TRIGGER = "TRIGGER_"
"""How the names of tokens begin with which other programs call `/trigger/…`."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LANGUAGES = ("ru", "en")


KNOWN = (*SECRET_NAMES, *APP_NAMES, *MAIL_NAMES)


def _is_known(name: str) -> bool:
    return name in KNOWN or name.startswith((OUTSIDE, TRIGGER))


class SettingsError(Exception):
    """One sentence for the person who starts the program."""


class Refused(SettingsError):
    """Refused for safety: it could be done, and harm."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs. Seconds are floats."""

    home: Path
    database_url: str
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    settle_window: float = 60.0
    request_timeout: float = 70.0
    sweep_period: float | None = None
    """None: what the YAML says, else 30."""
    lease: float = 30.0
    body_timeout: float = 10.0
    log_level: str = "INFO"
    language: str = "ru"
    crash_at: str = ""
    """A named point of the loops at which the process kills itself (trials of crashes); empty: never."""
    public_url: str = ""
    """Where the portal reaches us from outside; empty: what `connect` was told."""
    shared_port: bool = False
    """Other workers of the same crew listen on it as well."""
    parent_fd: int | None = None
    """A pipe whose end says that the crew's parent is gone."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What may never be shown: the incoming webhook's URL and the token of the portal's events; or an application's id
    and secret with the key that seals its tokens."""

    b24_url: str = field(default="", repr=False)
    events_token: str = field(default="", repr=False)

    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    tokens_key: str = field(default="", repr=False)
    oauth_server: str = ""
    smtp_url: str = field(default="", repr=False)
    outside: Mapping[str, str] = field(default_factory=dict, repr=False, kw_only=True)
    """Keys for what robots call outside the portal, by the names of their lines."""
    triggers: Mapping[str, str] = field(default_factory=dict, repr=False, kw_only=True)
    """Tokens of those who call us, likewise."""

    @property
    def app(self) -> bool:
        """An application speaks, not a webhook."""
        return bool(self.client_id)

    def values(self) -> tuple[str, ...]:
        mail = (self.smtp_url, urllib.parse.unquote(_password(self.smtp_url)), _password(self.smtp_url))
        own = (self.b24_url, self.events_token, self.client_secret, self.tokens_key)
        kept = (*own, *mail, *self.outside.values(), *self.triggers.values())
        return tuple(value for value in kept if value)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises SettingsError with one sentence about the first bad variable."""
    env = os.environ if environ is None else environ
    home = Path(env.get("VORONKA_HOME") or _state_home(env)).expanduser()
    seconds = _reader(env, _seconds)
    return Settings(
        home=home,
        database_url=env.get("VORONKA_DATABASE_URL") or f"sqlite:///{home / 'voronka.sqlite'}",
        http_host=env.get("VORONKA_HTTP_HOST") or "127.0.0.1",
        http_port=_reader(env, _port)("VORONKA_HTTP_PORT", 8080),
        settle_window=seconds("VORONKA_SETTLE_WINDOW", 60.0),
        request_timeout=seconds("VORONKA_REQUEST_TIMEOUT", 70.0),
        sweep_period=_reader(env, _seconds_or_none)("VORONKA_SWEEP_PERIOD", None),
        lease=seconds("VORONKA_LEASE", 30.0),
        shared_port=env.get("VORONKA_SHARED_PORT", "") == "1",
        parent_fd=_descriptor(env.get("VORONKA_PARENT_FD", "")),
        body_timeout=seconds("VORONKA_BODY_TIMEOUT", 10.0),
        log_level=_reader(env, _level)("VORONKA_LOG_LEVEL", "INFO"),
        language=language(env),
        public_url=env.get("VORONKA_PUBLIC_URL", "").strip().rstrip("/"),
        crash_at=env.get("VORONKA_CRASH_AT", ""),
    )


def _descriptor(text: str) -> int | None:
    """Set by `run --workers` for its own children."""
    return int(text) if text.isdigit() else None


def language(environ: Mapping[str, str] | None = None) -> str:
    """Russian unless VORONKA_LANG says otherwise: the texts in the portal are Russian too."""
    env = os.environ if environ is None else environ
    asked = env.get("VORONKA_LANG", "ru").lower()[:2]
    return asked if asked in LANGUAGES else "ru"


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment with changes, for a child of ours (the demo's daemon)."""
    return {**os.environ, **changes}


def secrets_file(config: Path) -> Path:
    """`romashka.yaml` -> `romashka.secrets`; a folder `romashka/` -> `romashka.secrets` beside it."""
    return config.with_suffix(".secrets") if config.suffix else config.with_name(config.name + ".secrets")


def secrets(config: Path, environ: Mapping[str, str] | None = None) -> Secrets:
    """Raises Refused if the file may be read by other users, SettingsError if it can't be understood."""
    env = os.environ if environ is None else environ
    found = dict(_read_secrets(secrets_file(config)))
    found.update({name: env[name] for name in env if _is_known(name) and env[name]})
    beside = {name: value for name, value in found.items() if name.startswith(OUTSIDE)}
    calling = {name: value for name, value in found.items() if name.startswith(TRIGGER)}
    return Secrets(*(found.get(name, "") for name in KNOWN), outside=beside, triggers=calling)


def each_secrets(configs: Sequence[Path], environ: Mapping[str, str] | None = None) -> list[Secrets]:
    """Of several portals: a webhook in the environment would be everybody's. Raises as `secrets`."""
    env = os.environ if environ is None else environ
    own = (*SECRET_NAMES, *APP_NAMES[:2], *(name for name in env if name.startswith(TRIGGER)))
    common = [name for name in own if env.get(name)]
    if len(configs) > 1 and common:
        beside = ", ".join(str(secrets_file(config)) for config in configs[:2])
        raise SettingsError(
            f"{common[0]}: в окружении это значение одно на всех, а порталов {len(configs)}. "
            f"Уберите его и пишите каждому портал в его файл: {beside}…"
        )
    return [secrets(config, env) for config in configs]


def write_secrets(config: Path, kept: Secrets) -> Path:
    """Writes the secrets file with mode 0600 from its first byte on."""
    path = secrets_file(config)
    text = (
        "# Секреты Voronka: никому не показывайте этот файл и не кладите его в git.\n"
        f"B24_URL={kept.b24_url}\nB24_EVENTS_TOKEN={kept.events_token}\n"
    )
    app = (kept.client_id, kept.client_secret, kept.tokens_key, kept.oauth_server)
    if kept.app:
        text += "".join(f"{name}={value}\n" for name, value in zip(APP_NAMES, app, strict=True) if value)
    text += "".join(f"{name}={value}\n" for name, value in {**kept.outside, **kept.triggers}.items())
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(path)
    return path


def portal_id(address: str) -> str:
    """The first label of the address (`romashka`); a bare IP keeps all its parts (`127-0-0-1`)."""
    host = host_of(address)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.split(".")[0]
    return host.replace(".", "-").replace(":", "-")


def host_of(address: str) -> str:
    """The address without scheme, path and port, in lower case."""
    rest = address.strip().lower().split("://")[-1].split("/")[0]
    if rest.startswith("["):
        return rest[1:].split("]")[0]
    return rest.split(":")[0]


def hook_names(address: str) -> frozenset[str]:
    """The names under which `/hooks/{portal}` knows a portal: its id, its whole host, the host's first label."""
    host = host_of(address)
    return frozenset({portal_id(address), host, host.split(".")[0]})


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _state_home(env: Mapping[str, str]) -> str:
    base = env.get("XDG_STATE_HOME") or "~/.local/state"
    return f"{base}/voronka"


def _reader(env: Mapping[str, str], parse: Callable[[str, str], T]) -> Callable[[str, T], T]:
    def read(name: str, default: T) -> T:
        text = env.get(name, "").strip()
        return parse(name, text) if text else default

    return read


def _seconds(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise SettingsError(f"{name}: нужно число секунд больше нуля, например 30, а там «{text}»")
    return value


def _seconds_or_none(name: str, text: str) -> float | None:
    return _seconds(name, text)


def _port(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SettingsError(f"{name}: нужен номер порта от 0 до 65535, а там «{text}»")
    return int(text)


def _level(name: str, text: str) -> str:
    if text.upper() not in LEVELS:
        raise SettingsError(f"{name}: нужно одно из {', '.join(LEVELS)}, а там «{text}»")
    return text.upper()


def _read_secrets(path: Path) -> Mapping[str, str]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise Refused(
            f"{path}: файл с секретами могут прочитать другие пользователи. Выполните: chmod 600 {path}"
        )
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as broken:
        raise SettingsError(f"{path}: файл не в UTF-8. Сохраните его в UTF-8") from broken
    return dict(_secret_line(path, number, line) for number, line in enumerate(lines, 1) if _says(line))


def _password(url: str) -> str:
    """As it stands in a URL."""
    return url.partition("://")[2].rpartition("@")[0].partition(":")[2]


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _secret_line(path: Path, number: int, line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not _is_known(name.strip()):
        raise SettingsError(
            f"{path}:{number}: строка должна быть вида ИМЯ=значение, имена: {', '.join(SECRET_NAMES)}"
        )
    return name.strip(), value.strip().strip("\"'")
