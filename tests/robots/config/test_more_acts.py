"""validate, assign and their like: from the YAML to their kinds' options."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from robots import choosing, formulas, intents, model, paths, people, robot, schedule
from robots.kinds import (
    activity,
    assign,
    base,
    calculate,
    code,
    convert,
    invoice,
    move,
    notify,
    observers,
    set_fields,
    unattended,
    validate,
)
from tests.robots import builders
from tests.robots.config import reading

TELL = base.ActSpec("notify", notify.Options((reading.MANAGER,)))


def test_validate_alone_checks_everything_and_tells_the_manager() -> None:
    """It is a state: it acts when the phone comes, not only when the card does."""
    one = reading.robots("leads: {on_create: [validate]}\n")["Лиды/on_create/validate"]

    assert one.options == validate.Options(if_bad=(TELL,))
    assert one.trigger == robot.Always()


def test_validate_with_all_its_words() -> None:
    """Kinds of contacts, the country, what else must be filled, other acts."""
    one = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - validate:
                  check: [phone, почта]
                  country: KZ
                  fix: да
                  filled: [Предмет сделки, Контакт / Имя]
                  if_bad:
                    - tell: [менеджер, Петрова Анна]
        """)["Продажи/on_create/validate"].options
    tell = base.ActSpec(
        "notify", notify.Options((reading.MANAGER, people.Employee(builders.PETROVA)), at_once=True)
    )
    paths = (builders.path("Предмет сделки"), builders.path("Контакт / Имя"))

    assert one == validate.Options(sites=False, country="KZ", fix=True, filled=paths, if_bad=(tell,))


def test_validate_short() -> None:
    """`validate: сайт`."""
    made = reading.robots("leads: {on_create: [{validate: сайт}]}\n")["Лиды/on_create/validate"].options

    assert made == validate.Options(phones=False, emails=False, if_bad=(TELL,))


def test_an_unknown_country_is_said() -> None:
    """A country without phone numbers."""
    said = reading.told("leads: {on_create: [{validate: {country: ZZ}}]}").splitlines()

    assert said[0] == "romashka.yaml:1:42  V017  нет такой страны: «ZZ»"
    assert said[-1].endswith("например, RU, KZ, BY")


PEOPLE = """
    absences:
      - {who: Петрова Анна, from: "2026-07-01", to: "2026-07-14", deputy: Смирнов Олег}
    people:
      дежурный:
        round_robin:
          department: Отдел продаж
          except: [Петрова Анна]
          weights: {Иванов Пётр: 2}
        within: working hours
        skip: absent
        else: Петрова Анна
      свободный: {by_load: [Иванов Пётр, Сидорова Ольга]}
      с весом: {by_weight: {Иванов Пётр: 3, Сидорова Ольга: 1}}
      по источнику: {by_source: {Веб-сайт: дежурный, Звонок: Сидорова Ольга, empty: Петрова Анна}}
      по товару: {by_field: {field: Предмет сделки, окна: Иванов Пётр}, else: дежурный}
      по территории: {by_phone: {"+7 (812)": Сидорова Ольга, kz: Иванов Пётр}}
    leads:
      on_create:
        - assign: %s
"""
AWAY = (
    choosing.Away(builders.PETROVA, date(2026, 7, 1), date(2026, 7, 14), people.Employee(builders.SMIRNOV)),
)
ON_DUTY = choosing.Queue(
    "дежурный",
    departments=(builders.SALES_DEPARTMENT,),
    without=frozenset({builders.PETROVA}),
    weights=((builders.IVANOV, 2),),
    in_hours=True,
    skip_absent=True,
    away=AWAY,
    otherwise=people.Employee(builders.PETROVA),
)
SOURCE = paths.Path(paths.Owner.CARD, model.FieldCode("sourceId"), "Источник")


def assigned(person: str) -> assign.Options:
    made = reading.robots(PEOPLE % person)["Лиды/on_create/assign"].options
    assert isinstance(made, assign.Options)
    return made


