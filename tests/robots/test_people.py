"""Whom a robot means, for one card of «Ромашка»."""

from __future__ import annotations

import dataclasses

import pytest

from robots import look as robots_look
from robots import model, people
from tests.robots import builders as b

ROP = people.InField(b.path("РОП"))
MANAGER = people.InField(b.path("Ответственный"))
HEAD = people.HeadOf(MANAGER)


def _found(
    person: people.Person, look: robots_look.Look, **roles: model.UserId | None
) -> tuple[int | None, str]:
    found = people.resolve(person, look, roles)
    return found.user_id, found.why


def _portal(
    *departments: model.Department, of: tuple[int, ...] = (), user: model.UserId = b.IVANOV
) -> model.Directory:
    """«Ромашка» with these departments; `user` is in `of`."""
    base = b.directory()
    moved = dataclasses.replace(base.users[user], departments=tuple(model.DepartmentId(one) for one in of))
    return b.directory(departments={one.id: one for one in departments}, users={**base.users, user: moved})


def _department(
    id_: int, name: str, *, parent: int | None = None, head: int | None = None, sort: int = 500
) -> model.Department:
    return model.Department(
        model.DepartmentId(id_),
        name,
        model.DepartmentId(parent) if parent else None,
        model.UserId(head) if head else None,
        sort,
    )


def test_a_named_person_is_meant_unless_dismissed() -> None:
    """Dismissed and unknown people are nobody, and it is said why."""
    assert _found(people.Employee(b.PETROVA), b.look()) == (b.PETROVA, "Петрова Анна")
    assert _found(people.Employee(b.FIRED), b.look()) == (None, "Уволенный Олег: сотрудник уволен")
    assert _found(people.Employee(model.UserId(99)), b.look()) == (None, "сотрудника 99 нет в портале")


def test_the_head_of_a_named_person_is_that_persons_not_the_managers() -> None:
    """«Руководитель Иванова» asks nothing of the card: who is responsible for it doesn't matter."""
    portal = _portal(_department(7, "Склад", head=int(b.PETROVA)), of=(7,), user=b.IVANOV)
    seen = b.look(card=b.card(responsible=b.PETROVA), directory=portal)
    assert _found(people.HeadOf(people.Employee(b.IVANOV)), seen) == (
        b.PETROVA,
        "руководитель отдела «Склад»: Петрова Анна",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"РОП": b.PETROVA}, (b.PETROVA, "в поле «РОП» Петрова Анна")),
        ({"РОП": str(b.PETROVA)}, (b.PETROVA, "в поле «РОП» Петрова Анна")),
        ({"РОП": (b.FIRED, b.IVANOV)}, (b.IVANOV, "в поле «РОП» Иванов Пётр")),
        ({"РОП": b.FIRED}, (None, "в поле «РОП» Уволенный Олег: сотрудник уволен")),
        ({"РОП": 0}, (None, "поле «РОП» пустое")),
        ({"РОП": True}, (None, "поле «РОП» пустое")),
        ({}, (None, "поле «РОП» пустое")),
    ],
)
def test_a_field_names_a_person(fields: dict[str, object], expected: tuple[int | None, str]) -> None:
    """F9: РОП is whoever is written into the card; of several the first who still works."""
    assert _found(ROP, b.look(card=b.card(fields=fields))) == expected


def test_a_card_without_that_field_names_nobody() -> None:
    """A lead has no РОП at all: said, not guessed."""
    lead = b.look(card=b.card(kind=model.CardKind.LEAD))
    assert _found(ROP, lead) == (None, "у лидов нет поля «РОП»")


def test_a_dismissed_rop_gives_way_to_the_head_of_the_department() -> None:
    """F10: the field still names the one who left; `else` is asked."""
    person = people.InField(b.path("РОП"), otherwise=HEAD)
    assert _found(person, b.look(card=b.card(fields={"РОП": b.FIRED}))) == (
        b.PETROVA,
        "в поле «РОП» Уволенный Олег: сотрудник уволен; руководитель отдела «Отдел продаж»: Петрова Анна",
    )


def test_the_head_is_the_nearest_one_going_up() -> None:
    """Сидорова works in «Опт», which has no head; the department above has."""
    assert _found(HEAD, b.look(card=b.card(responsible=b.SIDOROVA))) == (
        b.PETROVA,
        "руководитель отдела «Отдел продаж»: Петрова Анна",
    )


def test_the_head_of_a_head_is_above_or_himself() -> None:
    """S2.1: nobody is his own head, unless `if_self: same` says so."""
    look = b.look(card=b.card(responsible=b.PETROVA))
    same = people.HeadOf(MANAGER, if_self=people.IfSelf.SAME)
    assert _found(HEAD, look) == (b.SMIRNOV, "руководитель отдела «Ромашка»: Смирнов Олег")
    assert _found(same, look) == (b.PETROVA, "руководитель отдела «Отдел продаж»: Петрова Анна")


