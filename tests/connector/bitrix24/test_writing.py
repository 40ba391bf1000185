"""Acts as commands: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.bitrix24 import handover, parsing, phpquery, timelines, writing
from robots import intents, model

DEAL = model.CardRef(model.CardKind.DEAL, 5)
KEY = intents.WishKey("Продажи/Новый лид/task/deal:5/h7/set")
CODE = model.FieldCode("UF_CRM_X")


def _card(**fields: model.Value) -> model.Card:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    return model.Card(
        DEAL, model.PipelineId(1), model.StageId("C1:NEW"), model.Semantic.WORK, "t", None, moment, moment,
        fields={model.FieldCode(code): value for code, value in fields.items()},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "value", "sent"),
    [
        ("UF_CRM_X", True, "Y"),
        ("UF_CRM_X", None, ""),
        ("UF_CRM_X", (1, 2), [1, 2]),
        ("UF_CRM_X", model.Money(Decimal("1E+3"), "USD"), "1000|USD"),
        ("UF_CRM_X", date(2026, 3, 2), "2026-03-02"),
        ("UF_CRM_X", datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02T09:00:00+00:00"),
        ("opportunity", model.Money(Decimal("10.50"), "RUB"), "10.50"),
    ],
)
def test_values_are_spelled_as_the_portal_takes_them(code: str, value: model.Value, sent: Any) -> None:
    """Flags Y/N, money with its currency, moments with an offset."""
    assert writing.spelled(code, value) == sent


def test_an_emptied_multiple_field_is_an_empty_list() -> None:
    """An empty string would be refused."""
    field = model.Field(CODE, "x", model.FieldType.STRING, multiple=True)
    assert writing.fields({CODE: None}, {CODE: field}) == {CODE: []}


IDS = st.lists(st.integers(1, 6), unique=True).map(tuple)


@given(seen=IDS, wanted=IDS, now=IDS)
def test_lists_are_merged_three_ways(
    seen: tuple[int, ...], wanted: tuple[int, ...], now: tuple[int, ...]
) -> None:
    """What the robot added is there, what it took away is gone, what people did meanwhile stays."""
    act = intents.SetFields({CODE: wanted}, {CODE: seen})
    merged = writing.merged(act, _card(**{CODE: now}))[CODE]
    assert isinstance(merged, tuple)
    assert set(merged) == (set(now) - (set(seen) - set(wanted))) | (set(wanted) - set(seen))
    done = writing.carried_out(act, _card(**{CODE: now}))
    assert done == (set(wanted) <= set(now) and not set(now) & (set(seen) - set(wanted)))


@pytest.mark.parametrize(
    ("now", "wanted", "same"),
    [
        (5, Decimal(5), True),
        ("5", 5, True),
        (None, "", True),
        (False, None, True),
        (None, 0, True),
        ("a\r\nb ", "a\nb", True),
        (model.Money(Decimal("10.0"), "RUB"), model.Money(Decimal(10), "RUB"), True),
        (model.Money(Decimal(10), "RUB"), model.Money(Decimal(10), "USD"), False),
        ((1, 2), (2,), True),
        ((1,), (1, 2), False),
        ("a", "b", False),
    ],
)
def test_what_was_written_is_recognised(now: model.Value, wanted: model.Value, same: bool) -> None:
    """One value has many spellings over there."""
    assert writing.holds(_card(**{CODE: now}), {CODE: wanted}) is same


def test_a_task_carries_its_marker_and_its_checklist_rides_behind() -> None:
    """Items refer to the task and to the checklist's own answer."""
    act = intents.SetTask("Т", "", model.UserId(2), model.UserId(3), None, ("раз",))
    task, root, item = writing.add_task(DEAL, act, KEY)
    assert task.params["fields"]["XML_ID"] == writing.task_marker(KEY)
    assert task.params["fields"]["UF_CRM_TASK"] == ["D_5"]
    assert list(root.params) == ["TASKID", "FIELDS"]
    assert item.params["FIELDS"]["PARENT_ID"] == phpquery.Ref("root")


def test_a_task_is_told_apart_by_its_marker_then_by_its_title() -> None:
    """A task of the same title that somebody else marked isn't ours."""
    act = intents.SetTask("Т", "", None, model.UserId(3), None)

    def task(number: int, title: str, marker: str | None) -> model.Task:
        return model.Task(model.TaskId(number), title, None, None, model.TaskStatus.WAITING, None, marker)

    own = task(3, "другой", writing.task_marker(KEY))
    bare = task(2, "Т", None)
    assert writing.own_task([task(1, "Т", "чужой"), bare, own], act, KEY) == own
    assert writing.own_task([task(1, "Т", "чужой"), bare], act, KEY) == bare
    assert writing.own_task([task(1, "Т", "чужой")], act, KEY) is None


def test_a_half_made_checklist_lacks_what_it_lacks() -> None:
    """Twins among the titles count apart; the root isn't an item."""
    rows = [
        {"ID": "1", "PARENT_ID": "0", "TITLE": "Чек-лист"},
        {"ID": "2", "PARENT_ID": "1", "TITLE": "раз"},
    ]
    assert writing.lacking(rows, ["раз", "раз", "два"]) == (["раз", "два"], 1)
    assert writing.lacking([], ["раз"]) == (["раз"], None)


def test_tails_are_short_and_found() -> None:
    """« · Воронка 3f9a2c» at the end, found among other entries."""
    act = intents.Comment("x")
    rows = [{"ID": "1", "COMMENT": "чужой"}, {"ID": "2", "COMMENT": "x" + timelines.tail(KEY)}]
    assert timelines.found(rows, act, KEY) == 2
    assert timelines.found(rows, act, intents.WishKey("other")) is None


SOURCE = {
    "id": 5, "stageId": "C1:NEW", "categoryId": 1, "title": "Кран", "opportunity": 5, "companyId": 0, "leadId": 9,
    "contactIds": [1], "originatorId": "site", "originId": "7", "quoteId": 3, "isRecurring": "N", "begindate": "x",
    "parentId130": 4, "UF_CRM_X": "a", "UF_CRM_ROP": 12, "UF_CRM_FILE": {"id": 1, "urlMachine": "/f/1"}, "comments": "",
    "createdBy": 1,
}  # fmt: skip


def test_a_copy_leaves_behind_what_is_this_departments() -> None:
    """Never the stage, the origin, links of quotes and recurrence, dates; never what the wish leaves out; files apart."""
    act = intents.CopyDeal(
        model.PipelineId(2),
        model.StageId("C2:NEW"),
        frozenset({model.FieldCode("UF_CRM_ROP")}),
        title="Заказ",
    )
    assert handover.copied(act, SOURCE, {}, "m1") == {
        "title": "Заказ",
        "opportunity": 5,
        "leadId": 9,
        "contactIds": [1],
        "UF_CRM_X": "a",
        "categoryId": 2,
        "stageId": "C2:NEW",
        "originatorId": "voronka",
        "originId": "m1",
    }
    assert handover.file_codes(SOURCE, {}) == ["UF_CRM_FILE"]


@given(key=st.text(min_size=1))
def test_markers_are_one_to_a_wish(key: str) -> None:
    """The same for the same key, short, plain."""
    made = timelines.marker(intents.WishKey(key))
    assert made == timelines.marker(intents.WishKey(key))
    assert len(made) == 16
    assert made.isalnum()


def test_the_card_of_an_answer() -> None:
    """PHP's `[]` of nothing is no card."""
    assert writing.card_of(DEAL, [], parsing.Context()) is None
