"""Notices with their tags, and chats (reference §5.9)."""

from __future__ import annotations

import pytest

from tests.sandbox import rooms
from tests.sandbox.rooms import ADMIN, HEAD, MANAGER, OTHER


@pytest.fixture
def office() -> rooms.Office:
    return rooms.Office()


def texts(office: rooms.Office, user: int) -> list[str]:
    return [one.text for one in office.portal.notices.inbox(user)]


def notify(office: rooms.Office, text: str, **params: object) -> object:
    return office.call("im.notify.system.add", **({"USER_ID": MANAGER, "MESSAGE": text} | params))


def test_a_tag_replaces(office: rooms.Office) -> None:
    """The same TAG of the same CLIENT_ID removes the earlier notice; another client's tag is another tag."""
    notify(office, "раз", TAG="DEAL|1", CLIENT_ID="voronka")
    notify(office, "два", TAG="DEAL|1", CLIENT_ID="voronka")
    notify(office, "чужой", TAG="DEAL|1", CLIENT_ID="other")
    assert texts(office, MANAGER) == ["чужой", "два"]


def test_a_tag_is_unique_whoever_reads(office: rooms.Office) -> None:
    """The tag belongs to the application: a notice to another person takes it over."""
    notify(office, "раз", TAG="T", CLIENT_ID="voronka")
    notify(office, "два", TAG="T", CLIENT_ID="voronka", USER_ID=HEAD)
    assert (texts(office, MANAGER), texts(office, HEAD)) == ([], ["два"])


@pytest.mark.parametrize(("required", "left"), [("yes", ["два", "раз"]), ("no", ["два"])])
def test_a_tag_without_client_id(office: rooms.Office, required: str, left: list[str]) -> None:
    """By webhook a tag without CLIENT_ID means nothing, unless the switch says otherwise."""
    office.portal.switch.set("notify_client_id_required", required)
    notify(office, "раз", TAG="T")
    notify(office, "два", TAG="T")
    assert texts(office, MANAGER) == left


def test_deleting_by_tag_and_sub_tag(office: rooms.Office) -> None:
    """SUB_TAG removes a group, TAG one; a second time there is nothing to remove."""
    for number in range(3):
        notify(office, str(number), TAG=f"T{number}", SUB_TAG="DEAL|1", CLIENT_ID="voronka")
    assert office.call("im.notify.delete", TAG="T0", CLIENT_ID="voronka") is True
    assert texts(office, MANAGER) == ["2", "1"]
    assert office.call("im.notify.delete", SUB_TAG="DEAL|1", CLIENT_ID="voronka") is True
    assert office.call("im.notify.delete", SUB_TAG="DEAL|1", CLIENT_ID="voronka") is False


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"USER_ID": ""}, "USER_ID_EMPTY"),
        ({"MESSAGE": " "}, "MESSAGE_EMPTY"),
        ({"ATTACH": [{"MESSAGE": "x" * 60_001}]}, "ATTACH_OVERSIZE"),
        ({"ATTACH": "x"}, "ATTACH_ERROR"),
    ],
)
def test_bad_notices(office: rooms.Office, params: dict[str, object], code: str) -> None:
    """The documented refusals."""
    given = {"USER_ID": MANAGER, "MESSAGE": "x"} | params
    assert office.refused("im.notify.personal.add", **given) == (400, code)


def test_nobody_to_read(office: rooms.Office) -> None:
    """A notice to a user who does not exist answers false."""
    assert notify(office, "x", USER_ID=404) is False


def test_reading_ones_own_notices(office: rooms.Office) -> None:
    """Newest first, with the tag, personal or from the system; LAST_ID goes on from there."""
    first = notify(office, "система", TAG="T", CLIENT_ID="voronka")
    second = office.call("im.notify.personal.add", HEAD, USER_ID=MANAGER, MESSAGE="лично")
    answer = office.call("im.notify.get", MANAGER)
    assert [
        (row["id"], row["author_id"], row["text"], row["notify_tag"]) for row in answer["notifications"]
    ] == [
        (second, HEAD, "лично", ""),
        (first, 0, "система", "T"),
    ]
    assert answer["total_unread_count"] == 2
    assert [row["id"] for row in office.call("im.notify.get", MANAGER, LAST_ID=second)["notifications"]] == [
        first
    ]


def test_a_chat_of_a_deal(office: rooms.Office) -> None:
    """The chat is found by its card; only members write."""
    chat = office.call(
        "im.chat.add",
        USERS=[MANAGER],
        TITLE="Сделка",
        ENTITY_TYPE="CRM",
        ENTITY_ID="DEAL|1",
        MESSAGE="Начали",
    )
    assert office.call("im.chat.get", MANAGER, ENTITY_TYPE="CRM", ENTITY_ID="DEAL|1") == {"ID": str(chat)}
    assert office.call("im.chat.get", OTHER, ENTITY_TYPE="CRM", ENTITY_ID="DEAL|1") is None
    number = office.call("im.message.add", MANAGER, DIALOG_ID=f"chat{chat}", MESSAGE="Ок")
    assert office.refused("im.message.add", OTHER, DIALOG_ID=f"chat{chat}", MESSAGE="И я") == (
        400,
        "ACCESS_ERROR",
    )
    messages = office.call("im.dialog.messages.get", ADMIN, DIALOG_ID=f"chat{chat}")["messages"]
    assert [(row["author_id"], row["text"]) for row in messages] == [(MANAGER, "Ок"), (ADMIN, "Начали")]
    assert office.call("im.message.delete", MANAGER, MESSAGE_ID=number) is True


def test_a_private_dialog(office: rooms.Office) -> None:
    """A user id as DIALOG_ID is a private talk of two, the same from both sides."""
    office.call("im.message.add", ADMIN, DIALOG_ID=str(MANAGER), MESSAGE="Привет")
    answer = office.call("im.dialog.messages.get", MANAGER, DIALOG_ID=str(ADMIN))
    assert [row["text"] for row in answer["messages"]] == ["Привет"]
