"""S5.5: each of the five mistakes is found by its numbers, and a healthy funnel is left in peace."""

from __future__ import annotations

import dataclasses
import random

import hypothesis
from hypothesis import strategies as st

from robots import model
from robots.insight import audit, rows
from tests.robots import builders
from tests.robots.insight import lives

M = audit.Mistake
NOW = 200
HELPER = model.FieldCode("UF_CRM_MEASURER")


def found(
    seen: list[rows.Life], directory: model.Directory = lives.DIRECTORY
) -> dict[tuple[audit.Mistake, str], audit.Finding]:
    return {(one.mistake, one.subject): one for one in audit.audit(seen, directory, lives.day(NOW))}


def test_a_dump_stage() -> None:
    """Twelve of twenty open deals stand in one stage, ten of them for longer than a month."""
    seen = [lives.deal(n, ("Получили ответ", 1)) for n in range(10)]
    seen += [lives.deal(10 + n, ("Получили ответ", NOW - 3)) for n in range(2)]
    seen += [lives.deal(20 + n, ("Новый лид", NOW - 3)) for n in range(8)]
    ((key, told),) = found(seen).items()
    assert key == (M.DUMP, "Получили ответ")
    assert told.numbers == {"standing": 12, "open": 20, "old": 10}
    assert "12 карточек из 20 открытых" in told.evidence
    assert found(seen[1:3] + seen[10:]) == {}
    young = [lives.deal(30 + n, ("Получили ответ", NOW - 3)) for n in range(7)]
    assert found([*seen[:5], *young]) == {}


def test_a_fixed_step_merged_with_waiting() -> None:
    """The offer is written within a day by half, and waited for over a week by the other half."""
    fast = [lives.deal(n, ("Обрабатываем запрос", 0), ("Сделали предложение", 0.5)) for n in range(10)]
    slow = [lives.deal(20 + n, ("Обрабатываем запрос", 0), ("Дорого", 8)) for n in range(10)]
    told = found([*fast[:9], *slow])
    assert (M.MIXED, "Обрабатываем запрос") not in told
    told = found([*fast, *slow])
    assert told[M.MIXED, "Обрабатываем запрос"].numbers == {"stays": 20, "short": 10, "long": 10}


def test_the_responsible_changed_on_the_way() -> None:
    """Ten of forty: results are counted for the last one."""
    seen = [lives.deal(n, ("Новый лид", 0), ("Дорого", 3), handovers=int(n < 10)) for n in range(40)]
    assert found(seen)[M.HANDOVER, "Ответственный"].numbers == {"handed": 10, "cards": 40}
    assert found(seen[1:]) == {}


def helped(code: model.FieldCode, *people: model.UserId) -> list[rows.Life]:
    way = (("Новый лид", 0), ("Обрабатываем запрос", 1), ("Сделали предложение", 3), ("Дорого", 6))
    return [lives.deal(n, *way, held=[(code, (people[n % len(people)],))]) for n in range(10)]


def test_a_helper_kept_in_a_field() -> None:
    """«Замерщик» filled over four stages; РОП in every card is as it should be, and so is one dispatcher for all."""
    deal_fields = dict(lives.DIRECTORY.fields["deal"])
    deal_fields[HELPER] = model.Field(HELPER, "Замерщик", model.FieldType.USER)
    directory = dataclasses.replace(lives.DIRECTORY, fields={"deal": deal_fields})
    two = (builders.PETROVA, builders.SIDOROVA)
    assert found(helped(HELPER, *two), directory)[M.HELPER, "Замерщик"].numbers == {"cards": 10, "people": 2}
    assert found(helped(builders.ROP, *two), directory) == {}
    assert found(helped(HELPER, builders.PETROVA), directory) == {}


def test_vague_names() -> None:
    """«В работе» says neither what happened nor what to do."""
    board = dataclasses.replace(
        lives.DIRECTORY.pipelines[0],
        stages=(model.Stage(model.StageId("C1:NEW"), "В работе", 1, model.Semantic.WORK),),
    )
    directory = dataclasses.replace(lives.DIRECTORY, pipelines=(board,))
    assert found([], directory)[M.VAGUE, "В работе"].numbers == {"standing": 0}
    assert found([]) == {}


def test_every_finding_has_numbers_and_a_cure() -> None:
    """No finding is a bare word."""
    for one in found([lives.deal(n, ("Получили ответ", 1)) for n in range(20)]).values():
        assert one.evidence
        assert one.cure
        assert all(str(number) in one.evidence for number in one.numbers.values())


@hypothesis.given(lives.many(), st.randoms())
def test_order_is_nothing(seen: list[rows.Life], dice: random.Random) -> None:
    """Rows come in any order; ten copies of each make findings likely."""
    many = [
        life._replace(ref=model.CardRef(life.ref.kind, life.ref.id * 100 + n))
        for life in seen
        for n in range(10)
    ]
    shuffled = list(many)
    dice.shuffle(shuffled)
    assert found(shuffled) == found(many)
