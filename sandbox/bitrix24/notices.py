"""Notices to employees and the little of chats that programs use (reference §5.9).

A TAG is unique within its application: a new notice with the same TAG removes the earlier one, whoever got it.
By webhook the application is the CLIENT_ID given; without one a TAG means nothing (switch
`notify_client_id_required`) or belongs to the webhook itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import kernel

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

MAX_ATTACH = 60_000


@dataclass(slots=True)
class Notice:
    id: int
    user_id: int
    author_id: int
    """0: from the system."""
    text: str
    at: datetime
    application: str = ""
    tag: str = ""
    sub_tag: str = ""
    read: bool = False


@dataclass(slots=True)
class Message:
    id: int
    chat_id: int
    author_id: int
    text: str
    at: datetime
    file: tuple[str, str] | None = None
    """(name, base64) of what came with it."""


@dataclass(slots=True)
class Chat:
    id: int
    title: str
    owner_id: int
    members: set[int]
    entity: tuple[str, str] | None = None
    messages: list[Message] = field(default_factory=list)


class Notices:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.notices: dict[int, Notice] = {}
        self.chats: dict[int, Chat] = {}
        self.sent = 0
        """How many notices were ever sent, the replaced ones included."""
        self.takes_files = True
        """False: a portal that is too old for im.v2."""

    # notices

    def notify(
        self,
        user_id: int,
        text: str,
        *,
        author_id: int = 0,
        application: str = "",
        tag: str = "",
        sub_tag: str = "",
    ) -> int | None:
        """The id of the notice, or None if there is nobody to read it."""
        if user_id not in self.portal.users:
            return None
        if tag:
            self.withdraw(application, tag=tag)
        number = self.portal.next_id("notice")
        self.notices[number] = Notice(
            number, user_id, author_id, text, self.portal.clock.now(), application, tag, sub_tag
        )
        self.sent += 1
        return number

    def withdraw(self, application: str, *, tag: str = "", sub_tag: str = "") -> int:
        """How many notices with this tag were removed."""
        gone = [
            one.id
            for one in self.notices.values()
            if one.application == application
            and ((tag and one.tag == tag) or (sub_tag and one.sub_tag == sub_tag))
        ]
        for number in gone:
            del self.notices[number]
        return len(gone)

    def inbox(self, user_id: int) -> list[Notice]:
        """Newest first."""
        return [one for one in reversed(self.notices.values()) if one.user_id == user_id]

    # chats

    def open_chat(
        self, owner_id: int, title: str, members: set[int], entity: tuple[str, str] | None = None
    ) -> Chat:
        chat = Chat(
            self.portal.next_id("chat"),
            title,
            owner_id,
            {owner_id} | (members & set(self.portal.users)),
            entity,
        )
        self.chats[chat.id] = chat
        return chat

    def chat_of(self, entity: tuple[str, str], user_id: int) -> Chat | None:
        return next(
            (one for one in self.chats.values() if one.entity == entity and user_id in one.members), None
        )

    def dialog(self, dialog_id: Any, user_id: int) -> Chat:
        """The chat that a DIALOG_ID means; a private dialog is opened when it is first used."""
        text = str(dialog_id or "")
        digits = text.removeprefix("chat").removeprefix("sg")
        if not digits.isdecimal():
            raise kernel.Refusal(400, "DIALOG_ID_EMPTY", "Dialog ID can't be empty")
        if text != digits:
            return self._chat(int(digits), user_id)
        other = int(digits)
        if other not in self.portal.users:
            raise kernel.Refusal(400, "ACCESS_ERROR", "You do not have access to the specified dialog")
        pair = ("PRIVATE", "|".join(str(one) for one in sorted((user_id, other))))
        return self.chat_of(pair, user_id) or self.open_chat(user_id, "", {other}, pair)

    def say(self, user_id: int, chat: Chat, text: str, file: tuple[str, str] | None = None) -> Message:
        now = self.portal.clock.now()
        message = Message(self.portal.next_id("message"), chat.id, user_id, text, now, file)
        chat.messages.append(message)
        return message

    def own_message(self, message_id: int, user_id: int) -> tuple[Chat, Message]:
        for chat in self.chats.values():
            for message in chat.messages:
                if message.id == message_id and message.author_id == user_id:
                    return chat, message
        raise kernel.Refusal(
            400, "CANT_EDIT_MESSAGE", "Time has expired for modification or you don't have access"
        )

    def _chat(self, chat_id: int, user_id: int) -> Chat:
        chat = self.chats.get(chat_id)
        if chat is None or user_id not in chat.members:
            raise kernel.Refusal(400, "ACCESS_ERROR", "You do not have access to the specified dialog")
        return chat
