"""Secrets, refusals, batch texts and unreadable bodies: pure parts, and the transport against a rude server."""

from __future__ import annotations

import pickle
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import test_utils, web
from hypothesis import given
from hypothesis import strategies as st

from connector import errors
from connector.bitrix24 import classify, client, phpquery, secret, transport

CANARY = "canary5ecret"
URL = f"https://acme.bitrix24.ru/rest/7/{CANARY}/"
Closed = errors.Closed


def test_a_webhook_never_shows_its_secret() -> None:
    """Not in repr, str, errors, or a pickle; only the transport spells it."""
    url = secret.WebhookUrl(URL)
    assert CANARY not in f"{url!r} {url}"
    assert CANARY not in url.redact(f"Cannot connect to {URL} with {CANARY}")
    assert url.reveal("batch") == f"https://acme.bitrix24.ru/rest/7/{CANARY}/batch.json"
    with pytest.raises(TypeError):
        pickle.dumps(url)


@pytest.mark.parametrize(
    "text",
    [
        f"http://acme.bitrix24.ru/rest/7/{CANARY}/",
        f"ftp://acme.bitrix24.ru/rest/7/{CANARY}/",
        f"https://u:p@acme.bitrix24.ru/rest/7/{CANARY}/",
        f"https://acme.bitrix24.ru/rest/7/{CANARY}/?x=1",
        f"https:///rest/7/{CANARY}/",
        "https://acme.bitrix24.ru/",
        CANARY,
    ],
)
def test_what_is_no_webhook_is_refused(text: str) -> None:
    """Plain http too, and the refusal doesn't tell the secret."""
    with pytest.raises(secret.BadUrl) as caught:
        secret.WebhookUrl(text)
    assert CANARY not in str(caught.value)


def test_plain_http_is_for_loopback_and_only_when_allowed() -> None:
    """A sandbox on this machine."""
    local = f"http://127.0.0.1:8080/rest/7/{CANARY}/"
    assert secret.WebhookUrl(local, insecure_http=True).host == "127.0.0.1:8080"
    for text, allowed in ((local, False), (f"http://10.0.0.1/rest/7/{CANARY}/", True)):
        with pytest.raises(secret.BadUrl):
            secret.WebhookUrl(text, insecure_http=allowed)


@pytest.mark.parametrize(
    ("status", "code", "text", "wanted"),
    [
        (401, "NO_AUTH_FOUND", "", Closed.REVOKED),
        (401, "INVALID_CREDENTIALS", "", Closed.REVOKED),
        (401, "expired_token", "", Closed.REVOKED),
        (403, "ACCESS_DENIED", "REST API is available only on commercial plans", Closed.TARIFF),
        (500, "PORTAL_DELETED", "", Closed.DELETED),
        (503, "OVERLOAD_LIMIT", "", Closed.OVERLOAD),
        (302, "", "", Closed.MOVED),
        (503, "QUERY_LIMIT_EXCEEDED", "", errors.Retryable),
        (429, "OPERATION_TIME_LIMIT", "", errors.Retryable),
        (500, "INTERNAL_SERVER_ERROR", "", errors.Unknown),
        (502, "", "", errors.Unknown),
        (403, "insufficient_scope", "", errors.NoScope),
        (400, "ACCESS_DENIED", "", errors.NoRights),
        (400, "NOT_FOUND", "Элемент не найден", errors.NotFound),
        (400, "", "Not found", errors.NotFound),
        (400, "", "Access denied.", errors.NoRights),
        (400, "CRM_FIELD_ERROR_REQUIRED", "Not found", errors.Rejected),
        (400, "100", "", errors.Rejected),
        (404, "ERROR_METHOD_NOT_FOUND", "", errors.Rejected),
    ],
)
def test_refusals_are_sorted_by_status_and_code(
    status: int, code: str, text: str, wanted: Closed | type[errors.PortalError]
) -> None:
    """Texts count only where the code is empty; case never."""
    for spelled in (code, code.lower()):
        error = classify.refusal(status, spelled, text, method="crm.item.add", write=True, system=True)
        if isinstance(wanted, Closed):
            assert isinstance(error, errors.PortalClosed)
            assert error.why is wanted
        else:
            assert type(error) is wanted


