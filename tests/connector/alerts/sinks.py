"""Where words arrive: a mail server and a ping address on this computer, which remember what they were told."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage

from aiohttp import web


@dataclass
class Post:
    """`refuses`: what the server says to every recipient."""

    port: int = 0
    refuses: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=robot@romashka.ru"

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 sink")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                say("354 go on")
                raw = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append(email.message_from_bytes(raw[:-5], policy=policy.default))
            elif verb == "RCPT":
                self.to.append(line.partition("<")[2].rstrip(">"))
            say(
                self.refuses if verb == "RCPT" and self.refuses else "221 bye" if verb == "QUIT" else "250 ok"
            )
            if verb == "QUIT":
                break
        writer.close()


@dataclass
class Bell:
    """A dead man's switch: calls as (path, body). `status` is what it answers."""

    url: str = ""
    status: int = 200
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def called(self, request: web.Request) -> web.Response:
        self.calls.append((request.path, await request.text()))
        return web.Response(
            status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {}
        )


@asynccontextmanager
async def post() -> AsyncIterator[Post]:
    made = Post()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def bell() -> AsyncIterator[Bell]:
    made = Bell()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.called)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/id"
    try:
        yield made
    finally:
        await runner.cleanup()
