"""call_url and message: what is said to whom outside the portal, and what isn't said (S1.5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from robots import decision, intents, model, outside
from robots import robot as r
from robots.kinds import call_url, message
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Правило/act"
MARIA = model.ClientRef(model.ClientKind.CONTACT, 21)
SERVICE = outside.Provider(
    "https://sms.example/send", (("to", "$phone"), ("msg", "$text"), ("from", "Я")), "OUTSIDE_SMS"
)
LETTER = message.Letter(builders.template("Заказ {{ID}}"), builders.template("Приняли"), "Я <i@r.ru>")


def saying(kind: str, options: object) -> decision.Rules:
    return decision.Rules((rules.robot(ID, kind, options, r.Created()),))


def acts(world: World) -> list[intents.Act]:
    return [row.wish.act for row in world.work().ledger.values()]


def test_a_call_carries_the_card_s_values_once_per_cause() -> None:
    """And the name of its secret, never the secret."""
    data = (("заказ", builders.template("{{ID}}")), ("предмет", builders.template("{{Предмет сделки}}")))
    options = call_url.Options("https://erp.example/in", data, "OUTSIDE_ERP", 5)
    world = World(saying("call_url", options), fields={"Предмет сделки": "окна"})

    assert acts(world) == [
        intents.CallUrl("https://erp.example/in", {"заказ": "4711", "предмет": "окна"}, "OUTSIDE_ERP", 5)
    ]
    assert len(acts(world.after(days=1))) == 1


def test_a_letter_goes_to_the_first_right_address() -> None:
    """A wrong one isn't written to; the sender is as the file says."""
    clients = (builders.contact(id=20, emails=("нет",)), builders.contact(emails=("плохо", "Maria@Mail.ru")))
    world = World(saying("message", message.Options(LETTER)), clients=clients)

    assert acts(world) == [
        intents.SendLetter("maria@mail.ru", MARIA, "Заказ 4711", "Приняли", "Я <i@r.ru>", builders.IVANOV)
    ]
    (row,) = world.ledger.values()
    assert row.wish.not_after == builders.NOW + timedelta(hours=1)


def test_an_sms_goes_by_the_service_and_a_record_stands_on_it() -> None:
    """The service's own fields with phone and text put in; the record waits for the message."""
    options = message.Options(sms=message.Sms(builders.template("Заказ {{ID}} принят"), SERVICE))
    world = World(saying("message", options), clients=(builders.contact(phones=("8 916 000-00-01",)),))
    sms, entry = acts(world)
    wished = [row.wish for row in world.ledger.values()]

    assert sms == intents.SendSms(
        "+79160000001",
        "Заказ 4711 принят",
        "https://sms.example/send",
        {"to": "+79160000001", "msg": "Заказ 4711 принят", "from": "Я"},
        "OUTSIDE_SMS",
    )
    assert entry == intents.LogEntry("SMS клиенту", "+79160000001: Заказ 4711 принят")
    assert wished[1].stands_on == wished[0].key


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (message.Options(LETTER), "письмо некому: у клиента нет верного e-mail"),
        (
            message.Options(sms=message.Sms(builders.template("да"), SERVICE)),
            "SMS некому: у клиента нет верного телефона",
        ),
    ],
)
def test_with_nobody_to_write_to_it_is_said(options: message.Options, why: str) -> None:
    """Nothing fails in silence."""
    world = World(
        saying("message", options), clients=(builders.contact(phones=("12",), emails=("x",)),)
    ).look()

    assert world.told(ID) == [("failed", why)]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://erp.example/in", ""),
        ("http://erp.example/in", "адрес должен начинаться с https://"),
        ("http://127.0.0.1:9/in", "адрес должен начинаться с https://"),
        ("https://evil.example/in", "«evil.example» нет среди разрешённых: outside: hosts"),
        ("https://erp.example@evil.example/", "адрес должен быть вида https://erp.romashka.ru/путь"),
        ("https://10.0.0.7/in", "«10.0.0.7» — адрес внутренней сети, туда роботы не ходят"),
        ("https://[::1]/in", "«::1» — адрес внутренней сети, туда роботы не ходят"),
        ("https://erp.example:99999/", "адрес не читается"),
        ("ftp://erp.example/", "адрес должен начинаться с https://"),
    ],
)
def test_which_addresses_may_be_called(url: str, why: str) -> None:
    """Allowed hosts over https; never a private network."""
    hosts = frozenset({"erp.example", "10.0.0.7", "::1", "127.0.0.1"})
    assert outside.wrong(url, outside.Outside(hosts)) == why


def test_in_a_rehearsal_this_machine_may_be_called_without_encryption() -> None:
    """And no other one."""
    hosts = frozenset({"127.0.0.1", "10.0.0.7", "erp.example"})
    told = outside.Outside(hosts, insecure=True)

    assert outside.wrong("http://127.0.0.1:8/in", told) == ""
    assert outside.wrong("http://erp.example/in", told) == "адрес должен начинаться с https://"
    assert outside.wrong("https://10.0.0.7/in", told) != ""
