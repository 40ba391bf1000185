"""Tags: added beside those that are there, taken away alone (S1.4, S5.2)."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from robots import intents, model
from robots.kinds import tag
from tests.robots.kinds.test_field_acts import ID, doing
from tests.robots.world import World

FIELD = model.FieldCode("UF_CRM_TEGI")
LATER, WARM = tag.Tag("отложенный спрос", "отложенный спрос"), tag.Tag("тёплый", "тёплый")


def world(*there: str, remove: bool = False, tags: tuple[tag.Tag, ...] = (LATER,)) -> World:
    made = World(doing("tag", tag.Options(FIELD, tags, remove)))
    made.card = dataclasses.replace(made.card, fields={**made.card.fields, FIELD: there or None})
    made.look()
    return made


def test_a_tag_stands_beside_those_that_people_set() -> None:
    """Theirs come first and stay."""
    here = world("ВИП", tags=(LATER, WARM))
    assert here.told(ID) == [("wished", "метка: «отложенный спрос», «тёплый»")]
    here.work()
    assert here.card.value(FIELD) == ("ВИП", "отложенный спрос", "тёплый")


def test_what_is_there_already_is_left_alone() -> None:
    """In whatever letters people wrote it."""
    assert world("Отложенный спрос ").told(ID) == [("nothing_to_do", "метки уже такие")]
    assert world("ВИП", remove=True).told(ID) == [("nothing_to_do", "метки уже такие")]


def test_a_tag_is_taken_away_and_the_others_stay() -> None:
    """The act says so: whole lists are else only added to."""
    here = world("ВИП", "отложенный спрос", remove=True)
    assert here.told(ID) == [("wished", "снять метку: «отложенный спрос»")]
    here.work()
    assert here.card.value(FIELD) == ("ВИП",)
    (row,) = here.ledger.values()
    assert isinstance(row.wish.act, intents.SetFields)
    assert row.wish.act.takes_away


@given(st.lists(st.sampled_from(["а", "б", "в", "г"]), unique=True), st.lists(st.sampled_from("бгд"), min_size=1, unique=True), st.booleans())  # fmt: skip
def test_others_tags_are_never_touched(there: list[str], asked: list[str], remove: bool) -> None:
    """Once done, another look wants nothing, and what nobody named stands as it stood."""
    here = world(*there, remove=remove, tags=tuple(tag.Tag(one, one) for one in asked))
    here.work()
    value = here.card.value(FIELD)
    now = value if isinstance(value, tuple) else ()
    assert [one for one in now if one not in asked] == [one for one in there if one not in asked]
    assert (set(asked) & set(now) == set()) if remove else (set(asked) <= set(now))
    wished = len(here.ledger)
    here.look()
    assert len(here.ledger) == wished
