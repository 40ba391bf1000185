"""What of OAuth stands on the wire and in the store: sealed tokens, addresses, the server's refusals."""

from __future__ import annotations

import pickle

import pytest

from connector import errors
from connector.bitrix24 import authserver, secret, tokens
from robots import model

ACME = model.PortalId("acme")


SERVER = "https://oauth.bitrix24.tech"


def test_what_is_sealed_opens_with_its_key_and_its_portal_alone() -> None:
    """Another key, another portal's row, a damaged text: refused, in words without a secret."""
    grant = tokens.Grant("canary-access", "canary-refresh", "canary-app", "m", SERVER)
    vault = tokens.Vault(tokens.fresh_key())
    sealed = vault.seal(ACME, grant)
    assert vault.open(ACME, sealed) == grant
    assert "canary" not in f"{sealed} {grant!r} {vault!r}"
    assert sealed != vault.seal(ACME, grant)
    last = "A" if sealed[-5] != "A" else "B"
    for other, portal, text in (
        (tokens.Vault(tokens.fresh_key()), ACME, sealed),
        (vault, model.PortalId("other"), sealed),
        (vault, ACME, f"{sealed[:-5]}{last}{sealed[-4:]}"),
        (vault, ACME, "v1.не текст"),
        (vault, ACME, ""),
    ):
        with pytest.raises(tokens.BadKey):
            other.open(portal, text)
    for bad in ("", "short", "не ключ", "A" * 44 + "!"):
        with pytest.raises(tokens.BadKey, match="VORONKA_TOKENS_KEY не годится"):
            tokens.Vault(bad)


def test_an_access_token_stands_in_the_body_only() -> None:
    """Addresses get into logs; neither repr nor a pickle holds it."""
    address = secret.AppAddress("https://acme.bitrix24.ru", "canary")
    assert address.reveal("batch") == "https://acme.bitrix24.ru/rest/batch.json"
    assert address.signed({"cmd": {}}) == {"cmd": {}, "auth": "canary"}
    assert "canary" not in f"{address!r} {address.redact('see canary')}"
    with pytest.raises(TypeError):
        pickle.dumps(address)


@pytest.mark.parametrize(
    ("address", "insecure", "origin"),
    [
        ("romashka.bitrix24.ru", False, "https://romashka.bitrix24.ru"),
        ("https://Romashka.bitrix24.ru/crm/", False, "https://romashka.bitrix24.ru"),
        ("127.0.0.1:8010", True, "http://127.0.0.1:8010"),
        ("127.0.0.1:8010", False, "https://127.0.0.1:8010"),
    ],
)
def test_a_portals_origin_is_made_of_the_configured_address(
    address: str, insecure: bool, origin: str
) -> None:
    """https, but for a sandbox on this machine."""
    assert secret.origin_of(address, insecure_http=insecure) == origin


@pytest.mark.parametrize("address", ["romashka.bitrix24.ru", "10.0.0.1"])
def test_plain_http_is_for_this_machine(address: str) -> None:
    """A token over plain http would be anybody's."""
    with pytest.raises(secret.BadUrl):
        secret.origin_of(address, insecure_http=True)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"error":"invalid_grant"}', "invalid_grant"),
        (200, b'{"error":"invalid_grant","error_description":"x"}', "invalid_grant"),
        (401, b'{"error":"PAYMENT_REQUIRED"}', "payment_required"),
    ],
)
def test_a_refusal_is_one_whatever_its_status(status: int, body: bytes, code: str) -> None:
    """The documentation names the codes and not the statuses."""
    with pytest.raises(authserver.Denied) as denied:
        authserver.given(status, body)
    assert denied.value.code == code


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'{"access_token":"a"}'),
        (200, b'{"access_token":"a","refresh_token":7}'),
        (500, b'{"access_token":"a","refresh_token":"r"}'),
    ],
)
def test_an_answer_without_tokens_decides_nothing(status: int, body: bytes) -> None:
    """The refresh token may have been used up by it: to be tried again, and told."""
    with pytest.raises(authserver.Unheard):
        authserver.given(status, body)


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://oauth.bitrix.info/rest/", "https://oauth.bitrix.info"),
        ("https://OAUTH.bitrix24.tech/rest/", SERVER),
        ("", SERVER),
        ("https://oauth.bitrix24.tech.evil.example/rest/", None),
        ("http://oauth.bitrix24.tech/rest/", None),
        ("https://evil.example/rest/", None),
        ("https://oauth.bitrix24.tech@evil.example/", None),
    ],
)
def test_a_hook_names_a_known_server_or_none(endpoint: str, origin: str | None) -> None:
    """R13: the application's secret goes nowhere else."""
    if origin is not None:
        assert authserver.origin_of(endpoint, authserver.KNOWN) == origin
        return
    with pytest.raises(ValueError, match="чужой"):
        authserver.origin_of(endpoint, authserver.KNOWN)


async def test_a_server_off_the_list_is_never_asked() -> None:
    """Even if a row of the store names it."""
    server = authserver.Server(authserver.App("id", "secret"), authserver.KNOWN)
    with pytest.raises(errors.Retryable, match="не из списка"):
        await server.ask("https://evil.example", grant_type="refresh_token", refresh_token="r")
    assert "secret" not in repr(authserver.App("id", "secret"))