def test_nobody_is_above_the_director() -> None:
    """The company's head falls to `else`."""
    look = b.look(card=b.card(responsible=b.SMIRNOV))
    assert _found(people.HeadOf(MANAGER, otherwise=people.Employee(b.PETROVA)), look) == (
        b.PETROVA,
        "руководитель отдела «Ромашка» — Смирнов Олег, сам себе; Петрова Анна",
    )


def test_departments_without_heads_are_named() -> None:
    """F9: small companies often have none, and everything would fall to `else` in silence."""
    portal = _portal(_department(6, "Склад"), _department(7, "Опт"), of=(6, 7))
    assert _found(HEAD, b.look(directory=portal)) == (None, "у отделов «Склад», «Опт» нет руководителя")


def test_a_dismissed_head_is_passed_over() -> None:
    """The chain goes on above the one who left; alone he is no answer."""
    root = _department(1, "Ромашка", head=b.SMIRNOV)
    portal = _portal(root, _department(7, "Опт", parent=1, head=b.FIRED), of=(7,))
    assert _found(HEAD, b.look(directory=portal))[0] == b.SMIRNOV
    alone = _portal(_department(7, "Опт", head=b.FIRED), of=(7,))
    assert _found(HEAD, b.look(directory=alone)) == (None, "у отдела «Опт» руководитель уволен")


def test_of_several_departments_the_first_with_a_head_counts() -> None:
    """S2.1: in the portal's order; one without a head waits, though somebody stands above it."""
    portal = _portal(
        _department(1, "Ромашка", head=b.SMIRNOV),
        _department(6, "Склад", parent=1, sort=10),
        _department(7, "Опт", parent=1, head=b.SIDOROVA, sort=30),
        _department(8, "Розница", parent=1, head=b.PETROVA, sort=20),
        of=(7, 6, 8),
    )
    assert _found(HEAD, b.look(directory=portal)) == (
        b.PETROVA,
        "руководитель отдела «Розница»: Петрова Анна",
    )


def test_a_ring_of_departments_ends() -> None:
    """A portal's tree may be broken; the search is not endless."""
    portal = _portal(_department(6, "Склад", parent=7), _department(7, "Опт", parent=6), of=(6,))
    assert _found(HEAD, b.look(directory=portal)) == (None, "у отделов «Склад», «Опт» нет руководителя")


def test_without_a_department_or_a_manager_there_is_no_head() -> None:
    """Both are told apart: what the admin must repair differs."""
    portal = _portal(of=(77,))
    assert _found(HEAD, b.look(directory=portal)) == (
        None,
        "Иванов Пётр: сотрудник не состоит ни в одном отделе",
    )
    nobody = b.look(card=b.card(responsible=None))
    assert _found(HEAD, nobody) == (None, "руководителя искать не у кого: поле «Ответственный» пустое")


def test_one_person_for_each_pipeline() -> None:
    """S2.1 «by pipeline», with the rest falling to `else` and a dismissed one too."""
    person = people.ByPipeline(((b.SALES, people.Employee(b.PETROVA)),), otherwise=people.Employee(b.SMIRNOV))
    assert _found(person, b.look()) == (b.PETROVA, "для воронки «Продажи» Петрова Анна")
    delivery = b.look(card=b.card(pipeline=b.DELIVERY))
    assert _found(person, delivery) == (b.SMIRNOV, "для воронки «Доставка» никто не назван; Смирнов Олег")
    fired = people.ByPipeline(((b.SALES, people.Employee(b.FIRED)),))
    assert _found(fired, b.look()) == (None, "для воронки «Продажи» Уволенный Олег: сотрудник уволен")
    elsewhere = b.look(directory=b.directory(pipelines=()))
    assert _found(people.ByPipeline(()), elsewhere) == (None, "для воронки «1» никто не назван")


@pytest.mark.parametrize(
    ("me", "expected"),
    [
        (b.ADMIN, (b.ADMIN, "Админова Ирина, от чьего имени работают роботы")),
        (None, (None, "неизвестно, от чьего имени работают роботы")),
        (model.UserId(99), (99, "сотрудник 99, от чьего имени работают роботы")),
        (b.FIRED, (None, "Уволенный Олег: сотрудник уволен, от чьего имени работают роботы")),
    ],
)
def test_the_robot_is_the_webhook_owner(me: model.UserId | None, expected: tuple[int | None, str]) -> None:
    """An owner hidden from the list of employees is still the one in whose name the webhook works."""
    assert _found(people.Robot(), b.look(directory=b.directory(me=me))) == expected


def test_a_role_is_known_by_the_occasion() -> None:
    """«владелец» of a duplicate's client: only the duplicate check knows who that is."""
    owner = people.Role("владелец")
    assert _found(owner, b.look(), владелец=b.SIDOROVA) == (b.SIDOROVA, "владелец: Сидорова Ольга")
    assert _found(owner, b.look(), владелец=b.FIRED)[0] is None
    assert _found(owner, b.look()) == (None, "здесь нет того, кто «владелец»")
