"""What the demo says of each deed: the deal by name, one plain sentence, nothing twice."""

from __future__ import annotations

from datetime import timedelta

from connector import ports
from connector.cli import demo_lines
from robots import intents, model
from tests.robots import builders

DEAL = model.CardRef(model.CardKind.DEAL, 4711)
S = intents.WishState


def row(
    act: intents.Act, state: S = S.DONE, *, robot: str = "Продажи/Новый лид/task", step: str = "1", because: str = "", note: str = "", later: int = 0,
) -> ports.Row:  # fmt: skip
    wish = intents.Wish(
        key=intents.WishKey(f"{robot}/{DEAL}/h1/{step}"),
        robot=intents.RobotId(robot),
        digest="d",
        card=DEAL,
        cause="h1",
        act=act,
        because=because,
    )
    return ports.Row(
        1,
        wish,
        state,
        builders.NOW,
        done_at=builders.NOW + timedelta(seconds=later) if state.final else None,
        note=note,
    )


def told(*rows: ports.Row) -> list[str]:
    """The sentences, without their time."""
    teller = demo_lines.Teller(builders.directory())
    return [teller.line(one, "Шкаф-купе")[10:] for one in teller.fresh(rows)]


def test_deeds_in_words() -> None:
    """Set, closed, returned with its reason, filled, handed over; what is only remembered isn't told."""
    task = row(intents.SetTask("Взять в работу", "", None, builders.IVANOV, None))
    assert told(
        task,
        row(
            intents.CloseTask(task.wish.key, None),
            step="2",
            because="стадия пройдена: задача «Взять в работу» больше не нужна",
        ),
        row(
            intents.MoveStage(
                builders.SALES, model.StageId("C1:NEW"), model.StageId("C1:PREPARATION"), back=True
            ),
            step="3",
            because="не заполнено «Требования»",
        ),
        row(intents.SetFields({builders.ROP: int(builders.PETROVA)}), step="4"),
        row(intents.Remember("проверено"), step="5"),
    ) == [
        "Шкаф-купе: поставлена задача «Взять в работу» → Иванов Пётр",
        "Шкаф-купе: закрыта задача «Взять в работу»: стадия пройдена",
        "Шкаф-купе: возвращена в «Новый лид»: не заполнено «Требования»",
        "Шкаф-купе: вписан РОП: Петрова Анна",
    ]


def test_what_was_said_is_not_said_again() -> None:
    """Two people told one thing: the second is only named; a notice of a return that was just told likewise."""
    text = "«Шкаф-купе»: похоже, этого клиента уже ведёт Иванов Пётр.\nДоговоритесь, кто ведёт."
    gate = "Продажи/Новый лид/to_leave"
    back = intents.MoveStage(builders.SALES, model.StageId("C1:NEW"), model.StageId("C1:X"), back=True)
    assert told(
        row(intents.Notify(builders.IVANOV, text, "t"), robot="d"),
        row(intents.Notify(builders.PETROVA, text, "t"), robot="d", step="2", later=1),
        row(back, robot=gate, because="не заполнено «Сумма»", later=2),
        row(intents.Notify(builders.IVANOV, "Сделка вернулась", "g"), robot=gate, step="2", later=3),
    ) == [
        "Шкаф-купе: написано → Иванов Пётр: «Шкаф-купе»: похоже, этого клиента уже ведёт Иванов Пётр.",
        "Шкаф-купе: об этом написано → Петрова Анна",
        "Шкаф-купе: возвращена в «Новый лид»: не заполнено «Сумма»",
        "Шкаф-купе: об этом написано → Иванов Пётр",
    ]


def test_what_did_not_come_about_says_why() -> None:
    """Gone on, refused, not known yet; and each state only once."""
    long = "Взять в работу новый лид и принять решение о дальнейшем сотрудничестве"
    task = intents.SetTask(long, "", None, builders.IVANOV, None)
    teller = demo_lines.Teller(builders.directory())
    unknown, refused = row(task, S.UNKNOWN), row(task, S.REFUSED, note="нет прав")
    first = [teller.line(one, "Шкаф")[10:] for one in teller.fresh([unknown])]
    again = teller.fresh([unknown])
    then = [teller.line(one, "Шкаф")[10:] for one in teller.fresh([refused])]
    assert (first, again, then) == (
        [f"Шкаф: задача «{long}»: неизвестно, выполнил ли портал; проверю"],
        [],
        [f"Шкаф: задача «{long}»: портал отказал (нет прав)"],
    )
    assert told(row(intents.SetFields({}), S.SUPERSEDED)) == [
        "Шкаф-купе: не понадобилось: заполнение полей, сделка ушла дальше"
    ]


def test_totals_in_plural_forms() -> None:
    """One, two, five, eleven, twenty-one: as Russian counts."""
    totals = dict.fromkeys(
        ("cards", "rop_filled", "duplicates_found", "tasks_set", "tasks_closed", "stages_reverted"), 1
    )
    totals |= {
        "deals_handed_over": 2,
        "doorbells": 11,
        "rest_requests": 21,
        "rest_commands": 5,
        "problems": 3,
    }
    assert [line.strip() for line in demo_lines.summary(totals)] == [
        "",
        "1  карточка в работе",
        "1  раз вписан РОП",
        "1  общий клиент найден",
        "1  задача поставлена",
        "1  задача закрыта",
        "1  сделка возвращена",
        "2  сделки переданы в доставку",
        "11  сигналов от портала",
        "21  запрос к порталу, в них 5 команд",
        "3  действия не вышли",
    ]
