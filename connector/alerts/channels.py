"""How a word gets out: mail by SMTP in a thread of its own, an HTTPS ping without redirects. Errors name no address.

A mail server is one URL: `smtps://name:password@smtp.example.ru:465`, or `smtp://…:587`, which is encrypted before a
password is said. `?from=robot@example.ru` names the sender where the name isn't an address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from urllib import parse

import aiohttp

TIMEOUT = 20.0


class Undelivered(Exception):
    """The word didn't get out; the text is for people and holds no secret."""


class BadServer(Exception):
    """The mail server's URL isn't one; the text doesn't repeat it."""


@dataclass(frozen=True, slots=True)
class Word:
    subject: str
    text: str
    bad: bool = True
    """False: it is over, or nothing was wrong."""


class Channel(Protocol):
    async def say(self, word: Word, within: float = TIMEOUT) -> None:
        """Raises Undelivered."""
        ...

    async def beat(self) -> None:
        """Everything is well. Raises Undelivered."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    encrypted: bool
    """From the first byte on; else by STARTTLS, which a password insists on."""
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""


def server(url: str) -> Server:
    """Raises BadServer."""
    try:
        told = parse.urlsplit(url.strip())
        port = told.port
    except ValueError:
        raise BadServer("адрес почтового сервера не читается") from None
    if told.scheme not in ("smtp", "smtps") or not told.hostname:
        raise BadServer(
            "адрес почтового сервера должен быть вида smtps://имя:пароль@smtp.example.ru:465 (особые знаки — через %)"
        )
    user = parse.unquote(told.username or "")
    asked = dict(parse.parse_qsl(told.query)).get("from", "")
    return Server(
        host=told.hostname,
        port=port or (465 if told.scheme == "smtps" else 587),
        encrypted=told.scheme == "smtps",
        user=user,
        password=parse.unquote(told.password or ""),
        sender=asked or (user if "@" in user else f"voronka@{told.hostname}"),
    )


class Mail(Channel):
    def __init__(self, by: Server, to: Sequence[str]) -> None:
        self._by, self._to = by, tuple(to)

    async def say(self, word: Word, within: float = TIMEOUT) -> None:
        try:
            await asyncio.wait_for(_in_thread(lambda: self._send(word, within)), within)
        except TimeoutError:
            raise Undelivered("почтовый сервер не ответил вовремя") from None
        except smtplib.SMTPAuthenticationError:
            raise Undelivered("почтовый сервер не принял имя и пароль") from None
        except smtplib.SMTPException as refused:
            raise Undelivered(f"почтовый сервер отказал: {type(refused).__name__}") from None
        except OSError as refused:
            raise Undelivered(f"почтовый сервер недоступен: {type(refused).__name__}") from None

    async def beat(self) -> None:
        """A letter every five minutes would help nobody."""

    def _send(self, word: Word, within: float) -> None:
        letter = EmailMessage()
        letter["Subject"], letter["From"], letter["To"] = word.subject, self._by.sender, ", ".join(self._to)
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(word.text)
        with self._connected(within) as smtp:
            smtp.send_message(letter)

    def _connected(self, within: float) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        by = self._by
        if by.encrypted:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(by.host, by.port, timeout=within, context=trusted)
        else:
            smtp = smtplib.SMTP(by.host, by.port, timeout=within)
            smtp.ehlo()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=trusted)
            elif by.password and not _here(by.host):
                smtp.close()
                raise smtplib.SMTPNotSupportedError("no encryption, and a password to say")
        if by.user and by.password:
            smtp.login(by.user, by.password)
        return smtp


class Ping(Channel):
    """A dead man's switch: it is called while all is well; `…/fail` is called with a word when it isn't."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def say(self, word: Word, within: float = TIMEOUT) -> None:
        await self._call(f"{self._url}/fail" if word.bad else self._url, word.text, within)

    async def beat(self) -> None:
        await self._call(self._url, "", TIMEOUT)

    async def _call(self, url: str, text: str, within: float) -> None:
        limit = aiohttp.ClientTimeout(total=within)
        try:
            async with aiohttp.ClientSession(timeout=limit) as session:
                asked = session.post(url, data=text.encode(), allow_redirects=False)
                async with asked as answer:
                    if answer.status >= 300:
                        raise Undelivered(f"адрес для сигналов ответил {answer.status}")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as refused:
            raise Undelivered(f"адрес для сигналов недоступен: {type(refused).__name__}") from None


def channels(to: Sequence[str], smtp_url: str) -> tuple[tuple[Channel, ...], str]:
    """What the configuration's `alerts: to:` can reach, and what is missing, in a sentence (or empty)."""
    mails = [one.removeprefix("mailto:") for one in to if one.startswith("mailto:")]
    pings: list[Channel] = [Ping(one) for one in to if not one.startswith("mailto:")]
    if not mails:
        return tuple(pings), ""
    if not smtp_url:
        return tuple(pings), "письма о бедах не уйдут: не задан почтовый сервер (VORONKA_SMTP_URL)"
    try:
        return (Mail(server(smtp_url), mails), *pings), ""
    except BadServer as wrong:
        return tuple(pings), f"письма о бедах не уйдут: {wrong}"


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _in_thread(work: Callable[[], None]) -> None:
    """Not in the pool: a server that hangs must not hold the process when it stops."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def end(error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(None)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except Exception as thrown:  # noqa: BLE001  handed to the one who waits
            error = thrown
        if not loop.is_closed():
            loop.call_soon_threadsafe(end, error)

    threading.Thread(target=run, name="alert", daemon=True).start()
    await done
