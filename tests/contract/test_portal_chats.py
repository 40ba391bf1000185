"""A message into a chat: said once, found again however much was said since, and refused with what to do about it."""

from __future__ import annotations

import pytest

from connector import errors, ports
from robots import intents
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds


def chat(world: worlds.World, *members: int, owner: int = seed.IVANOV) -> str:
    return f"chat{world.there.notices.open_chat(owner, 'Отдел продаж', set(members)).id}"


def said(world: worlds.World, dialog: str) -> list[str]:
    return [one.text for one in world.there.notices.chats[int(dialog.removeprefix("chat"))].messages]


async def test_a_message_is_found_by_its_end() -> None:
    """A repeat of an unknown one looks first; another wish with the same words is another message."""
    async with worlds.world() as world:
        act = intents.Say(chat(world, seed.ROBOT), "Пришла сделка")
        row = worlds.row(act, worlds.ref(1))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        assert done.made
        assert await world.here.find(row) == ports.Done(made=done.made)
        assert await world.here.perform(worlds.row(act, worlds.ref(1), tries=1)) == ports.Done(made=done.made)
        other = worlds.row(act, worlds.ref(1), key="another")
        assert await world.here.find(other) is None
        await world.here.perform(other)
        texts = said(world, act.dialog)
        assert [text.startswith("Пришла сделка · Воронка ") for text in texts] == [True, True]
        assert len(set(texts)) == 2


@pytest.mark.parametrize("since", [49, 50, 51, 120])
async def test_a_lively_chat_is_read_back(since: int) -> None:
    """People went on talking before anybody looked."""
    async with worlds.world() as world:
        act = intents.Say(chat(world, seed.ROBOT), "Пришла сделка")
        row = worlds.row(act, worlds.ref(1))
        done = await world.here.perform(row)
        notices = world.there.notices
        room = notices.chats[int(act.dialog.removeprefix("chat"))]
        for number in range(since):
            notices.say(seed.IVANOV, room, f"слово {number}")
        assert await world.here.find(row) == ports.Done(made=done.made)


async def test_who_isnt_in_the_chat_is_told_to_be_let_in() -> None:
    """The robot's own user must be a member; an admin reads what to do."""
    async with worlds.world() as world:
        act = intents.Say(chat(world), "Пришла сделка")
        with pytest.raises(errors.Rejected, match="добавьте в чат пользователя"):
            await world.here.perform(worlds.row(act, worlds.ref(1)))
        assert said(world, act.dialog) == []
