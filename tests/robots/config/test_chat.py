"""`chat:` from the YAML: the chat by its number or by the address of its page."""

from __future__ import annotations

import pytest

from robots.kinds import chat
from tests.robots import builders
from tests.robots.config import reading

LEADS = "pipelines: {Продажи: {on_create: [{chat: {to: %s, text: Пришла}}]}}"


@pytest.mark.parametrize(
    ("written", "dialog"),
    [
        ("chat58", "chat58"),
        ("sg12", "sg12"),
        ('"https://romashka.bitrix24.ru/online/?IM_DIALOG=chat58"', "chat58"),
        ('"https://romashka.bitrix24.ru/online/?x=1&IM_DIALOG=chat58&y=2"', "chat58"),
    ],
)
def test_a_chat_is_named_as_its_page_names_it(written: str, dialog: str) -> None:
    """Copied from the browser as it is."""
    made = reading.robots(LEADS % written)
    assert made["Продажи/on_create/chat"].options == chat.Options(dialog, builders.template("Пришла"))


@pytest.mark.parametrize(
    "written", ["Отдел продаж", "chat", "chat0", "58", "5chat58", '"https://x/?IM_DIALOG=58"']
)
def test_what_names_no_chat_is_said(written: str) -> None:
    """A name isn't looked for: two chats may bear it."""
    said = reading.told(LEADS % written)
    assert f"chat: не понимаю чат «{written.strip(chr(34))}»" in said
    assert "to: chat58" in said
