"""`chat:` to its kind's options: the chat by its number, as an admin finds it in the chat's own address."""

from __future__ import annotations

import re

from robots import templates
from robots.config import nodes
from robots.config.context import Scope
from robots.kinds import chat

DIALOG = re.compile(r"(?:.*[?&]IM_DIALOG=)?((?:chat|sg)[1-9]\d{0,17})(?:[&#].*)?")
"""The chat alone, or the whole address of its page."""


def compile_chat(node: nodes.Node, scope: Scope) -> chat.Options:
    written = nodes.get(node, "to")
    found = DIALOG.fullmatch(nodes.text(written).strip())
    if found is None and written is not None:
        scope.context.error(
            written,
            "V018",
            f"chat: не понимаю чат «{nodes.text(written)}»",
            "откройте чат в браузере и скопируйте из адреса: to: chat58",
        )
    text = nodes.get(node, "text")
    made = templates.literal("") if text is None else scope.template(text)
    return chat.Options(found[1] if found else "", made)
