"""Calls and meetings, letters and SMS, calls of an address, invoices, own triggers: end to end, on one portal beside one daemon."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import driver
from tests.acceptance.driver import wait_for

YAML = (
    driver.PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
pipelines:
  Продажи:
    mode: on
    on_won:
      - chat: {{to: CHAT, text: "Выиграна «{{{{Название}}}}»\\n{{{{Ссылка}}}}"}}
    stages:
      Обрабатываем запрос:
        on_enter:
          - call: {{title: "Позвонить: {{{{Контакт: Имя}}}}", deadline: 2 work hours}}
          - todo: {{title: Проверить адрес, for: Петрова Анна}}
          - observers: {{add: менеджер, remove: Петрова Анна}}
      Сделали предложение:
        on_enter:
          - call_url: {{url: "http://127.0.0.1:RECEIVER/erp", send: {{заказ: "{{{{ID}}}}"}}, secret: OUTSIDE_ERP, timeout: 2}}
      Получили ответ:
        on_enter:
          - message:
              email: {{subject: "Заказ {{{{ID}}}}", text: "Мы приняли заказ"}}
              sms: "Заказ {{{{ID}}}} принят"
      Отправили счёт:
        task: {{title: Дождаться оплаты}}
robots:
  - name: Счёт
    when: {{changed: Предмет сделки}}
    pipeline: Продажи
    do:
      - invoice: {{title: "Счёт: {{{{Предмет сделки}}}}", pay_within: 3 work days, move: Отправили счёт}}
  - name: Печать
    when: {{changed: Требования}}
    pipeline: Продажи
    do:
      - document:
          template: счет (россия)
          values: {{Memo: "{{{{Требования}}}}"}}
          email: {{subject: "Счёт по заказу {{{{ID}}}}", text: Счёт во вложении}}
outside:
  hosts: [127.0.0.1]
  sms:
    url: http://127.0.0.1:RECEIVER/sms
    fields: {{to: $phone, text: $text}}
    secret: OUTSIDE_SMS
    expect: {{status: OK}}
"""
)
KEYS = {"OUTSIDE_ERP": "erp-canary-1", "OUTSIDE_SMS": "sms-canary-2"}
FEED = ["ID", "SUBJECT", "TYPE_ID", "RESPONSIBLE_ID", "ORIGIN_ID", "COMMUNICATIONS"]


