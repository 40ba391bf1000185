"""chat: a message where a whole department reads it."""

from __future__ import annotations

from robots import decision
from robots import robot as r
from robots.kinds import chat
from tests.robots import builders, rules
from tests.robots.world import World


def created(text: str) -> decision.Rules:
    options = chat.Options("chat58", builders.template(text))
    return decision.Rules((rules.robot("Правило/chat", "chat", options, r.Created()),))


def test_the_department_is_told_once() -> None:
    """With the card's own words; a second look says nothing new."""
    world = World(created("Пришла «{{Сделка: Название}}»")).work()
    assert world.acts() == ["chat58: Пришла «Окна для Марии»"]
    assert world.work().acts() == ["chat58: Пришла «Окна для Марии»"]


def test_nothing_is_said_of_nothing() -> None:
    """A text that came out empty fails, and says so."""
    world = World(created("{{Требования}}")).look()
    assert world.acts() == []
    assert world.told("Правило/chat") == [("failed", "сообщение в чат пусто")]
