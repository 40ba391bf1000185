"""Tasks v2 of the sandbox: shapes of answers, statuses, rights, history, events (reference §5.10)."""

from __future__ import annotations

import pytest

from tests.sandbox import rooms
from tests.sandbox.rooms import ADMIN, HEAD, MANAGER, OTHER


@pytest.fixture
def office() -> rooms.Office:
    return rooms.Office()


def test_answers_are_camel_case_with_numbers_as_strings(office: rooms.Office) -> None:
    """A created task comes back with string ids, Y/N flags, ISO moments and an empty group as an array."""
    task = office.task(DEADLINE="2026-01-06T18:00:00+03:00", XML_ID="t-1", TASK_CONTROL="Y")
    names = (
        "id",
        "title",
        "status",
        "priority",
        "deadline",
        "xmlId",
        "taskControl",
        "createdBy",
        "responsibleId",
        "closedDate",
        "group",
        "checklist",
    )
    assert {name: task[name] for name in names} == {
        "id": "1", "title": "Позвонить", "status": "2", "priority": "1", "deadline": "2026-01-06T18:00:00+03:00",
        "xmlId": "t-1", "taskControl": "Y", "createdBy": "1", "responsibleId": "3", "closedDate": None, "group": [],
        "checklist": [],
    }  # fmt: skip
    assert "ufCrmTask" not in task


def test_user_fields_must_be_selected(office: rooms.Office) -> None:
    """UF_CRM_TASK comes only when it is in select; with a select nothing else comes but the id."""
    deal = office.deal()
    task = office.task(UF_CRM_TASK=[f"D_{deal}"])
    shown = office.call("tasks.task.get", taskId=task["id"], select=["UF_CRM_TASK", "STATUS"])["task"]
    assert (shown["id"], shown["ufCrmTask"], shown["status"], "title" in shown) == (
        "1",
        [f"D_{deal}"],
        "2",
        False,
    )


def test_a_missing_task_is_an_empty_array(office: rooms.Office) -> None:
    """tasks.task.get answers [] with status 200 for what is missing, and for what the caller may not see."""
    task = office.task()
    assert office.call("tasks.task.get", taskId=99) == []
    assert office.call("tasks.task.get", OTHER, taskId=task["id"]) == []


def test_a_task_without_title_or_assignee_is_refused(office: rooms.Office) -> None:
    """ERROR_CORE with all that is wrong; no fields at all is error 100."""
    assert office.refused("tasks.task.add", fields={"DESCRIPTION": "…"}) == (400, "ERROR_CORE")
    assert office.refused("tasks.task.add", fields={"TITLE": "x", "RESPONSIBLE_ID": 77}) == (
        400,
        "ERROR_CORE",
    )
    assert office.refused("tasks.task.add") == (400, "100")


def test_completing_by_the_assignee_waits_for_control(office: rooms.Office) -> None:
    """With TASK_CONTROL the assignee's «done» is status 4; the creator approves it into 5."""
    task = office.task(TASK_CONTROL="Y")
    waiting = office.call("tasks.task.complete", MANAGER, taskId=task["id"])["task"]
    assert (waiting["status"], waiting["closedBy"]) == ("4", "3")
    done = office.call("tasks.task.approve", taskId=task["id"])["task"]
    assert (done["status"], done["closedDate"]) == ("5", "2026-01-05T11:00:00+03:00")


def test_an_action_out_of_turn_is_error_zero(office: rooms.Office) -> None:
    """Completing what is closed or missing is one and the same error 0."""
    task = office.task()
    office.call("tasks.task.complete", taskId=task["id"])
    assert office.refused("tasks.task.complete", taskId=task["id"]) == (400, "0")
    assert office.refused("tasks.task.complete", taskId=404) == (400, "0")
    renewed = office.call("tasks.task.renew", taskId=task["id"])["task"]
    assert (renewed["status"], renewed["closedDate"], renewed["closedBy"]) == ("2", None, "0")


