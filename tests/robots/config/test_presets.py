"""Presets (users.md F32), needs (F20) and the working calendar (F31)."""

from __future__ import annotations

import dataclasses
from datetime import date, time

from robots import model, reports, robot
from robots.config import load, needs, nodes, presets, problems, settings
from robots.config import loader as config_loader
from robots.kinds import stage_task
from tests.robots import builders, furnished
from tests.robots.config import reading


def made(text: str, texts: dict[str, str] | None = None) -> load.Loaded:
    known = reading.PRESETS if texts is None else texts
    loaded = load.load({reading.FILE: reading.dedented(text)}, reading.PORTAL, presets=known)
    assert problems.render_all(loaded.errors, {}) == ""
    return loaded


def titles(loaded: load.Loaded) -> dict[str, str]:
    return {
        one.id: "".join(
            part if isinstance(part, str) else part.source for part in one.options.task.title.parts
        )
        for one in loaded.robots
        if isinstance(one.options, stage_task.Options)
    }


def test_the_funnel_preset_is_s2() -> None:
    """S2.7's titles, exactly; watch mode and telling are the defaults."""
    loaded = made("use: rop-funnel@1\n")
    assert titles(loaded) == {
        "Продажи/Новый лид/task": "Взять в работу новый лид и принять решение о дальнейшем сотрудничестве",
        "Продажи/Обрабатываем запрос/task": "{{Контакт: Имя}}. Уточнить необходимую информацию и сделать КП",
        "Продажи/Сделали предложение/task": "{{Контакт: Имя}}. Получить ответ на КП",
        "Продажи/Получили ответ/task": "{{Контакт: Имя}}. Отправить счет на оплату",
        "Продажи/Отправили счёт/task": "{{Контакт: Имя}}. Получить оплату по счету",
        "Продажи/Получили оплату/task": "{{Контакт: Имя}}. Собрать заказ и отправить/выдать клиенту",
        "Продажи/Отправили заказ/task": "{{Контакт: Имя}}. Убедиться, что клиент получил заказ",
    }
    assert {one.mode for one in loaded.robots} == {robot.Mode.WATCH}
    assert {one.policy.do for one in loaded.gates} == {robot.GateDoes.TELL}
    assert loaded.presets == ("rop-funnel@1",)
    assert needs.missing(loaded.settings.needs, reading.PORTAL).stages == ()


def test_the_preset_of_leads_is_s4() -> None:
    """S4.2, S4.3, S4.4 and F28 in one line."""
    loaded = made("use: {preset: lead-basics@1, with: {director: Петрова Анна, mode: on}}\n")
    assert [(str(one.id), one.kind, one.mode) for one in loaded.robots] == [
        ("Лиды/on_create/validate", "validate", robot.Mode.ON),
        ("Лиды/on_create/assign", "assign", robot.Mode.ON),
        ("Лиды/on_create/duplicates", "duplicates", robot.Mode.ON),
        ("Лиды/unattended", "unattended", robot.Mode.ON),
    ]


def test_the_head_of_sales_gets_the_plan_of_payments_by_itself() -> None:
    """S1.8: each work day, and the week on Mondays."""
    text = "use: {preset: sales-department@1, with: {mode: on}}\n"
    there = furnished.directory({reading.FILE: text}, reading.PRESETS)
    loaded = load.load({reading.FILE: text}, there, presets=reading.PRESETS)
    assert problems.render_all(loaded.errors, {}) == ""
    assert [(one.name, one.when.clock, reports.Section.PLAN in one.show) for one in loaded.rules.reports] == [
        ("Неделя продаж", time(9), True),
        ("План оплат", time(17, 30), True),
    ]


def test_small_things_over_a_preset() -> None:
    """Mappings merge, lists and texts replace, `off` removes; the rest is the preset's with its own places."""
    loaded = made("""
        use: {preset: воронка-с-роп@1, with: {mode: on, returns: move_back}}
        pipelines:
          Продажи:
            stages:
              новый лид: {task: {title: Взять в работу}, to_leave: [Клиент]}
              Отправили заказ: off
        """)
    task = next(one for one in loaded.robots if one.id == "Продажи/Новый лид/task")
    assert (titles(loaded)[task.id], task.options.task.deadline.amount, task.mark.file) == (
        "Взять в работу",
        2,
        reading.FILE,
    )
    assert "Продажи/Отправили заказ/task" not in titles(loaded)
    asked = {one.id: [each.shown for each in one.to_leave] for one in loaded.gates if one.to_leave}
    assert asked["Продажи/Новый лид/to_leave"] == ["Клиент"]
    assert {one.mark.file for one in loaded.robots} == {reading.FILE, "rop-funnel.yaml"}
    assert {one.mode for one in loaded.robots} == {robot.Mode.ON}


