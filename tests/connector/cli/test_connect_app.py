"""`voronka connect --app` where it can't go on: a sentence, a code, and nothing written."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from connector import settings
from connector.cli import exits
from tests.acceptance import driver

PUBLIC = ["--public-url", "https://v.romashka.ru"]
ADDRESS = ["--address", "romashka.bitrix24.ru"]


def connect(folder: Path, *args: str, **env: str) -> tuple[int, str, str]:
    """(code, stdout, the last line of stderr)"""
    ran = subprocess.run(
        [str(driver.VORONKA), "connect", "--app", "--yes", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            **settings.child_environment(),
            "VORONKA_HOME": str(folder / "home"),
            "VORONKA_HTTP_PORT": "0",
            "B24_URL": "",
            **env,
        },
    )
    return ran.returncode, ran.stdout, ran.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([*PUBLIC], exits.Code.USAGE, "нужен адрес портала: --address"),
        ([*ADDRESS], exits.Code.USAGE, "--public-url https://voronka.romashka.ru"),
        ([*ADDRESS, "--public-url", "http://v.ru"], exits.Code.USAGE, "--public-url"),
        ([*ADDRESS, "--insecure-http", *PUBLIC], exits.Code.USAGE, "нужен https"),
        ([*ADDRESS, *PUBLIC, "--wait", "1"], exits.Code.PORTAL, "портал не пришёл: проверьте, что он видит"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, args: list[str], code: exits.Code, said: str) -> None:
    """No YAML, no secrets, nothing on stdout."""
    ended, out, last = connect(tmp_path, *args)
    assert (ended, out) == (code, "")
    assert said in last
    assert [name for name in os.listdir(tmp_path) if name != "home"] == []


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """Mostly our own daemon: it must stand aside for this while."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended, _, last = connect(tmp_path, *ADDRESS, *PUBLIC, VORONKA_HTTP_PORT=port)
    assert ended == exits.Code.REFUSED
    assert "Если Voronka уже запущена, остановите её" in last


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"B24_CLIENT_SECRET": ""}, "не задан B24_CLIENT_SECRET"),
        ({"VORONKA_TOKENS_KEY": "short"}, "VORONKA_TOKENS_KEY не годится"),
        ({"B24_OAUTH_SERVER": "http://oauth.example"}, "B24_OAUTH_SERVER: нужен адрес"),
    ],
)
def test_run_refuses_an_application_it_cant_be(tmp_path: Path, env: dict[str, str], said: str) -> None:
    """Code 4 before anything is opened; neither a secret nor a key in the words."""
    file = tmp_path / "romashka.yaml"
    file.write_text("version: 1\nportal: {kind: bitrix24, address: romashka.bitrix24.ru}\n", "utf-8")
    whole = {
        "B24_CLIENT_ID": "local.1",
        "B24_CLIENT_SECRET": "canary-secret",
        "VORONKA_TOKENS_KEY": "A" * 43 + "=",
        **env,
    }
    ran = subprocess.run(
        [str(driver.VORONKA), "run", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**settings.child_environment(), "VORONKA_HOME": str(tmp_path), **whole},
    )
    assert (ran.returncode, said in ran.stderr, "canary" in ran.stderr) == (exits.Code.CONFIG, True, False)
