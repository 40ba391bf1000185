"""`connect`: probing a webhook and making what is needed, against recorded and played answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from connector import errors
from connector.bitrix24 import creating, secret, setup
from robots import model
from robots.config import needs

URL = "https://acme.bitrix24.ru/rest/7/canary5ecret/"


class Portal:
    """Enough of a portal for `connect`: answers by method, and a record of what was written."""

    def __init__(self, played: responses.RequestsMock) -> None:
        self.answers: dict[str, Any] = {
            "scope": ["crm", "task"],
            "profile": {"ID": "7", "ADMIN": True, "NAME": "Анна", "LAST_NAME": "Петрова"},
            "crm.item.list": {"items": []},
            "crm.settings.mode.get": 1,
            "crm.category.list": {"categories": [{"id": 0, "name": "Общая"}]},
            "crm.category.add": {"category": {"id": 9, "name": "Новая"}},
            "crm.status.list": [
                {
                    "ID": "1",
                    "ENTITY_ID": "DEAL_STAGE",
                    "NAME": "Новая",
                    "SORT": "10",
                    "SYSTEM": "Y",
                    "SEMANTICS": None,
                },
                {
                    "ID": "2",
                    "ENTITY_ID": "DEAL_STAGE",
                    "NAME": "Успех",
                    "SORT": "20",
                    "SYSTEM": "Y",
                    "SEMANTICS": "S",
                },
            ],
            "crm.item.fields": {"fields": {"UF_CRM_1": {"title": "Предмет", "type": "string"}}},
            "crm.deal.userfield.list": [
                {"ID": "3", "FIELD_NAME": "UF_CRM_1", "LIST": [{"ID": "1", "VALUE": "А"}]}
            ],
        }
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        played.add_callback(responses.POST, re.compile(re.escape(URL) + ".*"), self._play)

    def _play(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        method = str(request.url).rsplit("/", 1)[1].removesuffix(".json")
        self.calls.append((method, json.loads(request.body or "{}")))
        if self.failures:
            status, body = self.failures.pop(0)
            return status, {}, json.dumps(body)
        answer = {"result": self.answers.get(method, True), "total": 4}
        return 200, {}, json.dumps(answer)

    def written(self) -> list[str]:
        return [method for method, _ in self.calls if method.endswith((".add", ".update", ".delete"))]


@pytest.fixture
def portal() -> Iterator[Portal]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as played:
        yield Portal(played)


def _setup() -> setup.Setup:
    return setup.Setup(secret.WebhookUrl(URL), sleep=lambda _seconds: None)


def test_a_probe_tells_rights_and_owner(portal: Portal) -> None:
    """Scopes, administrator or not, whose webhook it is, how many deals he leads himself."""
    assert _setup().probe() == setup.Found(
        frozenset({"crm", "task"}),
        admin=True,
        owner="Петрова Анна",
        owner_id=7,
        owner_deals=4,
        simple_crm=False,
    )


def test_a_tariff_without_rest_is_told(portal: Portal) -> None:
    """A state of the portal, by its code."""
    portal.failures = [(403, {"error": "ACCESS_DENIED", "error_description": "commercial plans"})]
    with pytest.raises(errors.PortalClosed) as caught:
        _setup().probe()
    assert caught.value.why is errors.Closed.TARIFF


def test_a_limit_is_waited_out(portal: Portal) -> None:
    """503 surely did nothing."""
    portal.failures = [(503, {"error": "QUERY_LIMIT_EXCEEDED"})] * 2
    assert _setup().probe().owner_id == 7


def test_a_write_without_an_answer_is_not_repeated(portal: Portal) -> None:
    """A 502 may come after the field was made: the next run looks."""
    portal.failures = [(502, {"error": ""})]
    with pytest.raises(errors.Unknown):
        _setup().call("crm.deal.userfield.add", {"fields": {}}, write=True)
    assert len(portal.calls) == 1


def test_what_is_lacking_is_made_once(portal: Portal) -> None:
    """Fields, an option, a stage; a second run finds what the first one made."""
    known = model.Field(model.FieldCode("UF_CRM_1"), "Предмет", model.FieldType.ENUMERATION)
    missing = needs.Missing(
        fields=(needs.NeedField("deal", "РОП", model.FieldType.USER),),
        stages=(needs.MissingStage("Общая", "Дорого", model.Semantic.LOST),),
        options=(needs.MissingOption(known, "deal", "Б"),),
    )
    told = list(creating.create(_setup(), missing))
    assert told == ["стадия «Дорого» в воронке «Общая»", "поле «РОП»", "вариант «Б» поля «Предмет»"]
    assert portal.written() == ["crm.status.add", "crm.deal.userfield.add", "crm.deal.userfield.update"]
    code = "UF_CRM_" + portal.calls[[name for name, _ in portal.calls].index("crm.deal.userfield.add")][1]["fields"]["FIELD_NAME"]  # fmt: skip
    portal.answers["crm.item.fields"] = {"fields": {code: {"title": "РОП"}}}
    portal.calls.clear()
    assert list(creating.create(_setup(), needs.Missing(fields=missing.fields))) == ["поле «РОП» уже есть"]
    assert portal.written() == []


def test_a_second_success_stage_cannot_be_made(portal: Portal) -> None:
    """A pipeline has exactly one; ours is told to be renamed by hand."""
    missing = needs.Missing(stages=(needs.MissingStage("Общая", "Оплачено", model.Semantic.WON),))
    with pytest.raises(errors.Rejected, match="одна"):
        list(creating.create(_setup(), missing))