def test_mode_off_over_a_preset_switches_off() -> None:
    """`off` removes, but not a mode: that would switch on."""
    loaded = made("use: rop-funnel@1\npipelines: {Продажи: {mode: off}}\n")
    assert {one.mode for one in loaded.robots} == {robot.Mode.OFF}


def test_an_answer_chooses_a_variant() -> None:
    """F26: РОП as the creator, as an observer, as nobody."""

    def people_of(control: str) -> tuple[bool, int]:
        loaded = made(f"use: {{preset: rop-funnel@1, with: {{control: {control}}}}}\n")
        spec = next(one for one in loaded.robots if one.id == "Продажи/Новый лид/task").options.task
        return spec.creator is not None, len(spec.observers)

    assert [people_of(one) for one in ("creator", "observer", "none")] == [
        (True, 0),
        (False, 1),
        (False, 0),
    ]


_OPTIONAL = """\
preset:
  name: с чатом
  version: 1
  inputs:
    chat: {about: чат, optional: true}
robots:
  - name: Новая
    when: created
    pipeline: Продажи
    do:
      - log: Пришла
      - if_answered: $chat
        chat: {to: $chat, text: Пришла}
"""


def test_an_item_may_hang_on_an_optional_question() -> None:
    """Without an answer it isn't there, the rest of its list is."""
    texts = {"с чатом.yaml": _OPTIONAL}
    answered = made("use: {preset: с чатом@1, with: {chat: chat58}}\n", texts)
    assert [str(one.id) for one in answered.robots] == ["Новая/log", "Новая/chat"]
    assert answered.robots[1].options.dialog == "chat58"
    silent = made("use: {preset: с чатом@1}\n", texts)
    assert [str(one.id) for one in silent.robots] == ["Новая/log"]


_SMALL = """\
preset:
  name: маленькая
  version: 1
  inputs:
    pipeline: {about: воронка, default: Продажи}
    who: {about: кому}
pipelines:
  $pipeline:
    stages:
      Первая:
        to_leave: [Требования]
        task:
          title: Переведите в «Вторая»
          for: $who
    on_won:
      - move: $pipeline / Вторая
"""


def test_the_admins_own_names() -> None:
    """`names:` renames stages and fields: keys, values, path parts, «names» inside texts."""
    loaded = made(
        """
        use:
          preset: маленькая@1
          with: {who: Иванов Пётр, names: {Первая: Новый лид, Вторая: Получили ответ, Требования: Предмет сделки}}
        """,
        {"маленькая.yaml": _SMALL},
    )
    assert titles(loaded) == {"Продажи/Новый лид/task": "Переведите в «Получили ответ»"}
    moved = next(one for one in loaded.robots if one.kind == "move")
    assert moved.options.shown == "Продажи / Получили ответ"
    assert [one.to_leave[0].shown for one in loaded.gates] == ["Предмет сделки"]


def test_questions_without_answers_and_answers_without_questions() -> None:
    """What a preset isn't asked or isn't told is an error at its place."""
    found = load.load(
        {reading.FILE: "use: {preset: маленькая@1, with: {wo: Иванов Пётр, names: {Перва: А}}}\n"},
        reading.PORTAL,
        presets={"маленькая.yaml": _SMALL},
    )
    said = [f"{one.mark.column} {one.text}|{one.hint}" for one in found.problems if one.code == "V024"]
    assert said == [
        "15 заготовке нужен ответ «who»: кому|with: {who: …}",
        "35 заготовка «маленькая» не спрашивает «wo»|может быть, «who»?",
        "60 в заготовке «маленькая» нет имени «Перва»|может быть, «Первая»?",
    ]
    assert not found.usable