def test_people_by_scenario() -> None:
    """S4.4: every scenario of admin-experience's sample and of users.md F10."""
    ivanov, sidorova = people.Employee(builders.IVANOV), people.Employee(builders.SIDOROVA)
    both = (builders.IVANOV, builders.SIDOROVA)
    scenarios = (
        "дежурный",
        "свободный",
        "с весом",
        "по источнику",
        "по товару",
        "по территории",
        "менеджер клиента",
    )
    assert {one: assigned(one).to for one in scenarios} == {
        "дежурный": ON_DUTY,
        "свободный": choosing.Queue("свободный", intents.PickHow.LOAD, both),
        "с весом": choosing.Queue(
            "с весом", members=both, weights=((builders.IVANOV, 3), (builders.SIDOROVA, 1))
        ),
        "по источнику": choosing.ByField(
            SOURCE, (("WEB", ON_DUTY), ("CALL", sidorova)), empty=people.Employee(builders.PETROVA)
        ),
        "по товару": choosing.ByField(
            paths.Path(paths.Owner.CARD, builders.SUBJECT, "Предмет сделки"),
            (("окна", ivanov),),
            otherwise=ON_DUTY,
        ),
        "по территории": choosing.ByPhone((("+7812", sidorova), ("KZ", ivanov))),
        "менеджер клиента": choosing.ClientsManager(),
    }


def test_assign_for_a_new_card_is_a_state_and_knows_who_is_away() -> None:
    """So that it can wait for the morning; deputies stand in."""
    one = reading.robots(PEOPLE % "{to: дежурный, first: менеджер клиента, tell: both}")[
        "Лиды/on_create/assign"
    ]

    assert one.trigger == robot.Always()
    assert one.options == assign.Options(
        choosing.ClientsManager(ON_DUTY), AWAY, assign.Tell.BOTH, assign.Standing.CARD
    )


def test_assign_on_a_stage_and_at_another_occasion() -> None:
    """On entry to a stage it is a state of the stay; at a change it is asked once."""
    made = reading.robots("""
        pipelines:
          Продажи:
            stages:
              Обрабатываем запрос:
                on_enter: [{assign: Иванов Пётр}]
        robots:
          - name: Крупная
            when: {changed: Сумма}
            pipeline: Продажи
            do: [{assign: Сидорова Ольга}]
        """)
    stage = builders.stage("Обрабатываем запрос").id
    on_stage, at_change = made["Продажи/Обрабатываем запрос/on_enter/assign"], made["Крупная/assign"]

    assert (on_stage.trigger, on_stage.options.standing, on_stage.options.stage) == (
        robot.Always(),
        assign.Standing.STAGE,
        stage,
    )
    assert (at_change.trigger, at_change.options.standing) == (
        robot.Changed("opportunity"),
        assign.Standing.NONE,
    )


def test_a_queue_s_slips_are_said_in_plain_words() -> None:
    """F10: `skip: absent` without a source of absence; nobody to choose from; a person who differs card by card."""
    said = reading.told("""
        people:
          пустая: {round_robin: {except: Петрова Анна}}
          чужой: {round_robin: {department: Отдел продажж}}
          разный: {round_robin: [Иванов Пётр, менеджер]}
          без отпусков: {round_robin: [Иванов Пётр], skip: absent}
          территории: {by_phone: {Питер: Иванов Пётр}}
        """)
    heads = [line.split("  ", 1)[1] for line in said.splitlines() if line.startswith("romashka.yaml")]
    assert heads == [
        "V018  «пустая»: не сказано, из кого выбирать",
        "V012  нет такого отдела: «Отдел продажж»",
        "V017  в очереди нужен сотрудник, а «менеджер» у каждой карточки свой",
        "V033  предупреждение: skip: absent, а кого нет — нигде не сказано",
        "V017  «Питер» — не начало телефона и не страна",
    ]