def test_inside_a_batch_rights_are_of_an_object() -> None:
    """ACCESS_DENIED of a command isn't the tariff; a read may be tried again after a crash over there."""
    denied = classify.refusal(0, "ACCESS_DENIED", "", method="m", write=False, system=False)
    assert type(denied) is errors.NoRights
    broke = classify.refusal(0, "INTERNAL_SERVER_ERROR", "", method="m", write=False, system=False)
    assert type(broke) is errors.Retryable
    scope = classify.refusal(0, "insufficient_scope", "", method="tasks.task.add", write=True, system=False)
    assert "«task»" in scope.text


@pytest.mark.parametrize(
    ("envelope", "code"),
    [({"error": 0}, "0"), ({"error": "100"}, "100"), ({"error": None}, ""), ([], ""), ({"error": ["x"]}, "")],
)
def test_codes_are_read_in_all_their_shapes(envelope: object, code: str) -> None:
    """Numbers, numeric strings, nothing."""
    assert classify.code_of(envelope)[0] == code


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(
    value=TEXTS.filter(lambda text: "$result" not in text), key=st.text("abc@>=id_", min_size=1, max_size=8)
)
def test_batch_texts_come_back_as_they_were(value: str, key: str) -> None:
    """Ampersands, percent signs, brackets, line breaks: all survive PHP's parser."""
    line = phpquery.encode(client.Command("m", {"filter": {key: value}}), {})
    method, _, query = line.partition("?")
    assert (method, urllib.parse.parse_qsl(query, keep_blank_values=True)) == (
        "m",
        [(f"filter[{key}]", value)],
    )


def test_references_are_made_by_us_only() -> None:
    """A stranger's text is broken, a Ref isn't; both in one command."""
    command = client.Command(
        "m", {"a": phpquery.Ref("t", "id"), "b": "$result[x][id]", "c": [], "d": True, "e": None}
    )
    line = urllib.parse.unquote(phpquery.encode(command, {"t": "u0c0"}))
    assert line == "m?a=$result[u0c0][id]&b=$\u2060result[x][id]&c[0]=&d=1&e="
    assert phpquery.needs_own_request(command)
    assert not phpquery.needs_own_request(client.Command("m", {"a": phpquery.Ref("t", "id"), "b": [1]}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"result":',
        b"[]",
        b'"x"',
        b"\xff",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_unreadable_bodies_are_value_errors(body: bytes) -> None:
    """HTML, truncated, not a map, wrong bytes, NaN, too deep, too large a number."""
    with pytest.raises(ValueError):
        transport.decode(body)


def test_nasty_characters_are_cleaned_at_the_border() -> None:
    """NUL and lone surrogates would be refused by one database and taken by the other."""
    assert transport.decode(b'{"a\\u0000": ["x\\ud800y", "\\ud83d\\ude00"]}') == {"a": ["x\ufffdy", "😀"]}


@asynccontextmanager
async def _server(
    answer: web.Response | None, size_cap: int = 1000
) -> AsyncIterator[tuple[transport.Transport, list[str]]]:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if answer is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    async with test_utils.TestServer(app, host="127.0.0.1") as server:
        url = secret.WebhookUrl(f"http://127.0.0.1:{server.port}/rest/7/{CANARY}/", insecure_http=True)
        made = transport.Transport(url, timeout=2, size_cap=size_cap)
        try:
            yield made, asked
        finally:
            await made.close()


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(text="<html>502</html>", status=502),
        web.Response(text="<html>hello</html>"),
        web.Response(text='{"result": "' + "x" * 5000 + '"}'),
        None,
    ],
)
async def test_what_was_sent_without_a_readable_answer_is_unknown(answer: web.Response | None) -> None:
    """And no text or chain of the error holds the secret."""
    async with _server(answer) as (made, _):
        with pytest.raises(errors.Unknown) as caught:
            await made.post("batch", {})
        assert CANARY not in f"{caught.value} {caught.value.__cause__!r}"
        assert caught.value.__suppress_context__


async def test_redirects_are_not_followed() -> None:
    """A POST would become a GET elsewhere, with the secret in a stranger's log."""
    moved = web.Response(status=302, headers={"Location": "http://127.0.0.1:1/steal"})
    async with _server(moved) as (made, asked):
        reply = await made.post("batch", {})
        assert (reply.status, len(asked)) == (302, 1)


async def test_files_come_only_from_the_portal() -> None:
    """An address of another host isn't asked at all."""
    async with _server(web.Response(text="body")) as (made, asked):
        assert await made.download("/rest/download/5") == b"body"
        with pytest.raises(errors.Rejected):
            await made.download("https://evil.example/x")
        with pytest.raises(errors.Rejected):
            await made.download("//evil.example/x")
        assert asked == ["/rest/download/5"]