def test_history_tells_old_and_new(office: rooms.Office) -> None:
    """NEW, then one row per changed field; the deadline as a Unix time or ISO by switch; a missing task has no rows."""
    task = office.task(DEADLINE="2026-01-06T18:00:00+03:00")
    office.call(
        "tasks.task.update",
        taskId=task["id"],
        fields={"DEADLINE": "2026-01-07T18:00:00+03:00", "RESPONSIBLE_ID": OTHER},
    )
    office.portal.switch.set("deadline_history", "iso")
    office.call("tasks.task.update", taskId=task["id"], fields={"DEADLINE": "", "TITLE": "Позвонить"})
    rows = office.call("tasks.task.history.list", taskId=task["id"])["list"]
    assert [
        (row["field"], row["value"]["from"], row["value"]["to"], row["user"]["lastName"]) for row in rows
    ] == [
        ("NEW", None, None, "Админова"),
        ("DEADLINE", "1767711600", "1767798000", "Админова"),
        ("RESPONSIBLE_ID", "3", "4", "Админова"),
        ("DEADLINE", "2026-01-07T18:00:00+03:00", None, "Админова"),
    ]
    only = office.call("tasks.task.history.list", taskId=task["id"], filter={"FIELD": "RESPONSIBLE_ID"})[
        "list"
    ]
    assert [row["field"] for row in only] == ["RESPONSIBLE_ID"]
    assert office.call("tasks.task.history.list", taskId=404) == {"list": []}


def test_events_carry_the_literal_undefined(office: rooms.Office) -> None:
    """ADD has no before, DELETE no after; an update that changes nothing is silent."""
    task = office.task()
    office.call("tasks.task.update", taskId=task["id"], fields={"TITLE": "Позвонить"})
    office.call("tasks.task.start", taskId=task["id"])
    office.call("tasks.task.delete", taskId=task["id"])
    absent = "undefined"
    assert office.events == [
        (
            "ONTASKADD",
            {
                "FIELDS_BEFORE": absent,
                "FIELDS_AFTER": {"ID": 1},
                "IS_ACCESSIBLE_BEFORE": absent,
                "IS_ACCESSIBLE_AFTER": "Y",
            },
        ),
        (
            "ONTASKUPDATE",
            {
                "FIELDS_BEFORE": {"ID": 1},
                "FIELDS_AFTER": {"ID": 1},
                "IS_ACCESSIBLE_BEFORE": "Y",
                "IS_ACCESSIBLE_AFTER": "Y",
            },
        ),
        (
            "ONTASKDELETE",
            {
                "FIELDS_BEFORE": {"ID": 1},
                "FIELDS_AFTER": absent,
                "IS_ACCESSIBLE_BEFORE": "Y",
                "IS_ACCESSIBLE_AFTER": absent,
            },
        ),
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "5 4 3 2 1"),
        ({"RESPONSIBLE_ID": "4"}, "2"),
        ({"REAL_STATUS": [2, 3]}, "4 3 2 1"),
        ({"STATUS": -1}, "3"),
        ({"!STATUS": 5}, "4 3 2 1"),
        ({"UF_CRM_TASK": "D_1"}, "4 1"),
        ({"UF_CRM_TASK": ["D_1", "D_2"]}, "4 2 1"),
        ({">ID": 3}, "5 4"),
        ({"<DEADLINE": "2026-01-05T11:00:00+03:00"}, "3"),
        ({">=CHANGED_DATE": "2026-01-05T11:01:00+03:00"}, "5"),
        ({"AUDITOR": 2}, "4"),
        ({"NONSENSE": 1, "@ID": [1]}, "5 4 3 2 1"),
    ],
)  # fmt: skip
def test_filters_find(office: rooms.Office, wanted: dict[str, object], found: str) -> None:
    """Documented keys and prefixes filter; unknown keys and prefixes are silently ignored; newest first."""
    for number in (1, 2):
        office.deal(title=f"Сделка {number}")
    office.task(UF_CRM_TASK=["D_1"])
    office.task(UF_CRM_TASK=["D_2"], RESPONSIBLE_ID=OTHER)
    office.task(DEADLINE="2026-01-05T10:00:00+03:00")
    office.task(UF_CRM_TASK=["D_1"], AUDITORS=[HEAD])
    late = office.task()
    office.portal.clock.advance(60)
    office.call("tasks.task.complete", taskId=late["id"])
    tasks = office.call("tasks.task.list", filter=wanted, select=["ID"])["tasks"]
    assert " ".join(task["id"] for task in tasks) == found


