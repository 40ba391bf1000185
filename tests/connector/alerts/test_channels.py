"""How a word gets out, and what is said when it doesn't: never an address, never a password."""

from __future__ import annotations

import pytest

from connector.alerts import channels
from tests.connector.alerts import sinks

WORD = channels.Word("Voronka, romashka: нет доступа к порталу", "Роботы стоят.\nЧто делать: …")


async def test_a_letter_arrives_in_russian() -> None:
    """Both people get it; an answering machine is told not to answer."""
    async with sinks.post() as post:
        await channels.Mail(channels.server(post.url), ["a@romashka.ru", "b@romashka.ru"]).say(WORD)

    letter = post.letters[0]
    assert (post.to, letter["From"]) == (["a@romashka.ru", "b@romashka.ru"], "robot@romashka.ru")
    assert (letter["Subject"], letter["Auto-Submitted"]) == (WORD.subject, "auto-generated")
    assert letter.get_content().splitlines() == WORD.text.splitlines()


async def test_a_refusal_names_nobody() -> None:
    """The server's own words may hold the address: only the kind of the refusal is told."""
    async with sinks.post() as post:
        post.refuses = "550 no such user secret-person@romashka.ru"
        with pytest.raises(channels.Undelivered) as refused:
            await channels.Mail(channels.server(post.url), ["secret-person@romashka.ru"]).say(WORD)

    assert str(refused.value) == "почтовый сервер отказал: SMTPRecipientsRefused"


async def test_nobody_there() -> None:
    """A dead mail server and a dead ping address are sentences."""
    by = channels.server("smtp://name:pass%40word@127.0.0.1:1")
    with pytest.raises(channels.Undelivered, match=r"^почтовый сервер недоступен: \w+$"):
        await channels.Mail(by, ["a@romashka.ru"]).say(WORD)
    with pytest.raises(channels.Undelivered, match=r"^адрес для сигналов недоступен: \w+$"):
        await channels.Ping("http://127.0.0.1:1/s3cret").beat()


async def test_the_switch_is_told_of_good_and_bad() -> None:
    """Beats and good words go to the address, bad ones to its `/fail`."""
    async with sinks.bell() as bell:
        ping = channels.Ping(bell.url + "/")
        await ping.beat()
        await ping.say(WORD)
        await ping.say(channels.Word("", "прошло", bad=False))

    assert bell.calls == [("/ping/id", ""), ("/ping/id/fail", WORD.text), ("/ping/id", "прошло")]


async def test_no_redirect_is_followed() -> None:
    """R13: a redirect is an error, and nothing is called elsewhere."""
    async with sinks.bell() as bell:
        bell.status = 302
        with pytest.raises(channels.Undelivered, match="ответил 302"):
            await channels.Ping(bell.url).beat()

    assert [path for path, _ in bell.calls] == ["/ping/id"]


def test_a_password_isnt_said_in_the_open() -> None:
    """A server that offers no encryption gets no password; the object doesn't show it either."""
    by = channels.server("smtps://robot%40ro.ru:p%40ss@smtp.ro.ru")
    assert (by.host, by.port, by.encrypted, by.user, by.sender) == (
        "smtp.ro.ru",
        465,
        True,
        "robot@ro.ru",
        "robot@ro.ru",
    )
    assert by.password == "p@ss"
    assert "p@ss" not in repr(by)


@pytest.mark.parametrize("url", ["", "mail.ru", "http://x", "smtp://", "smtp://h:port", "smtp://[:1"])
def test_a_bad_server_is_a_sentence(url: str) -> None:
    """It never repeats what was written, and the ping goes on without mail."""
    with pytest.raises(channels.BadServer):
        channels.server(url)
    made, lack = channels.channels(("mailto:a@b.ru", "https://hc.example/1"), url)

    assert len(made) == 1
    assert lack.startswith("письма о бедах не уйдут: ")
