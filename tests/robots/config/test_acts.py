"""The vocabulary of acts (users.md F29): each to its kind's options, in the portal's ids."""

from __future__ import annotations

from decimal import Decimal

from robots import intents, model, paths, people
from robots.kinds import duplicates, hand_over, move, notify, set_fields
from tests.robots import builders
from tests.robots.config import reading


def test_the_acts_one_by_one() -> None:
    """The vocabulary of F29."""
    one = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - notify: Петрова Анна
              - tell: {to: [менеджер, Анна Петрова], text: "Сумма {{Сумма}}"}
              - set: {Требования: "Из «{{Название}}»", Способ доставки: Самовывоз, РОП: Петрова Анна, Сумма: 1 000 ₽}
              - clear: [Предмет сделки, РОП]
              - move: отправили счет
              - comment: Проверьте
              - log: {text: Готово, title: Робот}
              - task: Позвонить
        """)
    told = one["Продажи/on_create/tell"].options
    assert isinstance(told, notify.Options)
    assert told.to == (reading.MANAGER, people.Employee(builders.PETROVA))
    default = one["Продажи/on_create/notify"].options
    assert isinstance(default, notify.Options)
    assert default.text is not None
    written = one["Продажи/on_create/set"].options
    assert isinstance(written, set_fields.Options)
    assert [(each.field, each.value) for each in written.assignments[1:]] == [
        (builders.DELIVERY_WAY, builders.PICKUP),
        (builders.ROP, people.Employee(builders.PETROVA)),
        ("opportunity", model.Money(Decimal(1000), "RUB")),
    ]
    cleared = one["Продажи/on_create/clear"].options
    assert [(each.field, each.value) for each in cleared.assignments] == [
        (builders.SUBJECT, None),
        (builders.ROP, None),
    ]
    assert one["Продажи/on_create/move"].options == move.Options(
        builders.SALES, model.StageId("C1:INVOICE"), "Продажи / Отправили счёт"
    )
    task = one["Продажи/on_create/task"].options.task
    assert task.closes is intents.TaskCloses.BY_HAND


def test_duplicates_alone_have_sound_defaults() -> None:
    """F8: tell both, never assign."""
    options = reading.robots("leads: {on_create: [duplicates]}\n")["Лиды/on_create/duplicates"].options
    assert isinstance(options, duplicates.Options)
    assert [(each.kind, each.options.to) for each in options.other_owner] == [
        ("notify", (reading.MANAGER, people.Role("owner")))
    ]
    assert (options.contacts, options.deals, options.new_client) == (
        duplicates.Among.ALL,
        duplicates.Among.OPEN,
        (),
    )


def test_duplicates_as_f8_writes_them() -> None:
    """Ignored comms in their normal form, the owner's order, acts of each branch."""
    options = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - duplicates:
                  by: [телефон]
                  among: {контакты: all, компании: none, лиды: open, сделки: all}
                  ignore: [свои сотрудники, "+7 800*", "info@Romashka.ru", "8 916 000-00-01"]
                  owner: [контакт, открытая сделка]
                  new_client: [{task: {title: Новый клиент, for: Иванов Пётр}}]
                  own_client: []
                  other_owner: [{tell: [менеджер, владелец]}, {log: Клиент уже есть}]
                  twice: {within: 1 day, do: join}
        """)["Продажи/on_create/duplicates"].options
    assert (options.by_phone, options.by_email, options.ignore_staff) == (True, False, True)
    assert options.ignore == ("+7800*", "info@romashka.ru", "+79160000001")
    assert options.owner == (duplicates.OwnerFrom.CONTACT, duplicates.OwnerFrom.DEAL)
    assert [each.kind for each in options.other_owner] == ["notify", "log"]
    assert [each.kind for each in options.new_client] == ["task"]
    assert options.own_client == ()


FOUND = (
    "Это {{Найденный клиент: Название}}, {{Найденный клиент: Ссылка}}, {{Найденный клиент: Ответственный}}"
)


def test_whom_duplicates_found_is_known_inside_it_only() -> None:
    """S3.4: the client, his page and who leads him; outside there is nobody to speak of."""
    text = "pipelines: {Продажи: {on_create: [{duplicates: {other_owner: [{comment: FOUND}]}}]}}\n"
    inside = text.replace("FOUND", f"'{FOUND}'")
    (act,) = reading.robots(inside)["Продажи/on_create/duplicates"].options.other_owner
    shown = [part.options[0].code for part in act.options.text.parts if not isinstance(part, str)]
    assert shown == [paths.Virtual.NAME, paths.Virtual.LINK, paths.Virtual.RESPONSIBLE]

    outside = "pipelines: {Продажи: {on_create: [{comment: '{{Найденный клиент: Ссылка}}'}]}}\n"
    assert "«Найденный клиент» известен только внутри duplicates" in reading.told(outside)
    into = "pipelines: {Продажи: {on_create: [{duplicates: {own_client: [{set: {'Найденный клиент: Название': А}}]}}]}}\n"
    assert "робот писать не может" in reading.told(into)


def test_hand_over_leaves_out_what_the_next_department_fills() -> None:
    """S5.1: their РОП, the reasons of failure; `keep:` copies all the same."""
    text = """
        pipelines:
          Продажи:
            stages: {Дорого: {to_enter: [Предмет сделки]}}
            on_won: [{hand_over: {to: Доставка, once: per deal %s}}]
          Доставка:
            on_create: [{fill: {field: РОП, with: Смирнов Олег}}, {set: {Требования: нет}}]
        """
    options = reading.robots(text % "")["Продажи/on_won/hand_over"].options
    assert isinstance(options, hand_over.Options)
    assert (options.pipeline, options.stage, options.how) == (
        builders.DELIVERY,
        model.StageId("C2:NEW"),
        hand_over.How.COPY,
    )
    assert options.leave_out == {
        builders.ROP,
        builders.DEMANDS,
        builders.LOST_COMMENT,
        builders.SUBJECT,
    }
    kept = reading.robots(text % ", keep: [Требования], mode: move")["Продажи/on_won/hand_over"].options
    assert kept.leave_out == options.leave_out - {builders.DEMANDS}
    assert kept.how is hand_over.How.MOVE