def test_a_preset_is_pinned_by_its_version() -> None:
    """Another version is never taken in silence."""
    loaded = reading.loaded("use: rop-funnel@7\n")
    assert [(one.text, one.hint) for one in loaded.errors] == [
        ("у заготовки «rop-funnel» нет версии «7»", "есть rop-funnel@1")
    ]
    unpinned = reading.loaded("use: rop-funnel\n")
    assert [one.text for one in unpinned.problems if one.code == "V024"] == [
        "без версии заготовка может измениться"
    ]


def test_merging_is_by_folded_names() -> None:
    """The three rules on bare trees."""

    def tree(text: str) -> nodes.Node:
        root = config_loader.load(text, "f").root
        assert root is not None
        return root

    under = tree("а: {б: 1, в: [1, 2], г: {д: 1}}\nе: 1\n")
    over = tree("А: {в: [3], Г: off, ж: off}\nе: 2\n")
    assert nodes.sketch(presets.merge(under, over)) == {
        "А": {"б": "1", "в": ["3"], "ж": "off"},
        "е": "2",
    }


# --- needs


def test_what_the_portal_lacks() -> None:
    """S2.12: fields, list values, stages, whole pipelines; what is there is left alone."""
    wanted = made("""
        needs:
          fields:
            Сделка: {Требования: текст, Сегмент: строка, РОП: строка, Способ доставки: {список: [доставка, Курьер]}}
            Контакт: {Как платит: {список: [Наличка]}}
          stages:
            Продажи: {work: [Новый лид, Замер], won: Клиент получил заказ, lost: [Спам]}
            Монтаж: {work: [Приняли], won: Готово}
        """).settings.needs
    missing = needs.missing(wanted, reading.PORTAL)
    assert [(one.owner, one.name) for one in missing.fields] == [("deal", "Сегмент")]
    assert [(one.wanted.name, one.found.type) for one in missing.other_types] == [
        ("РОП", model.FieldType.USER)
    ]
    assert [(one.field.code, one.name) for one in missing.options] == [(builders.DELIVERY_WAY, "Курьер")]
    assert missing.stages == (needs.MissingStage("Продажи", "Замер", model.Semantic.WORK),)
    assert [one.pipeline for one in missing.pipelines] == ["Монтаж"]
    assert not missing.nothing


def test_an_empty_portal_lacks_everything_of_the_preset() -> None:
    """What `connect` creates on a fresh portal."""
    empty = dataclasses.replace(reading.PORTAL, pipelines=(), fields={})
    wanted = reading.loaded("use: rop-funnel@1\n", directory=empty).settings.needs
    missing = needs.missing(wanted, empty)
    assert (len(missing.fields), [one.pipeline for one in missing.pipelines]) == (7, ["Продажи"])
    assert (len(wanted.stages[0].work), len(wanted.stages[0].lost)) == (7, 5)


# --- calendar

_WORK = model.WorkDay(((time(10), time(19)),))


def _calendar(text: str, portal: model.WorkCalendar | None) -> model.WorkCalendar:
    return settings.work_calendar(made(text).settings.calendar, portal)


def test_the_portals_calendar_with_days_of_our_own() -> None:
    """F31: from the portal, plus extra days off, working Saturdays, short days."""
    portal = model.WorkCalendar("Asia/Omsk", (_WORK,) * 5 + (model.WorkDay(),) * 2)
    text = """
        calendar:
          from: portal
          lunch: 13:00-14:00
          extra_days_off: [2026-12-31]
          extra_work_days: [07.11.2026]
          short_days: {2026-12-30: "10:00-15:00"}
        """
    calendar = _calendar(text, portal)
    lunch = model.WorkDay(((time(10), time(13)), (time(14), time(19))))
    assert (calendar.timezone, calendar.week[0], calendar.week[6]) == ("Asia/Omsk", lunch, model.WorkDay())
    assert calendar.exceptions == {
        date(2026, 12, 31): model.WorkDay(),
        date(2026, 11, 7): lunch,
        date(2026, 12, 30): model.WorkDay(((time(10), time(15)),)),
    }


def test_a_portal_without_a_calendar_gets_public_holidays() -> None:
    """Five days, 9–18, and Russia's holidays."""
    calendar = _calendar("calendar: {timezone: Europe/Moscow, week: {сб: 10:00-14:00, пн: off}}\n", None)
    assert calendar.exceptions[date(2027, 1, 1)] == model.WorkDay()
    assert calendar.week[0] == model.WorkDay()
    assert calendar.week[5] == model.WorkDay(((time(10), time(14)),))
