"""triage: saved rules over cards; the first that fits takes the card, once (S1.4, S3.2)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from robots import decision, intents
from robots import look as looks
from tests.robots import builders, world
from tests.robots.config import reading
from tests.robots.world import World

YAML = """
    version: 1
    people:
      менеджер: {field: Ответственный}
    pipelines:
      Продажи:
        triage:
          - name: не трогать
            if: {Требования: {contains: важно}}
            log: Оставлена людям
          - name: спам
            if: {Название: {contains: реклама}}
            move: Спам
            comment: Разобрано
          - name: на потом
            if: {Требования: {contains: потом}}
            task: {title: Вернуться к клиенту, deadline: 90 days}
"""
RULES = decision.Rules(tuple(reading.made(YAML).robots))
LATER, SPAM = "Продажи/triage/на потом", "Продажи/triage/спам"


def deal(title: str = "Окна", needs: str = "", since: looks.Activation = world.LONG_AGO) -> World:
    return World(RULES, fields={"Название": title, "Требования": needs}, activation=since)


def test_the_first_rule_that_fits_takes_the_card() -> None:
    """Nobody's card stays; a card of two rules is the first one's alone."""
    assert deal("Окна").work().acts() == []
    spam = deal("Наша реклама").work()
    assert (spam.acts(), spam.stage()) == (["write: Разобрано", "move to Спам"], "Спам")
    assert deal(needs="потом").work().acts() == ["task: Вернуться к клиенту"]
    assert deal("реклама", "потом").work().acts() == ["write: Разобрано", "move to Спам"]
    assert deal("реклама", "важно, потом").work().acts() == ["write: Оставлена людям"]


def test_why_says_the_rule() -> None:
    """By its name, with what it did."""
    (row,) = deal(needs="потом").work().ledger.values()
    assert (row.wish.robot, row.wish.because.split(" для")[0]) == (
        LATER,
        "правило «на потом»: задача «Вернуться к клиенту»",
    )


def test_a_card_that_people_took_back_isnt_sorted_again() -> None:
    """Moved by its rule once; reopened by hand, it stays where a person put it."""
    at = deal("реклама").work().after(hours=1).move("Новый лид").after(hours=1).work()
    assert (at.stage(), at.acts()) == ("Новый лид", ["write: Разобрано", "move to Спам"])


def test_an_act_added_to_a_rule_later_is_for_cards_that_come_later() -> None:
    """What it sorted before stays as it was sorted."""
    at = deal(needs="потом").work()
    more = YAML.replace("deadline: 90 days}", "deadline: 90 days}\n            comment: Вернёмся осенью")
    at.rules = decision.Rules(tuple(reading.made(more).robots))
    assert at.after(days=1).work().acts() == ["task: Вернуться к клиенту"]
    assert at.told(LATER) == [("already_done", "правило «на потом» её уже разбирало")]


def test_what_was_called_off_unsent_is_wished_again() -> None:
    """By a reload between the look and the portal: nobody has seen the card sorted."""
    at = deal(needs="потом").look()
    at.ledger = {
        key: dataclasses.replace(row, state=intents.WishState.SUPERSEDED) for key, row in at.ledger.items()
    }
    assert at.work().acts() == ["task: Вернуться к клиенту"]


def test_older_cards_are_sorted_only_when_they_are_enrolled() -> None:
    """X8: a rule switched on over the backlog does nothing; `enroll` gives it the cards, each rule by itself."""
    later = looks.Activation(builders.NOW + timedelta(days=1), card=5000, row=500)
    old = deal("реклама", "потом", later).after(days=2).work()
    assert old.acts() == []
    assert old.enroll(LATER).work().acts() == [], "it is the other rule's"
    assert old.enroll(SPAM).work().acts() == ["write: Разобрано", "move to Спам"]


def test_a_rule_that_is_off_keeps_nothing_from_those_below() -> None:
    """And one that can't be read breaks all below it: what it would have kept out isn't known."""
    off = YAML.replace("- name: спам", "- name: спам\n            mode: off")
    made = decision.Rules(tuple(reading.made(off).robots))
    both = World(made, fields={"Название": "реклама", "Требования": "потом"}).work()
    assert both.acts() == ["task: Вернуться к клиенту"]

    bad = reading.loaded(reading.dedented(YAML.replace("{Название: {contains", "{Названье: {contains")))
    assert [one.id for one in bad.robots] == ["Продажи/triage/не трогать"]
    assert sorted(one.id for one in bad.broken) == [LATER, SPAM]


def test_a_rule_without_acts_is_told() -> None:
    """With its place."""
    empty = YAML.replace("            move: Спам\n            comment: Разобрано\n", "")
    assert "triage: не сказано, что делать" in reading.told(empty)


def test_each_rule_only_watches_where_it_is_said() -> None:
    """Its wishes end as dry_run, and its cards aren't those of the rules below."""
    watch = YAML.replace("- name: спам", "- name: спам\n            mode: watch")
    made = decision.Rules(tuple(reading.made(watch).robots))
    both = World(made, fields={"Название": "реклама", "Требования": "потом"}).work()
    assert {row.state for row in both.ledger.values()} == {intents.WishState.DRY_RUN}
    assert both.stage() == "Новый лид"
