"""The timeline of cards: comments, log messages, activities, their events (reference §5.7)."""

from __future__ import annotations

import pytest

from tests.sandbox import rooms
from tests.sandbox.rooms import ADMIN, MANAGER, OTHER


@pytest.fixture
def office() -> rooms.Office:
    return rooms.Office()


def comment(office: rooms.Office, deal: int, text: str = "Не дозвонился", user: int = MANAGER) -> int:
    number: int = office.call(
        "crm.timeline.comment.add", user, fields={"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": text}
    )
    return number


def test_comments_are_listed_as_strings(office: rooms.Office) -> None:
    """A comment answers its id as a number and shows itself in strings."""
    deal = office.deal()
    number = comment(office, deal)
    assert office.call("crm.timeline.comment.list", filter={"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}) == [
        {
            "ID": str(number), "ENTITY_ID": str(deal), "ENTITY_TYPE": "deal", "CREATED": "2026-01-05T11:00:00+03:00",
            "COMMENT": "Не дозвонился", "AUTHOR_ID": "3",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"fields": {"ENTITY_ID": 99, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, (400, "OWNER_NOT_FOUND")),
        ({"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "spaceship", "COMMENT": "x"}}, (400, "OWNER_NOT_FOUND")),
        ({"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": " "}}, (400, "INVALID_ARG_VALUE")),
        ({"fields": {"ENTITY_TYPE": "deal", "COMMENT": "x"}}, (400, "100")),
        ({"FIELDS": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, (400, "100")),
    ],
)
def test_bad_comments_are_refused(
    office: rooms.Office, params: dict[str, object], refusal: tuple[int, str]
) -> None:
    """No owner, no text, no key — and the key must be lower-case `fields`."""
    office.deal()
    assert office.refused("crm.timeline.comment.add", **params) == refusal


@pytest.mark.parametrize(("shape", "data"), [("flat", {"ID": 1}), ("fields", {"FIELDS": {"ID": 1}})])
def test_the_comment_event_has_two_possible_shapes(
    office: rooms.Office, shape: str, data: dict[str, object]
) -> None:
    """Documented without FIELDS; a switch puts it the other way."""
    office.portal.switch.set("comment_event", shape)
    deal = office.deal()
    office.names()
    comment(office, deal)
    assert office.events == [("ONCRMTIMELINECOMMENTADD", data)]


def test_comments_change_and_go(office: rooms.Office) -> None:
    """The author changes and deletes; others may not; what is gone is NOT_FOUND."""
    number = comment(office, office.deal())
    office.names()
    assert office.refused("crm.timeline.comment.update", OTHER, id=number, fields={"COMMENT": "нет"}) == (
        400,
        "ACCESS_DENIED",
    )
    assert (
        office.call("crm.timeline.comment.update", MANAGER, id=number, fields={"COMMENT": "Дозвонился"})
        is True
    )
    assert office.call("crm.timeline.comment.get", id=number)["COMMENT"] == "Дозвонился"
    assert office.call("crm.timeline.comment.delete", MANAGER, id=number) is True
    assert office.refused("crm.timeline.comment.get", id=number) == (400, "NOT_FOUND")
    assert office.names() == ["ONCRMTIMELINECOMMENTUPDATE", "ONCRMTIMELINECOMMENTDELETE"]


def test_a_comment_moves_last_activity_only(office: rooms.Office) -> None:
    """lastActivityTime and -By follow the comment, updatedTime stays."""
    deal = office.deal()
    office.portal.clock.advance(60)
    comment(office, deal)
    item = office.call("crm.item.get", entityTypeId=2, id=deal)["item"]
    assert (item["lastActivityTime"], item["lastActivityBy"]) == ("2026-01-05T11:01:00+03:00", MANAGER)
    assert (item["updatedTime"], item["updatedBy"]) == ("2026-01-05T11:00:00+03:00", ADMIN)


def test_log_messages(office: rooms.Office) -> None:
    """Added, read, listed with a total, deleted."""
    deal = office.deal()
    given = {
        "entityTypeId": 2,
        "entityId": deal,
        "title": "Воронка",
        "text": "Поставлена задача",
        "iconCode": "info",
    }
    made = office.call("crm.timeline.logmessage.add", fields=given)["logMessage"]
    assert made == {
        "id": made["id"], "created": "2026-01-05T11:00:00+03:00", "authorId": 1, "title": "Воронка",
        "text": "Поставлена задача", "iconCode": "info",
    }  # fmt: skip
    listed = office.whole("crm.timeline.logmessage.list", entityTypeId=2, entityId=deal)
    assert (listed.total, listed.result) == (1, {"logMessages": [made]})
    assert office.call("crm.timeline.logmessage.get", id=made["id"]) == {"logMessage": made}
    assert office.call("crm.timeline.logmessage.delete", id=made["id"]) is True
    assert office.refused("crm.timeline.logmessage.get", id=made["id"]) == (400, "NOT_FOUND")


def test_notes(office: rooms.Office) -> None:
    """A note is kept per item of the timeline."""
    deal = office.deal()
    where = {"ownerTypeId": 2, "ownerId": deal, "itemType": 2, "itemId": 7}
    office.call("crm.timeline.note.save", **where, text="Важно")
    assert office.call("crm.timeline.note.get", **where) == {"text": "Важно"}
    assert office.call("crm.timeline.note.delete", **where) is True
    assert office.refused("crm.timeline.note.get", **where) == (400, "NOT_FOUND")


def test_a_call_is_an_activity_of_strings(office: rooms.Office) -> None:
    """Classic activities answer strings; the list is by BINDINGS; COMMUNICATIONS only when selected."""
    deal = office.deal()
    office.names()
    number = office.call(
        "crm.activity.add",
        MANAGER,
        fields={
            "OWNER_TYPE_ID": 2, "OWNER_ID": deal, "TYPE_ID": 2, "SUBJECT": "Звонок", "DIRECTION": 2, "RESPONSIBLE_ID": MANAGER,
            "COMPLETED": "Y", "COMMUNICATIONS": [{"VALUE": "+74950000000", "ENTITY_ID": 1, "ENTITY_TYPE_ID": 3, "TYPE": "PHONE"}],
        },
    )  # fmt: skip
    assert office.names() == ["ONCRMACTIVITYADD"]
    row = office.call("crm.activity.list", filter={"BINDINGS": [{"OWNER_TYPE_ID": 2, "OWNER_ID": deal}]})[0]
    assert [row[name] for name in ("ID", "OWNER_ID", "TYPE_ID", "STATUS", "COMPLETED", "RESPONSIBLE_ID", "DIRECTION")] == [
        str(number), str(deal), "2", "2", "Y", "3", "2",
    ]  # fmt: skip
    assert "COMMUNICATIONS" not in row
    selected = office.call("crm.activity.list", filter={"ID": number}, select=["ID", "COMMUNICATIONS"])
    assert selected[0]["COMMUNICATIONS"][0]["VALUE"] == "+74950000000"


@pytest.mark.parametrize(
    "change",
    [{"SUBJECT": ""}, {"TYPE_ID": 3}, {"TYPE_ID": 6}, {"COMMUNICATIONS": []}, {"OWNER_ID": 99}, {"TYPE_ID": 6, "PROVIDER_ID": "CONFIGURABLE"}],
)  # fmt: skip
def test_bad_activities_are_refused_by_text_alone(office: rooms.Office, change: dict[str, object]) -> None:
    """The code is an empty string, whatever is wrong."""
    deal = office.deal()
    fields = {
        "OWNER_TYPE_ID": 2,
        "OWNER_ID": deal,
        "TYPE_ID": 2,
        "SUBJECT": "Звонок",
        "COMMUNICATIONS": [{"VALUE": "+7"}],
    }
    assert office.refused("crm.activity.add", fields=fields | change) == (400, "")


def test_a_finished_outgoing_letter_is_sent(office: rooms.Office) -> None:
    """TYPE_ID 4, DIRECTION 2 and COMPLETED Y together send the letter; without the last it is only a record."""
    deal = office.deal()
    fields = {
        "OWNER_TYPE_ID": 2, "OWNER_ID": deal, "TYPE_ID": 4, "SUBJECT": "КП", "DESCRIPTION": "Здравствуйте", "DIRECTION": 2,
        "COMMUNICATIONS": [{"VALUE": "client@example.com"}], "SETTINGS": {"MESSAGE_FROM": "Мария <maria@example.com>"},
    }  # fmt: skip
    office.call("crm.activity.add", fields=fields)
    sent = office.call("crm.activity.add", fields=fields | {"COMPLETED": "Y"})
    assert office.portal.timeline.activities.mails == [
        {
            "activity": sent,
            "subject": "КП",
            "text": "Здравствуйте",
            "from": "Мария <maria@example.com>",
            "files": [],
            "to": ["client@example.com"],
        }
    ]


def test_a_todo_lives(office: rooms.Office) -> None:
    """Added, moved, given to another, closed by the classic method; the second closing changes nothing."""
    deal = office.deal()
    where = {"ownerTypeId": 2, "ownerId": deal}
    number = office.call(
        "crm.activity.todo.add", MANAGER, **where, deadline="2026-01-06T10:00:00+03:00", title="Позвонить"
    )["id"]
    office.names()
    assert office.call(
        "crm.activity.todo.updateDeadline", id=number, **where, value="2026-01-08T10:00:00+03:00"
    ) == {"id": number}
    office.call("crm.activity.todo.updateDescription", id=number, **where, value="После обеда")
    office.call("crm.activity.todo.updateResponsibleUser", id=number, **where, responsibleId=OTHER)
    for _ in range(2):
        office.call("crm.activity.update", id=number, fields={"COMPLETED": "Y"})
    row = office.call("crm.activity.get", id=number)
    assert [row[name] for name in ("TYPE_ID", "PROVIDER_ID", "SUBJECT", "DEADLINE", "DESCRIPTION", "RESPONSIBLE_ID", "STATUS")] == [
        "6", "CRM_TODO", "Позвонить", "2026-01-08T10:00:00+03:00", "После обеда", "4", "2",
    ]  # fmt: skip
    assert office.names() == ["ONCRMACTIVITYUPDATE"] * 4


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"ownerId": 99}, (400, "OWNER_NOT_FOUND")),
        ({"deadline": "скоро"}, (400, "WRONG_DATETIME_FORMAT")),
        ({"deadline": None}, (400, "100")),
    ],
)
def test_bad_todos_are_refused(
    office: rooms.Office, change: dict[str, object], refusal: tuple[int, str]
) -> None:
    """A todo needs an owner and a deadline that is a moment."""
    params = {"ownerTypeId": 2, "ownerId": office.deal(), "deadline": "2026-01-06T10:00:00+03:00"}
    assert office.refused("crm.activity.todo.add", **(params | change)) == refusal


