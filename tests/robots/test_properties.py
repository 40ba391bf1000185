"""Laws of the engine, over random lives of one deal: people move and edit it, doorbells come or don't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import hypothesis
from hypothesis import strategies as st

from robots import decision, intents
from tests.robots import builders, rules
from tests.robots.world import World

STAGES = ("Новый лид", "Обрабатываем запрос", "Сделали предложение", "Клиент получил заказ", "Дорого")
Deed = Callable[[World], object]


def move(stage: str) -> Deed:
    return lambda world: world.move(stage) if world.stage() != stage else None


def fill(name: str, value: object) -> Deed:
    return lambda world: world.fill({name: value})


DEEDS: dict[str, Deed] = {
    **{f"move to {stage}": move(stage) for stage in STAGES},
    "write Требования": fill("Требования", "окно 2 на 2"),
    "clear Требования": fill("Требования", None),
    "write Предмет": fill("Предмет сделки", "окна"),
    "write comment": fill("Комментарий при провале", "просит скидку"),
    "hand to Петрова": fill("Ответственный", builders.PETROVA),
    "hand to Иванов": fill("Ответственный", builders.IVANOV),
    "clear РОП": fill("РОП", None),
}
SETTLE = ("work", "look", "nothing")
lives = st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.sampled_from(SETTLE)), max_size=12)


def live(world: World, life: list[tuple[str, str]]) -> World:
    for deed, then in life:
        world.after(minutes=7)
        DEEDS[deed](world)
        if then == "work":
            world.work()
        elif then == "look":
            world.look()
    return world.after(minutes=7).work()


@hypothesis.given(lives)
def test_the_same_look_twice_wishes_nothing_new(life: list[tuple[str, str]]) -> None:
    """The ledger's keys are made of causes; a settled deal stays settled however often it is looked at."""
    world = live(World(rules.funnel()), life)
    keys = list(world.ledger)

    world.work()
    assert list(world.ledger) == keys


@hypothesis.given(lives)
def test_a_missed_doorbell_changes_nothing_in_the_end(life: list[tuple[str, str]]) -> None:
    """Looked at after every deed or only at the end: the same head, the same open tasks (without gates, which
    change the story themselves)."""
    ungated = decision.Rules(rules.funnel().robots)
    watched = live(World(ungated), [(deed, "work") for deed, _ in life])
    missed = live(World(ungated), [(deed, "nothing") for deed, _ in life])

    assert watched.open_tasks() == missed.open_tasks()
    assert watched.card.value(builders.ROP) == missed.card.value(builders.ROP)


@hypothesis.given(lives)
def test_one_copy_and_one_open_task_at_most(life: list[tuple[str, str]]) -> None:
    """S5.1 and S2.4, whatever people do."""
    world = live(World(rules.funnel()), life)
    acts = Counter(world.acts())

    assert acts["copy to Доставка"] <= 1
    assert len([title for title in world.open_tasks() if "руководителя" not in title]) <= 1


@hypothesis.given(lives)
def test_a_deal_stands_only_where_its_gates_let_it(life: list[tuple[str, str]]) -> None:
    """Every return goes to the accepted stage; after the work is done nothing waits in a refused stage, except a deal
    that was returned three times today."""
    world = live(World(rules.funnel()), life)

    assert world.refused is None
    returned = [row for row in world.ledger.values() if isinstance(row.wish.act, intents.MoveStage)]
    assert all(row.wish.stands_on is None for row in returned)


@hypothesis.given(lives)
def test_no_wish_without_a_reason_and_a_line(life: list[tuple[str, str]]) -> None:
    """F23: everything can be answered."""
    world = live(World(rules.funnel()), life)

    assert all(row.wish.because for row in world.ledger.values())
    assert all(line.reason for line in world.trace)
