"""How the daemon is put together: whose webhook, whose doorbells, what a harness scales, where a trial dies."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from connector import settings
from connector.bootstrap import joining, wiring
from connector.web import seams
from robots import model
from tests.connector.web import doorstep, test_hooks
from tests.robots import builders

CODE = "abcdefgh12345678"


@dataclass
class Section:
    address: str = "romashka.bitrix24.ru"
    insecure_http: bool = False
    events: str = "webhook"
    sweep_seconds: int = 45


def test_the_host_comes_from_the_configuration_only() -> None:
    """R13: a webhook of another portal, plain http, a redirecting address: refused before anything is sent."""
    for url in (
        f"https://evil.example/rest/1/{CODE}/",
        f"http://romashka.bitrix24.ru/rest/1/{CODE}/",
        f"https://romashka.bitrix24.ru@evil.example/rest/1/{CODE}/",
    ):
        with pytest.raises(wiring.BadUrl) as refused:
            wiring.webhook(Section(), settings.Secrets(url))
        assert CODE not in str(refused.value)


def test_doorbells_of_a_named_portal_are_held_to_its_host() -> None:
    """Its id and its whole host are understood; a sandbox on loopback may call itself what it likes."""
    named = wiring.hook_portals(Section(), settings.Secrets("", "tok"))
    assert set(named) == {"romashka", "romashka.bitrix24.ru"}
    assert named["romashka"].host == "romashka.bitrix24.ru"
    local = wiring.hook_portals(Section("127.0.0.1:8010"), settings.Secrets("", "tok"))
    assert (local["127-0-0-1"].host, local["127-0-0-1"].id) == ("", model.PortalId("127-0-0-1"))


def test_a_harness_scales_the_loops_as_a_whole() -> None:
    """60 s become 2 s: the double look and the other life's window shrink with it; the YAML's sweep holds unless set."""
    usual = wiring.loop_settings(settings.load({}), Section())
    assert (usual.sweep_period, usual.settle_window, usual.foreign_window) == (45.0, 60.0, 130.0)
    env = {"VORONKA_SETTLE_WINDOW": "2", "VORONKA_REQUEST_TIMEOUT": "3", "VORONKA_SWEEP_PERIOD": "1"}
    scaled = wiring.loop_settings(settings.load(env), Section())
    assert (scaled.sweep_period, scaled.settle_window, scaled.foreign_window) == (1.0, 2.0, 5.0)
    assert scaled.look_twice_gap < 0.2


def test_a_crash_trial_dies_at_its_point() -> None:
    """`after_record:2` passes once and is killed at the second time, as by kill -9."""
    probe = (
        "from connector.bootstrap import wiring; at = wiring.crash('after_record:2')\n"
        "for point in ('before_send', 'after_record', 'before_send', 'after_record', 'never'): print(point, flush=True); at(point)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, timeout=30, check=False
    )
    said = [line for line in ran.stdout.splitlines() if "crash" not in line]
    assert (ran.returncode, said) == (-9, ["before_send", "after_record", "before_send", "after_record"])


async def test_the_portals_own_parser_survives_noise() -> None:
    """R11: 400 hostile bodies through the real parser; every answer is a documented one, none a 500."""
    dice = random.Random(7)
    door = doorstep.Doorstep(parse=wiring.parse)
    async with TestClient(TestServer(door.app())) as client:
        seen = {
            (await client.post("/hooks/romashka", data=test_hooks.hostile(dice))).status for _ in range(400)
        }
        good = await client.post("/hooks/romashka", data=doorstep.form(4711))
    assert seen <= {200, 400, 403, 413}
    assert (good.status, door.inbox.marks[-1][1].id) == (200, 4711)


def test_a_body_that_is_no_form_says_no_more() -> None:
    """The refusal doesn't repeat what was sent."""
    with pytest.raises(seams.HookMalformed) as refused:
        wiring.parse(b"\xff\xfe secret")
    assert "secret" not in str(refused.value)


def test_the_starter_speaks_the_portals_words(tmp_path: Path) -> None:
    """F20: a pipeline in use keeps its name of success; a name that YAML would misread is quoted; nothing secret."""
    seen = builders.directory()
    text = joining.starter(
        joining.Section("romashka.bitrix24.ru"), seen, preset="rop-funnel", pipeline="Доставка", public_url=""
    )
    assert "    names:\n      Клиент получил заказ: Доставлен\n" in text
    assert "  address: romashka.bitrix24.ru\n" in text
    assert "mode: watch" in text
    odd = joining.starter(
        joining.Section("127.0.0.1:8010", True),
        seen,
        preset="rop-funnel",
        pipeline="Опт: #1",
        public_url="https://r.ru",
    )
    assert '    pipeline: "Опт: #1"\n' in odd
    assert '  address: "127.0.0.1:8010"\n  insecure_http: true\n' in odd
    assert "  events: webhook\n" in odd
    with pytest.raises(joining.Refused, match=r"есть: departments, lead-basics, .*sales-department"):
        joining.starter(joining.Section("r"), seen, preset="нет", pipeline="П", public_url="")


def test_a_preset_s_own_questions_stand_in_the_starter_and_its_variants_are_created() -> None:
    """F20, F32: what it asks is told, what was answered stands there, and what the answers want is looked for."""
    seen = builders.directory()

    def made(preset: str, **answers: str) -> str:
        return joining.starter(
            joining.Section("r.ru"), seen, preset=preset, pipeline="Продажи", public_url="", answers=answers
        )

    text = made("departments", delivery_head="Смирнов Олег", departments="three", mode="on")
    assert "#   delivery_head — руководитель следующего отдела\n" in text
    assert text.split("  with:\n")[1].split("\n\n")[0].splitlines() == [
        "    delivery_head: Смирнов Олег",
        "    departments: three",
        "    mode: on",
        "    pipeline: Продажи",
    ]
    assert [one.pipeline for one in joining.lacking(text, seen).pipelines] == ["Сопровождение"]
    assert "    pipeline:" not in made("lead-basics"), "what isn't asked isn't answered"
    with pytest.raises(
        joining.Refused, match=r"«lead-basics» не спрашивает «head»; она спрашивает: department,"
    ):
        made("lead-basics", head="Смирнов Олег")


def test_what_will_be_created_is_shown_first() -> None:
    """S2.12: each field and stage in plain words, before anything is made."""
    seen = builders.directory()
    text = joining.starter(
        joining.Section("romashka.bitrix24.ru"), seen, preset="rop-funnel", pipeline="Продажи", public_url=""
    )
    listed = list(joining.words(joining.lacking(text, seen)))
    assert listed
    assert all(line.startswith(("поле «", "значение «", "стадия «", "воронка «")) for line in listed)