def test_unattended_as_f28_writes_it() -> None:
    """A state of every open card of the funnel."""
    one = reading.robots("""
        people:
          дежурный: {round_robin: [Иванов Пётр]}
        leads:
          unattended:
            after: 30 work minutes
            first: {after: 20 work minutes, notify: менеджер}
            assign: дежурный
            at_most: 3 times
            then: {notify: Петрова Анна}
            not_from: [владелец клиента]
            proof: [стадия, поле, дело, звонок, письмо, комментарий, задача начата]
        """)["Лиды/unattended"]

    assert one.trigger == robot.Always()
    assert one.options == unattended.Options(
        after=schedule.Duration(30, schedule.Unit.WORK_MINUTES),
        to=choosing.Queue("дежурный", members=(builders.IVANOV,)),
        first_after=schedule.Duration(20, schedule.Unit.WORK_MINUTES),
        first_to=(reading.MANAGER,),
        at_most=3,
        then_to=(people.Employee(builders.PETROVA),),
        not_from=(choosing.ClientsManager(),),
    )


def test_unattended_must_do_something() -> None:
    """A wait with nothing behind it."""
    said = reading.told("leads: {unattended: {after: 1 hour}}\n").splitlines()

    assert said[0] == "romashka.yaml:1:21  V018  unattended: не сказано, что делать"


def test_stale_as_f27_writes_it() -> None:
    """A ladder of any acts; a message without words of its own says what it is about."""
    one = reading.robots("""
        pipelines:
          Продажи:
            stale:
              steps:
                - {after: 5 work days, notify: менеджер}
                - {after: 10 work days, task: {title: Проверить сделку, for: Петрова Анна}}
              except: [Отправили счёт]
              snooze: {until: Предполагаемая дата закрытия}
        """)["Продажи/stale"]

    assert one.trigger == robot.Always()
    first, second = one.options.steps
    assert (first.after, second.after.amount) == (schedule.Duration(5, schedule.Unit.WORK_DAYS), 10)
    assert ([spec.kind for spec in first.acts], [spec.kind for spec in second.acts]) == (["notify"], ["task"])
    assert first.acts[0].options.text is not None
    assert one.options.but == frozenset({builders.stage("Отправили счёт").id})
    assert one.options.snooze == model.FieldCode("closedate")


def test_a_ladder_may_end_in_closing_and_only_on_a_stage_of_failure() -> None:
    """F27: only if written; with somebody's agreement where that is written too."""
    text = """
        pipelines:
          Продажи:
            stale:
              steps: [{{after: 5 work days, notify: менеджер}}]
              close: {{after: 40 work days, to: {to}, agreed_by: Петрова Анна}}
        """
    last = reading.robots(text.format(to="Другое"))["Продажи/stale"].options.steps[-1]
    head = people.Employee(builders.PETROVA)
    closing = move.Options(builders.SALES, builders.stage("Другое").id, "Продажи / Другое", head)
    assert (last.after, last.acts) == (
        schedule.Duration(40, schedule.Unit.WORK_DAYS),
        (base.ActSpec("move", closing),),
    )
    said = reading.told(text.format(to="Получили ответ")).splitlines()[0]
    assert said.partition("  ")[2] == "V017  stale: «Получили ответ» — не стадия провала"


def test_what_is_wrong_with_a_ladder_is_said() -> None:
    """Out of order, a step with nothing to do, a field that is no date."""
    said = reading.told("""
        pipelines:
          Продажи:
            stale:
              steps: [{after: 10 days, notify: Петрова Анна}, {after: 5 days}]
              snooze: {until: Требования}
        """)
    assert [line.partition("  ")[2] for line in said.splitlines() if "  V0" in line] == [
        "V017  stale: шаги пишут по порядку, сначала самый ранний",
        "V018  stale: не сказано, что делать",
        "V017  в поле «Требования» не дата",
    ]