@pytest.mark.parametrize(("mode", "found"), [("ignored", ["2", "1"]), ("works", ["1"])])
def test_xml_id_filter_is_a_switch(office: rooms.Office, mode: str, found: list[str]) -> None:
    """Nobody documents whether tasks are found by XML_ID: ignored, working, or an error."""
    office.task(XML_ID="a")
    office.task(XML_ID="b")
    office.portal.switch.set("task_filter_xml_id", mode)
    assert [task["id"] for task in office.call("tasks.task.list", filter={"XML_ID": "a"})["tasks"]] == found
    office.portal.switch.set("task_filter_xml_id", "error")
    assert office.refused("tasks.task.list", filter={"XML_ID": "a"}) == (400, "0")


def test_pages_of_fifty(office: rooms.Office) -> None:
    """`next` only while there is more; start=-1 counts nothing."""
    for _ in range(60):
        office.task()
    first = office.whole("tasks.task.list", order={"ID": "asc"})
    second = office.whole("tasks.task.list", order={"ID": "asc"}, start=first.next)
    uncounted = office.whole("tasks.task.list", start=-1, filter={">ID": 55}, order={"ID": "asc"})
    assert (first.total, first.next, len(first.result["tasks"])) == (60, 50, 50)
    assert (second.total, second.next, [row["id"] for row in second.result["tasks"]][:2]) == (
        60,
        None,
        ["51", "52"],
    )
    assert (uncounted.total, uncounted.next, [row["id"] for row in uncounted.result["tasks"]]) == (
        None,
        None,
        ["56", "57", "58", "59", "60"],
    )


def test_who_sees_what(office: rooms.Office) -> None:
    """The admin and the head of the assignee see the task, a stranger does not; the assignee may not rename it."""
    task = office.task()
    seen = {
        user: len(office.call("tasks.task.list", user)["tasks"]) for user in (ADMIN, HEAD, MANAGER, OTHER)
    }
    assert seen == {ADMIN: 1, HEAD: 1, MANAGER: 1, OTHER: 0}
    assert office.refused(
        "tasks.task.update", MANAGER, taskId=task["id"], fields={"TITLE": "Не звонить"}
    ) == (400, "1048582")
    assert office.refused(
        "tasks.task.update", MANAGER, taskId=task["id"], fields={"DEADLINE": "2026-02-01"}
    ) == (400, "1048582")
    assert office.refused("tasks.task.delete", MANAGER, taskId=task["id"]) == (400, "1048582")


def test_the_assignee_moves_the_deadline_only_if_allowed(office: rooms.Office) -> None:
    """ALLOW_CHANGE_DEADLINE=Y opens the deadline to the assignee."""
    task = office.task(ALLOW_CHANGE_DEADLINE="Y")
    moved = office.call(
        "tasks.task.update", MANAGER, taskId=task["id"], fields={"DEADLINE": "2026-02-01T10:00:00+03:00"}
    )
    assert moved["task"]["deadline"] == "2026-02-01T10:00:00+03:00"


@pytest.mark.parametrize(
    ("kept", "caller", "creator"), [("yes", MANAGER, "2"), ("no", MANAGER, "3"), ("no", ADMIN, "2")]
)
def test_a_named_creator(office: rooms.Office, kept: str, caller: int, creator: str) -> None:
    """An admin may name another creator; whether others may is a switch."""
    office.portal.switch.set("creator_kept", kept)
    assert office.task(caller, CREATED_BY=HEAD)["createdBy"] == creator


