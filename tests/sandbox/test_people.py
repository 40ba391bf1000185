"""People, departments, working time (reference §5.11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.bitrix24 import portal, workdays
from tests.sandbox import rooms
from tests.sandbox.rooms import ADMIN, HEAD, MANAGER, OTHER


@pytest.fixture
def office() -> rooms.Office:
    return rooms.Office()


def test_a_user_has_documented_types(office: rooms.Office) -> None:
    """String id, boolean ACTIVE, list of departments, empty objects for moments; strings in user.current."""
    listed = office.call("user.get", FILTER={"ID": MANAGER})[0]
    names = ("ID", "ACTIVE", "NAME", "UF_DEPARTMENT", "TIMESTAMP_X", "LAST_ACTIVITY_DATE", "USER_TYPE")
    assert [listed[name] for name in names] == ["3", True, "Мария", [2], {}, {}, "employee"]
    assert office.call("user.current", MANAGER)["TIMESTAMP_X"] == "2026-01-05T11:00:00+03:00"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, "1 2 3 4 5"),
        ({"FILTER": {"ACTIVE": True}}, "1 2 3 4"),
        ({"FILTER": {"ACTIVE": "false"}}, "5"),
        ({"ID": 2}, "2"),
        ({"FILTER": {"UF_DEPARTMENT": 2, "ACTIVE": "Y"}}, "2 3"),
        ({"FILTER": {"@ID": [4, 1]}, "sort": "ID", "order": "DESC"}, "4 1"),
        ({"FILTER": {"LAST_NAME": "Ропов"}}, "2"),
    ],
)
def test_users_are_found(office: rooms.Office, params: dict[str, object], found: str) -> None:
    """Dismissed people are listed too, unless ACTIVE says otherwise."""
    assert " ".join(row["ID"] for row in office.call("user.get", **params)) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({"FIND": "мария"}, "3"), ({"UF_DEPARTMENT_NAME": "Прода"}, "2 3"), ({"WORK_POSITION": "роп"}, "2"), ({"NAME": "Ушёл"}, "")],
)  # fmt: skip
def test_search(office: rooms.Office, wanted: dict[str, object], found: str) -> None:
    """By any word, or by fields; dismissed people are not found."""
    assert " ".join(row["ID"] for row in office.call("user.search", FILTER=wanted)) == found


def test_narrow_scope_hides_contacts(office: rooms.Office) -> None:
    """user_brief shows no contacts."""
    office.portal.webhooks["brief"] = portal.Webhook(OTHER, "brief", frozenset({"user_brief"}))
    del office.portal.webhooks[f"secret{OTHER}"]
    row = office.call("user.get", OTHER, FILTER={"ID": MANAGER})[0]
    assert {"EMAIL", "WORK_PHONE", "PERSONAL_MOBILE"}.isdisjoint(row)


def test_who_am_i(office: rooms.Office) -> None:
    """profile and user.admin speak of the webhook's owner."""
    assert (office.call("profile")["ADMIN"], office.call("profile", HEAD)["ADMIN"]) == (True, False)
    assert (office.call("user.admin"), office.call("user.admin", HEAD)) == (True, False)
    assert office.call("user.access", HEAD, ACCESS=["D2"]) is True


@pytest.mark.parametrize(
    ("presence", "store"),
    [
        ("when_set", {"ID": "3", "NAME": "Склад", "SORT": 500, "PARENT": "1"}),
        ("always", {"ID": "3", "NAME": "Склад", "SORT": 500, "PARENT": "1", "UF_HEAD": None}),
    ],
)
def test_departments(office: rooms.Office, presence: str, store: dict[str, object]) -> None:
    """The root has no PARENT; a department without a head may or may not have the key."""
    office.portal.switch.set("uf_head_presence", presence)
    answer = office.whole("department.get")
    assert (answer.total, answer.result[0], answer.result[2]) == (
        3,
        {"ID": "1", "NAME": "Ромашка", "SORT": 500, "UF_HEAD": "1"},
        store,
    )
    assert [row["ID"] for row in office.call("department.get", UF_HEAD=HEAD)] == ["2"]


def test_working_time(office: rooms.Office) -> None:
    """The calendar's settings, and absences that touch the asked days."""
    now = office.portal.clock.now()
    office.portal.workdays.absences.append(workdays.Absence(1, HEAD, "Отпуск", now, now + timedelta(days=2)))
    settings = office.call("calendar.settings.get")
    assert (settings["work_time_start"], settings["work_time_end"], settings["week_holidays"]) == (
        "9",
        "19",
        ["SA", "SU"],
    )
    busy = office.call(
        "calendar.accessibility.get", users=[HEAD, MANAGER], **{"from": "2026-01-06", "to": "2026-01-07"}
    )
    assert [(row["DATE_FROM"], row["ACCESSIBILITY"]) for row in busy["2"]] == [
        ("05.01.2026 11:00:00", "absent")
    ]
    assert busy["3"] == []


def test_timeman(office: rooms.Office) -> None:
    """The working day as timeman keeps it; an unknown schedule is an empty array."""
    now = office.portal.clock.now()
    office.portal.workdays.records[MANAGER] = workdays.Record("OPENED", now - timedelta(hours=2, minutes=5))
    status = office.call("timeman.status", MANAGER)
    assert (status["STATUS"], status["DURATION"], status["TIME_FINISH"], status["TZ_OFFSET"]) == (
        "OPENED",
        "02:05:00",
        None,
        10800,
    )
    assert office.call("timeman.status", ADMIN)["STATUS"] == "CLOSED"
    assert office.call("timeman.schedule.get", id=1) == []