def test_bindings(office: rooms.Office) -> None:
    """An activity hangs on several cards, and outlives all of them but the last."""
    first, second = office.deal(), office.deal()
    number = office.call(
        "crm.activity.todo.add", ownerTypeId=2, ownerId=first, deadline="2026-01-06T10:00:00+03:00"
    )["id"]
    assert office.call("crm.activity.binding.add", activityId=number, entityTypeId=2, entityId=second) is True
    assert office.call("crm.activity.binding.list", activityId=number) == [
        {"entityTypeId": 2, "entityId": first},
        {"entityTypeId": 2, "entityId": second},
    ]
    office.call("crm.item.delete", entityTypeId=2, id=first)
    assert office.call("crm.activity.get", id=number)["OWNER_ID"] == str(second)
    office.names()
    office.call("crm.item.delete", entityTypeId=2, id=second)
    assert office.names() == ["ONCRMACTIVITYDELETE", "ONCRMDEALDELETE"]


def test_a_deleted_card_takes_its_timeline_along(office: rooms.Office) -> None:
    """Comments and log messages of a deleted deal are gone."""
    deal = office.deal()
    number = comment(office, deal)
    office.call("crm.item.delete", entityTypeId=2, id=deal)
    assert office.refused("crm.timeline.comment.get", id=number) == (400, "NOT_FOUND")
    assert office.refused("crm.timeline.comment.list", filter={"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}) == (
        400,
        "OWNER_NOT_FOUND",
    )