def test_calculate_code_and_observers() -> None:
    """Named after the field that they write, so that two of them need no name."""
    made = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - calculate: {field: Количество, formula: "{{Сумма}} * 0,1", digits: 0}
              - code: {field: Предмет сделки, pattern: "ЗК-{{ID}}"}
              - observers: [Петрова Анна, менеджер]
              - observers: {add: Смирнов Олег, name: директор}
        """)
    ten = formulas.Operation("*", formulas.Value(builders.path("Сумма")), formulas.Number(Decimal("0.1")))
    double = model.FieldType.DOUBLE

    assert [made[f"Продажи/on_create/{one}"].options for one in (
        "calculate Количество", "code Предмет сделки", "observers", "observers директор")] == [
        calculate.Options(model.FieldCode("UF_CRM_COUNT"), "Количество", double, ten, 0),
        code.Options(builders.SUBJECT, "Предмет сделки", builders.template("ЗК-{{ID}}")),
        observers.Options((people.Employee(builders.PETROVA), reading.MANAGER)),
        observers.Options((people.Employee(builders.SMIRNOV),)),
    ]  # fmt: skip


def test_slips_of_calculate_and_code() -> None:
    """A wrong formula, a field that keeps no number, codes that may coincide."""
    said = reading.told("""
        pipelines:
          Продажи:
            on_create:
              - calculate: {field: Количество, formula: "{{Сумма}} ^ 2"}
              - calculate: {field: РОП, formula: "2"}
              - code: {field: Количество, pattern: "{{ID}}"}
              - code: {field: Предмет сделки, pattern: "Д-##"}
        """)
    heads = [line.split("  ", 1)[1] for line in said.splitlines() if line.startswith("romashka.yaml")]
    assert heads == [
        "V034  не понимаю «^ 2»: можно + − * / ( ), числа и {{поля}}",
        "V017  в «РОП» число не записать",
        "V017  в «Количество» код не записать: нужна строка",
        "V035  предупреждение: у разных карточек может выйти один код",
    ]


def test_set_reaches_the_client() -> None:
    """One vocabulary: «Контакт / Как платит» beside the card's own fields."""
    made = reading.robots("""
        pipelines:
          Продажи:
            on_won:
              - set: {Контакт / Как платит: Онлайн, Компания / Название: "{{Название}}", Контакт / Ответственный: менеджер}
              - clear: [Контакт / Сегментация]
        """)
    contact, company = paths.Owner.CONTACT, paths.Owner.COMPANY
    written = made["Продажи/on_won/set"].options.assignments
    assert [(one.owner, one.field, one.value) for one in written] == [
        (contact, "UF_CRM_PAYS", 2),
        (company, "title", builders.template("{{Название}}")),
        (contact, "assignedById", reading.MANAGER),
    ]
    assert made["Продажи/on_won/clear"].options.assignments == (
        set_fields.Assignment(model.FieldCode("UF_CRM_SEGMENT"), "Контакт / Сегментация", None, contact),
    )


def test_a_client_s_phone_isn_t_written() -> None:
    """Validate tells of it; a person corrects it."""
    said = reading.told('leads: {on_create: [{set: {Контакт / Телефон: "123"}}]}\n').splitlines()

    assert said[0].endswith("V017  в «Контакт / Телефон» робот писать не может")


