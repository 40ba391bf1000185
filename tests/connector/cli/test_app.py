"""The front of the command line: the table of questions, quick help, codes, the log in words (users.md F33)."""

from __future__ import annotations

import importlib.metadata
import io
import subprocess
import sys
from pathlib import Path

import pytest

from connector import settings
from connector.cli import app, demo, exits, finding, journal


def test_alone_it_answers_what_one_wants_to_know(capsys: pytest.CaptureFixture[str]) -> None:
    """F33: `voronka` prints «Хочу узнать… → команда»; data goes to stdout."""
    assert app.run([]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0].split() == ["Хочу", "узнать…", "команда"]
    assert ["почему", "так", "вышло", "voronka", "why", "ССЫЛКА"] in [
        line.split() for line in said.out.splitlines()
    ]
    assert said.err == ""


def test_support_staff_ask_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out == f"voronka {importlib.metadata.version('voronka')}\n"


def test_english_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    """X7: the same table in English."""
    assert app.run(["--lang", "en"]) == 0
    assert "know why something happened" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["nosuch"], ["why"], ["run", "--workers", "2"], ["check", "--format", "pdf"], ["why", "окна"]],
)
def test_wrong_usage_is_code_3(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stderr, nothing on stdout, no traceback."""
    assert app.run(arguments) == exits.Code.USAGE
    said = capsys.readouterr()
    assert (said.out, bool(said.err.strip()), "Traceback" in said.err) == ("", True, False)


def test_a_bad_setting_is_code_4(tmp_path: Path) -> None:
    """The variable is named."""
    config = tmp_path / "r.yaml"
    config.write_text("portal:\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "connector", "run", str(config)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=settings.child_environment(VORONKA_LEASE="час"),
    )
    assert (ran.returncode, ran.stderr) == (
        exits.Code.CONFIG,
        "VORONKA_LEASE: нужно число секунд больше нуля, например 30, а там «час»\n",
    )


def test_help_loads_nothing_heavy() -> None:
    """`voronka --help` stays under 0.3 s because none of these is imported."""
    probe = (
        "import sys; from connector.cli import app; app.run(['--help']);"
        "heavy = {'sqlalchemy', 'alembic', 'aiohttp', 'pydantic', 'structlog', 'jinja2', 'ruamel', 'rich', 'requests'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stderr == "[]\n"
    assert "why" in ran.stdout
    assert "ledger" not in ran.stdout


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", None), ("20s", 20.0), ("2m", 120.0), ("1h", 3600.0), ("1.5", 1.5), ("20с", 20.0)],
)
def test_durations_of_the_demo(text: str, seconds: float | None) -> None:
    """Seconds, minutes, hours; a bare number is seconds."""
    assert demo.duration(text) == seconds


@pytest.mark.parametrize("text", ["s", "-5s", "many", "0", "nan", "1e99h"])
def test_a_duration_that_is_none(text: str) -> None:
    """Said, not guessed."""
    with pytest.raises(exits.Stop) as stop:
        demo.duration(text)
    assert stop.value.code is exits.Code.USAGE


def test_the_only_configuration_is_found(tmp_path: Path) -> None:
    """Without a file named, the one YAML with a portal is meant; two must be told apart by the person."""
    with pytest.raises(exits.Stop, match="voronka connect"):
        finding.config(None, "run", tmp_path)
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    ours = tmp_path / "romashka.yaml"
    ours.write_text("version: 1\nportal:\n  address: r.bitrix24.ru\n", encoding="utf-8")
    assert finding.config(None, "run", tmp_path) == ours
    (tmp_path / "vasilek.yaml").write_text("portal:\n", encoding="utf-8")
    with pytest.raises(exits.Stop, match=r"romashka\.yaml, .*vasilek\.yaml"):
        finding.config(None, "run", tmp_path)


def test_the_log_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON lines become sentences, foreign lines pass, `--card` filters."""
    log = tmp_path / "v.log"
    log.write_text(
        '{"event":"intent.done","card":"deal:7","robot":"П/task","level":"info","timestamp":"2026-03-02T10:00:00Z"}\n'
        "a neighbour's print\n"
        '{"event":"portal.closed","reason":"тариф","level":"error","timestamp":"2026-03-02T10:00:01Z"}\n',
        encoding="utf-8",
    )
    assert app.run(["logs", str(log)]) == 0
    assert capsys.readouterr().out == (
        "2026-03-02 10:00:00   deal:7: «П/task»: сделано\na neighbour's print\n2026-03-02 10:00:01 ! тариф\n"
    )
    assert app.run(["logs", str(log), "--card", "deal:7"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_broken_line_of_the_log_is_passed_on() -> None:
    """Half a line (a cut disk) stops nothing."""
    assert list(journal.parsed(io.StringIO('{"event": "x"\n\n[1]\n'))) == [
        {"event": "log.foreign", "message": '{"event": "x"'},
        {"event": "log.foreign", "message": "[1]"},
    ]