class Receiver:
    """Other companies' programs, in a thread: what they were told, by path. `silent` ones take it and never answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.silent = False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append((self.path, dict(self.headers), body))
                if outer.silent:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"status": "OK"}')

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def about(self, deal: int) -> list[tuple[str, str]]:
        """(path, body) of what was said of this deal."""
        told = [(path, body.decode()) for path, _, body in self.calls]
        return [(path, body) for path, body in told if f'"{deal}"' in body or f" {deal} " in body]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[driver.Pair]:
    text = YAML.replace("RECEIVER", str(receiver.port))
    made = driver.Pair(tmp_path_factory.mktemp("messages"), text)
    try:
        chat = made.sandbox.ask("im.chat.add", TITLE="Отдел продаж", USERS=[driver.IVANOV])
        made.daemon.file.write_text(
            made.daemon.file.read_text("utf-8").replace("CHAT", f"chat{chat}"), "utf-8"
        )
        made.daemon.start(**KEYS).ready()
        yield made
    finally:
        made.close()


def activities(pair: driver.Pair, deal: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pair.sandbox.ask(
        "crm.activity.list", filter={"OWNER_TYPE_ID": 2, "OWNER_ID": deal}, select=FEED, order={"ID": "ASC"}
    )
    return rows


def states(pair: driver.Pair, deal: int) -> list[tuple[str, str]]:
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    return [(row["act"]["act"], row["state"]) for row in rows]


def test_a_call_and_a_todo_are_planned_once(pair: driver.Pair) -> None:
    """S1.5: though the portal made the call and its answer was cut off; observers are added and taken away."""
    portal = pair.sandbox
    contact = portal.contact("Мария", "+7 916 000-00-01")
    deal = portal.deal(title="Звонок", contactIds=[contact], observers=[1, driver.HEAD])
    portal.fault("commit_then_reset", "crm.activity.add", times=1)
    portal.move(deal, "Обрабатываем запрос")
    wait_for("both", lambda: len(activities(pair, deal)) == 2)
    wait_for("calm", pair.daemon.settled)

    found = sorted(activities(pair, deal), key=lambda row: row["TYPE_ID"])
    assert [(row["SUBJECT"], row["TYPE_ID"], row["RESPONSIBLE_ID"]) for row in found] == [
        ("Позвонить: Мария", "2", str(driver.IVANOV)),
        ("Проверить адрес", "6", str(driver.HEAD)),
    ]
    assert found[0]["COMMUNICATIONS"][0]["ENTITY_ID"] == str(contact)
    assert sorted(portal.card(deal)["observers"]) == [1, driver.IVANOV]
    assert sorted(states(pair, deal)) == [("PlanActivity", "done")] * 2 + [("SetFields", "done")]
    assert ["commit_then_reset"] in [one[:1] for one in portal.struck()]


def test_another_program_is_told_and_can_check_who_says_it(pair: driver.Pair, receiver: Receiver) -> None:
    """`call_url`: signed with the key from the secrets file, which stands nowhere else."""
    deal = pair.sandbox.deal(title="Вызов")
    pair.sandbox.move(deal, "Сделали предложение")
    wait_for("the call", lambda: ("CallUrl", "done") in states(pair, deal))

    assert receiver.about(deal) == [
        (
            "/erp",
            json.dumps(
                {"card": f"deal:{deal}", "data": {"заказ": str(deal)}},
                ensure_ascii=False,
                separators=(",", ":"),
            ),
        )
    ]
    _, headers, body = next(call for call in receiver.calls if f'"{deal}"'.encode() in call[2])
    signed = f"{headers['X-Voronka-Time']}.".encode() + body
    right = hmac.new(KEYS["OUTSIDE_ERP"].encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Voronka-Signature"] == f"sha256={right}"
    for place in (
        pair.daemon.process.output() if pair.daemon.process else "",
        pair.daemon.run("ledger", "list", "--json"),
    ):
        assert not [key for key in KEYS.values() if key in place]


def test_a_call_without_an_answer_is_asked_about_and_never_repeated(
    pair: driver.Pair, receiver: Receiver
) -> None:
    """Class C, R3: nobody knows whether it was heard; a person who lets it go has it said once more."""
    deal = pair.sandbox.deal(title="Молчание")
    receiver.silent = True
    pair.sandbox.move(deal, "Сделали предложение")
    wait_for("the question", lambda: ("CallUrl", "held") in states(pair, deal))
    receiver.silent = False
    wait_for("calm", pair.daemon.settled)
    assert len(receiver.about(deal)) == 1

    (row,) = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    assert "неизвестно, ушло ли" in row["note"]


def test_the_client_gets_a_letter_and_an_sms_once(pair: driver.Pair, receiver: Receiver) -> None:
    """S1.5: though the portal's answer to the letter was cut off; the SMS leaves a record in the card."""
    portal = pair.sandbox
    contact = portal.contact("Мария", "+7 916 000-00-02")
    portal.ask(
        "crm.contact.update", id=contact, fields={"EMAIL": [{"VALUE": "maria@mail.ru", "VALUE_TYPE": "WORK"}]}
    )
    deal = portal.deal(title="Клиенту", contactIds=[contact])
    portal.fault("commit_then_reset", "crm.activity.add", times=1)
    portal.move(deal, "Получили ответ")
    wait_for(
        "all three",
        lambda: (
            sorted(states(pair, deal)) == [("LogEntry", "done"), ("SendLetter", "done"), ("SendSms", "done")]
        ),
    )

    (letter,) = activities(pair, deal)
    assert (letter["SUBJECT"], letter["TYPE_ID"], letter["COMMUNICATIONS"][0]["VALUE"]) == (
        f"Заказ {deal}",
        "4",
        "maria@mail.ru",
    )
    assert [(path, json.loads(body)) for path, body in receiver.about(deal)] == [
        ("/sms", {"to": "+79160000002", "text": f"Заказ {deal} принят"})
    ]
    logs = portal.ask("crm.timeline.logmessage.list", entityTypeId=2, entityId=deal)["logMessages"]
    assert [one["text"].partition(" · ")[0] for one in logs] == [f"+79160000002: Заказ {deal} принят"]