def test_convert_names_where_the_deal_goes_and_leaves_out_what_is_filled_there() -> None:
    """РОП is the sales pipeline's own robot's."""
    made = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - fill: {field: РОП, with: Петрова Анна}
        leads:
          on_create:
            - convert:
                to: Продажи / Новый лид
                make: [контакт, сделка]
                if_known: leave
                for: Сидорова Ольга
                comment: Конвертация проведена в СКК
            - convert: {make: [контакт, компания], name: КК}
        """)
    whole, poor = made["Лиды/on_create/convert"].options, made["Лиды/on_create/convert КК"].options

    assert whole == convert.Options(
        lead_stage=model.StageId("CONVERTED"),
        pipeline=builders.SALES,
        stage=builders.stage("Новый лид").id,
        shown="Продажи / Новый лид",
        company=False,
        link_known=False,
        responsible=people.Employee(builders.SIDOROVA),
        leave_out=frozenset({builders.ROP}),
        comment=builders.template("Конвертация проведена в СКК"),
    )
    assert poor == convert.Options(model.StageId("CONVERTED"))


def test_slips_of_convert() -> None:
    """Deals aren't converted; a deal needs its pipeline; a lead's stage isn't one."""
    said = reading.told("""
        pipelines:
          Продажи: {on_create: [{convert: {to: Продажи}}]}
        leads:
          on_create:
            - convert: {make: [сделка]}
            - convert: {to: В работе, name: другой}
        """)
    heads = [line.split("  ", 1)[1] for line in said.splitlines() if line.startswith("romashka.yaml")]

    assert heads == [
        "V017  convert конвертирует лиды, а это сделки",
        "V018  convert: не сказано, в какую воронку сделка",
        "V017  сделка бывает в воронке сделок, а это стадия лидов",
    ]


def test_calls_meetings_todos_and_observers_to_be_removed() -> None:
    """One kind under three words; a text alone is the title."""
    made = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - call: {title: Позвонить, for: Петрова Анна, deadline: 2 work hours, text: "{{Сделка: Название}}"}
              - todo: Проверить
              - observers: {remove: Смирнов Олег}
        """)
    call, todo = made["Продажи/on_create/call"], made["Продажи/on_create/todo"]

    assert (call.kind, todo.kind) == ("activity", "activity")
    assert call.options == activity.Options(
        intents.Activity.CALL,
        builders.template("Позвонить"),
        people.Employee(builders.PETROVA),
        schedule.Duration(2, schedule.Unit.WORK_HOURS),
        builders.template("{{Сделка: Название}}"),
    )
    assert todo.options == activity.Options(
        intents.Activity.TODO, builders.template("Проверить"), reading.MANAGER
    )
    assert made["Продажи/on_create/observers"].options == observers.Options(
        (), (people.Employee(builders.SMIRNOV),)
    )


def test_observers_must_name_somebody() -> None:
    """Neither `add` nor `remove`."""
    said = reading.told("pipelines: {Продажи: {on_create: [{observers: {mode: watch}}]}}\n")

    assert "V018  observers: не сказано, кого добавить или убрать" in said


def test_an_invoice_with_all_its_words() -> None:
    """And leads have none."""
    made = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - invoice: {title: "Счёт {{ID}}", for: Петрова Анна, pay_within: 3 work days, move: Получили ответ}
        """)["Продажи/on_create/invoice"].options
    stage = builders.stage("Получили ответ")

    assert made == invoice.Options(
        builders.template("Счёт {{ID}}"),
        people.Employee(builders.PETROVA),
        schedule.Duration(3, schedule.Unit.WORK_DAYS),
        invoice.Target(builders.SALES, stage.id, "Продажи / Получили ответ"),
    )
    assert "счёт выставляется по сделке, а это лиды" in reading.told(
        "leads: {on_create: [{invoice: Счёт}]}\n"
    )


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (
            "[стадия, звонок, письмо, сообщение, комментарий человека, {запланированное дело: up to 60 days ahead}]",
            60,
        ),
        ("{запланированное дело: до 14 дней вперёд}", 14),
        ("запланированное дело", 60),
        ("planned activity", 60),
        ("[стадия, звонок]", None),
    ],
)
def test_a_planned_activity_is_life_where_it_is_written(written: str, days: int | None) -> None:
    """F27's own line, and shorter ones."""
    made = reading.robots(f"""
        pipelines:
          Продажи:
            stale:
              alive: {written}
              steps:
                - {{after: 5 work days, notify: Петрова Анна}}
        """)["Продажи/stale"].options
    assert made.planned == (timedelta(days=days) if days is not None else None)
