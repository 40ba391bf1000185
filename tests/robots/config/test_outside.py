"""`outside:`, `call_url:` and `message:` from the YAML; where robots may not go is said at its line."""

from __future__ import annotations

import pytest

from robots import outside
from robots.kinds import call_url, message
from tests.robots import builders
from tests.robots.config import reading

HOSTS = "outside: {hosts: [erp.example]}\n"


def test_a_call_and_messages_are_read() -> None:
    """A text after `call_url:` is the address; the SMS service is described once."""
    made = reading.robots("""
        outside:
          hosts: [ERP.example, sms.example]
          sms:
            url: https://sms.example/send
            fields: {to: $phone, text: $text, from: Romashka}
            secret: OUTSIDE_SMS
            timeout: 20 seconds
            as: form
            expect: {status: OK}
        pipelines:
          Продажи:
            on_create:
              - call_url: {url: https://erp.example/in, send: {заказ: "{{ID}}"}, secret: OUTSIDE_ERP, timeout: 99}
              - call_url: {url: https://erp.example/two, name: второй}
              - message:
                  email: {subject: "Заказ {{ID}}", text: Приняли, from: Ромашка <i@romashka.ru>}
                  sms: Заказ принят
        """)
    service = outside.Provider(
        "https://sms.example/send",
        (("to", "$phone"), ("text", "$text"), ("from", "Romashka")),
        "OUTSIDE_SMS",
        20,
        True,
        (("status", "OK"),),
    )
    letter = message.Letter(
        builders.template("Заказ {{ID}}"), builders.template("Приняли"), "Ромашка <i@romashka.ru>"
    )
    sms = message.Sms(builders.template("Заказ принят"), service)

    assert made["Продажи/on_create/call_url"].options == call_url.Options(
        "https://erp.example/in", (("заказ", builders.template("{{ID}}")),), "OUTSIDE_ERP", 60
    )
    assert made["Продажи/on_create/call_url второй"].options == call_url.Options("https://erp.example/two")
    assert made["Продажи/on_create/message"].options == message.Options(letter, sms)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("call_url: https://evil.example/", "V037  «evil.example» нет среди разрешённых: outside: hosts"),
        ("call_url: http://erp.example/", "V037  адрес должен начинаться с https://"),
        ('call_url: "https://erp.example/{{ID}}"', "V037  в адрес значения не подставляются"),
        ("message: {sms: Привет}", "V037  не описано, через кого посылать SMS"),
        ("message: {name: пустое}", "V018  message: не сказано, что послать"),
    ],
)
def test_where_robots_may_not_go(act: str, said: str) -> None:
    """Said at its line; such a robot isn't loaded."""
    text = HOSTS + f"pipelines:\n  Продажи:\n    on_create:\n      - {act}\n"

    assert said in reading.told(text)
    assert reading.loaded(text).robots == ()


def test_a_service_must_take_phone_and_text() -> None:
    """Without them every client would get the same."""
    text = "outside: {hosts: [a.example], sms: {url: https://a.example/, fields: {to: $phone}}}\n"

    assert "V037  в fields: нет $phone или $text: некуда подставить телефон и текст" in reading.told(text)
