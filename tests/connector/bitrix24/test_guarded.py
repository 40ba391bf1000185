"""Many guarded writes with one question: each learns what became of its own card."""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.bitrix24 import answers, client, guarded, names, phpquery, units, writing
from robots import intents, model
from tests.robots import builders

REFERENCE = re.compile(r"\[(\w+)\]")
NEW, OFFER, WON = STAGES = tuple(map(model.StageId, ("NEW", "OFFER", "WON")))
cards = st.dictionaries(st.integers(1, 40), st.sampled_from(STAGES), min_size=1, max_size=12)
moves = st.sampled_from([(one, other) for one in STAGES for other in STAGES if one != other])


class FarEnd:
    """Runs the lines of a batch on cards that have a stage; answers in whatever order it likes."""

    def __init__(self, stages: Mapping[int, str], shuffled: int) -> None:
        self.stages, self._shuffled = dict(stages), shuffled
        self.lines = 0

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        failed: dict[str, Any] = {}
        for label, line in body["cmd"].items():
            self.lines += 1
            method, _, query = line.partition("?")
            asked = urllib.parse.parse_qsl(query, keep_blank_values=True)
            if method.endswith(".list"):
                result[label] = {"items": [{"id": one} for one in self._found(asked)]}
                continue
            sent = dict(asked)
            found, _, at, _ = REFERENCE.findall(sent["id"])
            rows = result[found]["items"]
            if int(at) >= len(rows):
                failed[label] = {"error": "", "error_description": "Элемент не найден"}
                continue
            card = rows[int(at)]["id"]
            self.stages[card] = sent["fields[stageId]"]
            result[label] = {"item": {"id": card, "stageId": sent["fields[stageId]"]}}
        return {"result": {"result": result, "result_error": failed}}

    def _found(self, asked: list[tuple[str, str]]) -> list[int]:
        stage = dict(asked)["filter[=stageId]"]
        wanted = [int(value) for name, value in asked if name.startswith("filter[@id]")]
        found = [one for one in sorted(set(wanted)) if self.stages.get(one) == stage]
        turn = self._shuffled % max(1, len(found))
        return found[turn:] + found[:turn]


def unit(ref: model.CardRef, act: intents.MoveStage) -> units.Unit:
    done = asyncio.get_running_loop().create_future()
    return units.Unit(writing.move_from(ref, act), None, done, writing.move_guard(ref, act))


@given(cards, st.lists(st.tuples(st.integers(1, 40), moves), min_size=1, max_size=12, unique_by=lambda one: one[0]), st.integers(0, 11))  # fmt: skip
def test_each_move_has_the_answer_of_its_own_card(
    stages: dict[int, str], wanted: list[tuple[int, tuple[model.StageId, model.StageId]]], shuffled: int
) -> None:
    """Whoever stands where it is to leave is moved and told so by an answer that bears its id; nobody else is touched."""

    async def ride() -> None:
        far = FarEnd(stages, shuffled)
        refs = [model.CardRef(model.CardKind.DEAL, card) for card, _ in wanted]
        acts = [intents.MoveStage(builders.SALES, to, source) for _, (source, to) in wanted]
        flock = [unit(ref, act) for ref, act in zip(refs, acts, strict=True)]
        sheet = units.batch(flock)
        raws = dict(zip(sheet.labels, answers.batch(far.answer(sheet.body), sheet.labels), strict=True))
        read = list(sheet.read(flock, raws))
        after = dict(stages)
        for ref, act, (found, moved) in zip(refs, acts, read, strict=True):
            stood = stages.get(ref.id) == act.only_from
            assert (ref.id in guarded.places(found.result)) == stood
            if stood:
                after[ref.id] = act.stage
                assert moved.result == {"item": {"id": ref.id, "stageId": act.stage}}
        assert far.stages == after
        assert far.lines == len(wanted) + len({pair for _, pair in wanted})

    asyncio.run(ride())


def test_what_a_list_says_that_nobody_can_read_is_nobody_s_place() -> None:
    guard = guarded.Guard("alike", 7)
    assert guarded.place({"items": [{"id": 5}, {"id": 7}]}, guard) == 1
    assert guarded.place({"items": [{"id": 5}]}, guard) is None
    assert guarded.place({"items": "<html>"}, guard) is None


def test_a_pair_asks_before_it_writes() -> None:
    ref = model.CardRef(model.CardKind.LEAD, 5)
    asked, write = writing.move_from(ref, intents.MoveStage(builders.SALES, OFFER, NEW))
    assert (asked.method, asked.params["filter"]) == ("crm.item.list", {"@id": [5], "=stageId": NEW})
    assert write == client.Command(
        "crm.item.update",
        {"entityTypeId": names.type_id(ref), "id": phpquery.Ref("found", "items", 0, "id"), "fields": {"stageId": OFFER}, **names.RAW_UF},
        write=True,
    )  # fmt: skip
