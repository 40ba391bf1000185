"""`tag:` and `untag:` as an admin writes them, and the field that `connect` makes for them (S5.2, F20)."""

from __future__ import annotations

import dataclasses

from robots import model
from robots.config import needs
from robots.kinds import tag
from tests.robots import builders
from tests.robots.config import reading

TAGS = model.FieldCode("UF_CRM_TEGI")


def test_a_tag_is_set_wherever_acts_are() -> None:
    """`tag` and `untag`, short and long, in a list of acts, in a step of `stale`, in a rule of `triage`."""
    made = reading.robots("""
        pipelines:
          Продажи:
            on_create:
              - tag: {add: ВИП, field: Теги}
            on_won:
              - untag: [ВИП, отложенный спрос]
            stale:
              steps: [{after: 5 work days, tag: отложенный спрос}]
            triage:
              - {name: тихие, if: {Название: {contains: тихо}}, tag: отложенный спрос}
        """)
    vip, later = (tag.Tag(one, one) for one in ("ВИП", "отложенный спрос"))
    assert made["Продажи/on_create/tag"].options == tag.Options(TAGS, (vip,))
    assert made["Продажи/on_won/untag"].options == tag.Options(TAGS, (vip, later), remove=True)
    expected = [("tag", tag.Options(TAGS, (later,)))]
    (rung,) = made["Продажи/stale"].options.steps
    assert [(act.kind, act.options) for act in rung.acts] == expected
    rule = made["Продажи/triage/тихие"].options
    assert [(act.kind, act.options) for act in rule.acts] == expected


def test_slips_of_tags() -> None:
    """No field of that name, one that holds a single value."""
    assert "нет такого поля лида: «Теги»" in reading.told("leads: {on_create: [{tag: тихо}]}\n")
    single = "pipelines: {Продажи: {on_create: [{tag: {add: тихо, field: Предмет сделки}}]}}\n"
    assert "в поле «Предмет сделки» одно значение, меткам в нём тесно" in reading.told(single)


def test_a_field_for_tags_is_made_where_it_is_missing() -> None:
    """`метки` is a string with many values; one with a single value isn't it."""
    want = needs.Needs((needs.NeedField("lead", "Теги", model.FieldType.STRING, many=True),))
    directory = builders.directory()
    assert needs.missing(want, directory).fields == want.fields
    for many in (False, True):
        known = model.Field(model.FieldCode("UF_CRM_T"), "Теги", model.FieldType.STRING, multiple=many)
        lead = {**directory.fields["lead"], known.code: known}
        here = dataclasses.replace(directory, fields={**directory.fields, "lead": lead})
        found = needs.missing(want, here)
        assert (found.fields, len(found.other_types)) == ((), 0 if many else 1)
