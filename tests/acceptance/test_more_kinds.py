"""The kinds beyond the first funnel, end to end: validate, assign. One portal and one daemon for all stories."""

from __future__ import annotations

import pathlib
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.acceptance import driver
from tests.acceptance.driver import wait_for

YAML = (
    driver.PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
  дежурный: {{round_robin: {{department: Отдел продаж, except: Петрова Анна}}, skip: absent}}
absences:
  - {{who: Кузнецов Илья, from: "2020-01-01", to: "2099-12-31"}}
leads:
  mode: on
  on_create:
    - convert: {{to: Продажи / Обрабатываем запрос, comment: Конвертация проведена в СКК}}
pipelines:
  Доставка:
    mode: on
    unattended: {{after: 0 minutes, assign: дежурный, at_most: 1 time, then: {{notify: Орлов Сергей}}}}
  Продажи:
    mode: on
    stale:
      steps: [{{after: 0 minutes, comment: Давно тихо, tag: отложенный спрос}}]
      except: [Новый лид, Обрабатываем запрос, Сделали предложение, Отправили счёт, Получили оплату, Отправили заказ]
    on_create:
      - validate:
          filled: [Предмет сделки]
          if: {{Требования: {{not: [очередь]}}}}
      - calculate: {{field: Сумма, formula: "{{{{Сумма}}}} * 1,2", if: {{Требования: поля}}}}
      - code: {{field: Комментарий при провале, pattern: "ЗК-{{{{ID}}}}", if: {{Требования: поля}}}}
      - set: {{Контакт / Как платит: онлайн, if: {{Требования: поля}}}}
      - observers: {{add: [Петрова Анна, менеджер], if: {{Требования: поля}}}}
      - assign:
          to: дежурный
          first: менеджер клиента
          tell: new
          if: {{Требования: очередь}}
"""
)
QUEUED = {driver.NEEDS: "очередь"}
TAGS = "UF_CRM_TEGI"


def opened(folder: pathlib.Path) -> driver.Pair:
    """A portal whose deals have a field for tags."""
    made = driver.Pair(folder, YAML)
    field = {
        "FIELD_NAME": TAGS.removeprefix("UF_CRM_"),
        "USER_TYPE_ID": "string",
        "MULTIPLE": "Y",
        "EDIT_FORM_LABEL": {"ru": "Теги"},
    }
    made.sandbox.ask("crm.deal.userfield.add", fields=field)
    return made


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Pair]:
    made = opened(tmp_path_factory.mktemp("kinds"))
    try:
        made.daemon.start().ready()
        yield made
    finally:
        made.close()


@pytest.fixture
def breakable(tmp_path: pathlib.Path) -> Iterator[driver.Pair]:
    made = opened(tmp_path)
    try:
        yield made
    finally:
        made.close()


def told(pair: driver.Pair, user: int, about: str) -> list[str]:
    return [text for text in pair.sandbox.notices(user) if about in text]


def test_a_bad_phone_is_told_once_and_the_next_mistake_anew(pair: driver.Pair) -> None:
    """S4.2, S4.6: one message with everything; the phone comes with the contact, later than the deal."""
    portal = pair.sandbox
    deal = portal.deal(title="Плохой телефон", by=driver.SIDOROVA, **{driver.SUBJECT: "окна"})
    wait_for(
        "the first look", lambda: pair.daemon.process_of("mirror", "show", "deal", str(deal)).returncode == 0
    )
    contact = portal.contact("Мария", "8 916 123")
    portal.write(deal, by=driver.SIDOROVA, contactIds=[contact])
    wait_for("the word", lambda: told(pair, driver.SIDOROVA, "Плохой телефон"))

    assert told(pair, driver.SIDOROVA, "Плохой телефон")[0].splitlines()[:2] == [
        "«Плохой телефон»: проверьте: телефон",
        "телефон «8 916 123» (Мария): 7 цифр, а в номере России их 11 вместе с кодом страны",
    ]
    portal.ask(
        "crm.contact.update", id=contact, fields={"WEB": [{"VALUE": "rоmashka.ru", "VALUE_TYPE": "WORK"}]}
    )
    wait_for(
        "the second word", lambda: "сайт «rоmashka.ru»" in told(pair, driver.SIDOROVA, "Плохой телефон")[-1]
    )
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    assert [row["act"]["act"] for row in rows] == ["Notify", "Remember"] * 2


def holders(pair: driver.Pair, deals: list[int]) -> list[int]:
    return [pair.sandbox.card(deal)["assignedById"] for deal in deals]


def assigned(pair: driver.Pair, deals: list[int]) -> bool:
    rows = pair.daemon.json("ledger", "list")
    done = {row["card"] for row in rows if row["act"]["act"] == "SetFields" and row["state"] == "done"}
    return {f"deal:{deal}" for deal in deals} <= done


def test_a_burst_of_deals_is_dealt_out_evenly(pair: driver.Pair) -> None:
    """S1.1, S4.4: however many of them one look holds."""
    portal = pair.sandbox
    deals = [portal.deal(title=f"Очередь {n}", by=driver.HEAD, **QUEUED) for n in range(10)]
    wait_for("all of them", lambda: assigned(pair, deals))

    assert Counter(holders(pair, deals)) == {driver.IVANOV: 5, driver.SIDOROVA: 5}
    wanted = [f"«Очередь {n}» теперь ваша карточка" for n in range(10)]
    wait_for("the words", lambda: words(pair, "Очередь") == wanted)


def words(pair: driver.Pair, about: str) -> list[str]:
    managers = (driver.IVANOV, driver.SIDOROVA)
    return sorted(text.splitlines()[0] for user in managers for text in told(pair, user, about))


def test_a_known_client_goes_to_his_manager(pair: driver.Pair) -> None:
    """S4.3: the second contact with the same phone is that of a client whom the head leads."""
    portal = pair.sandbox
    portal.contact("Ольга", "+7 916 555-55-55", by=driver.HEAD)
    time.sleep(1.1)  # the portal's moments are whole seconds
    again = portal.contact("Оля", "8 916 555-55-55", by=driver.SIDOROVA)
    deal = portal.deal(title="Знакомая", by=driver.SIDOROVA, contactIds=[again], **QUEUED)
    wait_for("her manager", lambda: holders(pair, [deal]) == [driver.HEAD])


def test_fields_are_counted_coded_and_watched(pair: driver.Pair) -> None:
    """calculate, code and observers; whom a person added stays."""
    portal = pair.sandbox
    fields = {driver.NEEDS: "поля", driver.SUBJECT: "окна", "opportunity": 1000, "observers": [1]}
    contact = portal.contact("Лев", "+7 916 777-77-77")
    deal = portal.deal(title="Поля", by=driver.SIDOROVA, contactIds=[contact], **fields)
    wait_for("the last of them", lambda: len(portal.card(deal)["observers"]) == 3)
    card = portal.card(deal)

    assert (card["opportunity"], card[driver.LOSS_COMMENT]) == (1200, f"ЗК-{deal}")
    lev = portal.ask("crm.contact.get", id=contact)
    assert lev["UF_CRM_1747309881"], "«Как платит» of the contact"
    assert sorted(card["observers"]) == [1, driver.HEAD, driver.SIDOROVA]


def test_a_lead_is_converted_once_and_whole(pair: driver.Pair) -> None:
    """S1.3, S3.3: a second lead with the same phone brings a deal of the same contact, not another contact."""
    portal = pair.sandbox
    phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "+7 916 888-88-88"}]
    for title in ("Заявка", "Ещё заявка"):
        fields = {"title": title, "name": "Вера", "fm": phone, "assignedById": driver.IVANOV}
        lead = portal.ask("crm.item.add", driver.IVANOV, entityTypeId=1, fields=fields)["item"]["id"]
        wait_for("the end of the lead", lambda number=lead: _lead(portal, number)["stageId"] == "CONVERTED")
    deals = [item for item in portal.deals() if item["title"] in ("Заявка", "Ещё заявка")]

    assert [(item["assignedById"], portal.names[item["stageId"]]) for item in deals] == [
        (driver.IVANOV, "Обрабатываем запрос")
    ] * 2
    assert len({portal.card(item["id"])["contactIds"][0] for item in deals}) == 1


def _lead(portal: driver.Sandbox, number: int) -> dict[str, object]:
    item: dict[str, object] = portal.ask("crm.item.get", entityTypeId=1, id=number)["item"]
    return item


def test_an_unattended_card_goes_to_another_and_the_head_hears_when_it_may_not(pair: driver.Pair) -> None:
    """S1.2, F28: no minutes at all to wait; the second one is let alone, the director is told."""
    portal = pair.sandbox
    deal = portal.deal(title="Ничья", pipeline="Доставка", by=driver.IVANOV)
    wait_for("another one", lambda: holders(pair, [deal]) == [driver.SIDOROVA])
    wait_for("the director", lambda: told(pair, 1, "Ничья"))

    assert told(pair, driver.SIDOROVA, "Ничья")[0].splitlines()[0] == "«Ничья» теперь ваша карточка"
    assert told(pair, driver.IVANOV, "Ничья")[0].splitlines()[0] == "«Ничья»: теперь ведёт Сидорова Ольга"
    assert "передавали уже 1 раз" in told(pair, 1, "Ничья")[0]


def test_a_crash_between_the_draw_and_the_write_draws_no_second(breakable: driver.Pair) -> None:
    """S4.4, R1: killed as soon as it is recorded, and before its answer is kept: one turn for each deal."""
    portal, daemon = breakable.sandbox, breakable.daemon
    daemon.start(VORONKA_CRASH_AT="after_record").ready()
    deals = [portal.deal(title="Первая", by=driver.HEAD, **QUEUED)]
    daemon.died()
    daemon.start(VORONKA_CRASH_AT="after_answer").died()
    daemon.start().ready()
    for title in ("Вторая", "Третья"):
        deals.append(portal.deal(title=title, by=driver.HEAD, **QUEUED))
        wait_for(title, lambda: assigned(breakable, deals))
    wait_for("all of them", lambda: assigned(breakable, deals))

    assert holders(breakable, deals) == [driver.IVANOV, driver.SIDOROVA, driver.IVANOV]
    rows = [row for row in daemon.json("ledger", "list") if row["act"]["act"] == "SetFields"]
    assert len(rows) == 3


def comments(pair: driver.Pair, deal: int) -> list[str]:
    """Without the tail by which ours are found again."""
    asked = {"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}
    rows = pair.sandbox.ask("crm.timeline.comment.list", filter=asked, select=["COMMENT"])
    return [str(row["COMMENT"]).partition(" · ")[0] for row in rows]


def test_a_silent_deal_is_told_once(pair: driver.Pair) -> None:
    """S5.2: its step is taken once for one silence; a person's word breaks it, and our own comment doesn't. Its tag stands
    beside the one that was there."""
    portal = pair.sandbox
    deal = portal.deal(title="Тихая", **{driver.SUBJECT: "окна", TAGS: ["ВИП"]})
    portal.move(deal, "Получили ответ")
    wait_for("the comment", lambda: comments(pair, deal) == ["Давно тихо"])
    wait_for("calm", pair.daemon.settled)
    assert portal.card(deal)[TAGS] == ["ВИП", "отложенный спрос"]
    portal.write(deal, title="Тихая всё ещё")
    wait_for("calm", pair.daemon.settled)
    assert comments(pair, deal) == ["Давно тихо"]
