"""Settings: defaults for a small company, a plain sentence for a bad value, secrets that don't show (R12, F7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import settings


def test_nothing_set_is_a_working_daemon() -> None:
    """Without any variable everything has the documented default, and listens on loopback."""
    made = settings.load({"XDG_STATE_HOME": "/var/lib"})
    assert made == settings.Settings(
        home=Path("/var/lib/voronka"), database_url="sqlite:////var/lib/voronka/voronka.sqlite"
    )
    assert (made.http_host, made.http_port, made.sweep_period) == ("127.0.0.1", 8080, None)


def test_every_variable_of_the_harness_is_read() -> None:
    """60 s can be scaled to 2 s: seconds are plain numbers."""
    made = settings.load(
        {
            "VORONKA_HOME": "/h",
            "VORONKA_DATABASE_URL": "postgresql://db/v",
            "VORONKA_HTTP_HOST": "0.0.0.0",
            "VORONKA_HTTP_PORT": "9000",
            "VORONKA_SETTLE_WINDOW": "2",
            "VORONKA_REQUEST_TIMEOUT": "2.5",
            "VORONKA_SWEEP_PERIOD": "1",
            "VORONKA_LEASE": "3",
            "VORONKA_BODY_TIMEOUT": "0.5",
            "VORONKA_LOG_LEVEL": "debug",
            "VORONKA_LANG": "en",
            "VORONKA_CRASH_AT": "before_send",
        }
    )
    assert made == settings.Settings(
        Path("/h"),
        "postgresql://db/v",
        "0.0.0.0",
        9000,
        2.0,
        2.5,
        1.0,
        3.0,
        0.5,
        "DEBUG",
        "en",
        "before_send",
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VORONKA_LEASE", "час", "VORONKA_LEASE: нужно число секунд больше нуля, например 30, а там «час»"),
        ("VORONKA_LEASE", "-1", "VORONKA_LEASE: нужно число секунд больше нуля, например 30, а там «-1»"),
        ("VORONKA_LEASE", "nan", "VORONKA_LEASE: нужно число секунд больше нуля, например 30, а там «nan»"),
        ("VORONKA_HTTP_PORT", "http", "VORONKA_HTTP_PORT: нужен номер порта от 0 до 65535, а там «http»"),
        ("VORONKA_HTTP_PORT", "70000", "VORONKA_HTTP_PORT: нужен номер порта от 0 до 65535, а там «70000»"),
        (
            "VORONKA_LOG_LEVEL",
            "loud",
            "VORONKA_LOG_LEVEL: нужно одно из DEBUG, INFO, WARNING, ERROR, а там «loud»",
        ),
    ],
)
def test_a_bad_value_is_one_sentence(name: str, value: str, said: str) -> None:
    """The variable is named, the wanted form shown, the value quoted."""
    with pytest.raises(settings.SettingsError) as refused:
        settings.load({name: value})
    assert str(refused.value) == said


def test_secrets_lie_beside_the_yaml_and_the_environment_wins(tmp_path: Path) -> None:
    """`romashka.yaml` has `romashka.secrets`, readable by its owner only."""
    config = tmp_path / "romashka.yaml"
    written = settings.write_secrets(config, settings.Secrets("https://r.bitrix24.ru/rest/1/abc/", "tok"))
    assert (written.name, written.stat().st_mode & 0o777) == ("romashka.secrets", 0o600)
    assert settings.secrets(config, {}) == settings.Secrets("https://r.bitrix24.ru/rest/1/abc/", "tok")
    over = settings.secrets(config, {"B24_EVENTS_TOKEN": "other"})
    assert over == settings.Secrets("https://r.bitrix24.ru/rest/1/abc/", "other")
    assert "abc" not in repr(over)


def test_an_applications_secrets_lie_beside_them(tmp_path: Path) -> None:
    """Id, secret, the key of the tokens: in the same file of the same mode; the log hides the secrets, not the id."""
    config = tmp_path / "romashka.yaml"
    app = settings.Secrets(client_id="local.1", client_secret="canary-secret", tokens_key="canary-key")
    written = settings.write_secrets(config, app)
    assert (settings.secrets(config, {}), written.stat().st_mode & 0o777) == (app, 0o600)
    assert (app.app, settings.Secrets("u", "t").app) == (True, False)
    assert app.values() == ("canary-secret", "canary-key")
    assert "canary" not in repr(app)
    over = settings.secrets(config, {"B24_CLIENT_SECRET": "other", "B24_OAUTH_SERVER": "https://o.example"})
    assert (over.client_secret, over.oauth_server) == ("other", "https://o.example")
    assert settings.load({"VORONKA_PUBLIC_URL": " https://v.example/ "}).public_url == "https://v.example"


def test_a_secrets_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The sentence holds the command that mends it."""
    config = tmp_path / "romashka.yaml"
    path = settings.write_secrets(config, settings.Secrets("u", "t"))
    path.chmod(0o644)
    with pytest.raises(settings.Refused, match=r"chmod 600 .*romashka\.secrets"):
        settings.secrets(config, {})


@pytest.mark.parametrize("text", ["B24_URL", "PASSWORD=1", "просто текст"])
def test_a_line_that_is_no_secret_is_named_without_its_value(tmp_path: Path, text: str) -> None:
    """What can't be understood may be a secret: only its place is said."""
    config = tmp_path / "romashka.yaml"
    path = settings.write_secrets(config, settings.Secrets())
    path.write_text(f"# да\n\n{text}\n", encoding="utf-8")
    with pytest.raises(settings.SettingsError) as refused:
        settings.secrets(config, {})
    assert str(refused.value) == (
        f"{path}:3: строка должна быть вида ИМЯ=значение, имена: B24_URL, B24_EVENTS_TOKEN"
    )


@pytest.mark.parametrize(
    ("address", "portal"),
    [
        ("romashka.bitrix24.ru", "romashka"),
        ("https://Romashka.bitrix24.ru/crm/", "romashka"),
        ("localhost:8010", "localhost"),
        ("127.0.0.1:8010", "127-0-0-1"),
    ],
)
def test_a_portals_id_is_the_first_label(address: str, portal: str) -> None:
    """The id stands in `/hooks/{portal}`; the whole host is understood there as well."""
    assert settings.portal_id(address) == portal
    assert {portal, settings.host_of(address)} <= settings.hook_names(address)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("romashka.bitrix24.ru", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_told_by_address_not_by_hope(host: str, loopback: bool) -> None:
    """Only these may be spoken to over plain http."""
    assert settings.is_loopback(host) is loopback