def test_an_invoice_is_made_once_with_the_deal_s_products_and_the_deal_goes_on(pair: driver.Pair) -> None:
    """S1.7: though the portal's answers to the invoice and to its products were both cut off."""
    portal = pair.sandbox
    contact = portal.contact("Анна", "+7 916 000-00-03")
    deal = portal.deal(title="Деньги", contactIds=[contact])
    rows = [{"productName": "Окно", "price": 4500, "quantity": 2}]
    portal.ask("crm.item.productrow.set", ownerType="D", ownerId=deal, productRows=rows)
    wait_for("calm", pair.daemon.settled)
    portal.fault("commit_then_reset", "crm.item.add", times=1)
    portal.fault("commit_then_502", "crm.item.productrow.set", times=1)
    said: dict[str, Any] = {driver.SUBJECT: "окна"}
    portal.write(deal, **said)
    wait_for("the move", lambda: portal.stage(deal) == "Отправили счёт")
    wait_for("calm", pair.daemon.settled)
    portal.write(deal, **{**said, driver.SUBJECT: "двери"})
    wait_for("calm", pair.daemon.settled)

    made = portal.ask("crm.item.list", entityTypeId=31, select=["*"], filter={"=parentId2": deal})["items"]
    assert [(one["title"], one["contactId"], one["opportunity"], one["assignedById"]) for one in made] == [
        ("Счёт: окна", contact, 9000, driver.IVANOV)
    ]
    asked = {"=ownerType": "SI", "=ownerId": made[0]["id"]}
    products = portal.ask("crm.item.productrow.list", filter=asked)["productRows"]
    assert [(one["productName"], one["quantity"]) for one in products] == [("Окно", 2)]
    assert [one for one in states(pair, deal) if one[0] in ("MakeInvoice", "MoveStage")] == [
        ("MakeInvoice", "done"),
        ("MoveStage", "done"),
    ]


def test_the_department_s_chat_is_told_once(pair: driver.Pair) -> None:
    """S1.3: though the portal took the message and its answer was cut off; two deals, two messages, each with its link."""
    portal = pair.sandbox
    portal.fault("commit_then_reset", "im.message.add", times=1)
    deals = [portal.deal(title=f"Окна {number}") for number in (1, 2)]
    wait_for("calm", pair.daemon.settled)
    for deal in deals:
        portal.move(deal, "Клиент получил заказ")
    dialog = pair.daemon.json("ledger", "list", "--card", f"deal:{deals[0]}")[-1]["act"]["dialog"]

    def said() -> list[str]:
        rows = portal.ask("im.dialog.messages.get", DIALOG_ID=dialog)["messages"]
        return sorted(str(row["text"]).split(" · Воронка ")[0] for row in rows)

    address = f"http://127.0.0.1:{portal.port}/crm/deal/details"
    expected = [f"Выиграна «Окна {at}»\n{address}/{deal}/" for at, deal in enumerate(deals, 1)]
    wait_for("both", lambda: len(said()) >= 2)
    wait_for("calm", pair.daemon.settled)
    assert said() == expected
    assert "reset" in str(portal.struck())


def test_the_client_gets_the_printed_form_of_the_bill_once(pair: driver.Pair) -> None:
    """S1.7: by the portal's own template, in PDF, though the answers to the document and to the letter were both cut off."""
    portal = pair.sandbox
    contact = portal.contact("Мария", "+7 916 000-00-04")
    portal.ask(
        "crm.contact.update", id=contact, fields={"EMAIL": [{"VALUE": "bill@mail.ru", "VALUE_TYPE": "WORK"}]}
    )
    deal = portal.deal(title="Печать", contactIds=[contact])
    wait_for("calm", pair.daemon.settled)
    portal.fault("commit_then_reset", "crm.documentgenerator.document.add", times=1)
    portal.fault("commit_then_reset", "crm.activity.add", times=1)
    portal.write(deal, **{driver.NEEDS: "два окна"})
    done = [("MakeDocument", "done"), ("SendLetter", "done")]
    wait_for("both", lambda: [one for one in states(pair, deal) if one[0] in dict(done)] == done)
    wait_for("calm", pair.daemon.settled)

    asked = {"filter": {"entityTypeId": 2, "entityId": deal}, "select": ["*"]}
    (made,) = portal.ask("crm.documentgenerator.document.list", **asked)["documents"]
    assert made["values"]["Memo"] == "два окна"
    mails = portal.lever("GET", "state/timeline")["activities"]["mails"]
    (mail,) = [one for one in mails if one["to"] == ["bill@mail.ru"]]
    ((name, body),) = mail["files"]
    assert (mail["subject"], name) == (f"Счёт по заказу {deal}", f"{made['title']}.pdf")
    assert "два окна" in base64.b64decode(body).decode()


def test_a_template_that_isn_t_there_is_said_before_anything_runs(pair: driver.Pair) -> None:
    """`check` reads the portal's templates, and names the likest."""
    text = pair.daemon.file.read_text("utf-8").replace("счет (россия)", "Счёт Россия")
    other = pair.daemon.file.with_name("other.yaml")
    other.write_text(text, "utf-8")
    said = pair.daemon.process_of("check", str(other))
    other.unlink()
    assert said.returncode != 0
    assert "нет такого шаблона документа: «Счёт Россия»" in said.stdout
    assert "может быть, «Счёт (Россия)»?" in said.stdout