def test_a_bound_task_is_an_activity_of_the_card(office: rooms.Office) -> None:
    """It appears with TYPE_ID 3, follows the task, moves lastActivityTime but not updatedTime, and goes with it."""
    deal = office.deal()
    office.portal.clock.advance(100)
    task = office.task(UF_CRM_TASK=[f"D_{deal}"])
    wanted = {"BINDINGS": [{"OWNER_TYPE_ID": 2, "OWNER_ID": deal}]}
    before = office.call("crm.activity.list", filter=wanted)[0]
    office.call("tasks.task.complete", taskId=task["id"])
    after = office.call("crm.activity.list", filter=wanted)[0]
    item = office.call("crm.item.get", entityTypeId=2, id=deal)["item"]
    assert (before["TYPE_ID"], before["ASSOCIATED_ENTITY_ID"], before["COMPLETED"], after["COMPLETED"]) == (
        "3",
        "1",
        "N",
        "Y",
    )
    assert (item["lastActivityTime"], item["updatedTime"]) == (
        "2026-01-05T11:01:40+03:00",
        "2026-01-05T11:00:00+03:00",
    )
    office.call("tasks.task.delete", taskId=task["id"])
    assert office.call("crm.activity.list", filter=wanted) == []


def test_lists_may_lag(office: rooms.Office) -> None:
    """With lists_lag a created task is found by id at once and by lists only later."""
    office.portal.switch.set("lists_lag", 5)
    task = office.task()
    assert office.call("tasks.task.get", taskId=task["id"])["task"]["id"] == "1"
    assert office.call("tasks.task.list")["tasks"] == []
    office.portal.clock.advance(5)
    assert len(office.call("tasks.task.list")["tasks"]) == 1


def test_checklists_by_name_and_by_place(office: rooms.Office) -> None:
    """Items are added by names or by position; PARENT_ID 0 opens a list; ticking leaves history but no event."""
    task = office.task()
    root = office.call("task.checklistitem.add", TASKID=1, FIELDS={"TITLE": "Сборка", "PARENT_ID": 0})
    item = office.call("task.checklistitem.add", **{"0": task["id"], "1": {"TITLE": "Проверить оплату"}})
    office.names()
    assert office.call("task.checklistitem.complete", MANAGER, **{"0": 1, "1": item}) is True
    listed = office.call("task.checklistitem.getlist", TASKID=1)
    assert [
        (row["ID"], row["PARENT_ID"], row["TITLE"], row["IS_COMPLETE"], row["TOGGLED_BY"]) for row in listed
    ] == [
        (str(root), "0", "Сборка", "N", None),
        (str(item), str(root), "Проверить оплату", "Y", "3"),
    ]
    assert office.names() == []
    fields = [row["field"] for row in office.call("tasks.task.history.list", taskId=1)["list"]]
    assert fields == ["NEW", "CHECKLIST_ITEM_CREATE", "CHECKLIST_ITEM_CREATE", "CHECKLIST_ITEM_CHECK"]
    assert office.refused("task.checklistitem.add", TASKID=1, FIELDS={}) == (400, "ERROR_CORE")


def test_comments_of_tasks(office: rooms.Office) -> None:
    """A comment is listed, counted, and told by an event."""
    office.task()
    office.names()
    number = office.call(
        "task.commentitem.add", MANAGER, TASKID=1, FIELDS={"POST_MESSAGE": "Не берёт трубку"}
    )
    listed = office.call("task.commentitem.getlist", TASKID=1)
    assert [(row["ID"], row["AUTHOR_ID"], row["POST_MESSAGE"]) for row in listed] == [
        (str(number), "3", "Не берёт трубку")
    ]
    assert office.call("tasks.task.get", taskId=1)["task"]["commentsCount"] == "1"
    assert office.names() == ["ONTASKCOMMENTADD"]


def test_delegating_makes_the_delegator_an_auditor(office: rooms.Office) -> None:
    """The new assignee takes over; the old one still watches."""
    office.task()
    task = office.call("tasks.task.delegate", MANAGER, taskId=1, userId=OTHER)["task"]
    assert (task["responsibleId"], task["auditors"]) == ("4", ["3"])


def test_fields_are_described(office: rooms.Office) -> None:
    """tasks.task.getFields names types, values and defaults."""
    fields = office.call("tasks.task.getFields")["fields"]
    assert (fields["ID"]["primary"], fields["TITLE"]["required"], fields["STATUS"]["default"]) == (
        True,
        True,
        2,
    )
    assert sorted(fields["STATUS"]["values"]) == ["2", "3", "4", "5", "6"]
