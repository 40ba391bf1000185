"""When a message goes out (F14): quiet hours, the digest's moment, the cap's, what pierces them, what a bundle says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import decision, intents, model, notices, people, robot
from robots.kinds import notify
from tests.robots import builders, rules
from tests.robots import world as worlds
from tests.robots.builders import IVANOV, MOSCOW, PETROVA

CALENDAR = builders.directory().calendar or model.WorkCalendar("Europe/Moscow", ())
TUESDAY = datetime(2026, 3, 3, 12, 0, tzinfo=MOSCOW)


def clock(hour: int, minute: int = 0, day: int = 3) -> datetime:
    """Of March 2026 in Moscow; the third is a Tuesday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("now", "quiet", "wanted"),
    [
        (clock(12), notices.NONE, clock(12)),
        (clock(3), notices.NONE, clock(3)),
        (clock(12), notices.WORK_HOURS, clock(12)),
        (clock(20), notices.WORK_HOURS, clock(9, day=4)),
        (clock(20, day=6), notices.WORK_HOURS, clock(9, day=10)),
        (clock(21, 59), "22:00-08:00", clock(21, 59)),
        (clock(22), "22:00-08:00", clock(8, day=4)),
        (clock(7, 59), "22:00-08:00", clock(8)),
        (clock(8), "22:00-08:00", clock(8)),
        (clock(13, 30), "13:00-14:00", clock(14)),
        (clock(14), "13:00-14:00", clock(14)),
    ],
)
def test_quiet_hours(now: datetime, quiet: str, wanted: datetime) -> None:
    """Through midnight, over a weekend, and not a minute longer."""
    assert notices.loud(now, quiet, CALENDAR) == wanted


@given(
    st.integers(0, 330 * 1440).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from([notices.NONE, notices.WORK_HOURS, "22:00-08:00", "0:30-1:00", "13:00-14:00"]),
)
def test_the_end_of_quiet_is_loud(now: datetime, quiet: str) -> None:
    """Whatever the hour: never back in time, and what waited once isn't put off again."""
    opens = notices.loud(now, quiet, CALENDAR)
    assert opens >= now
    assert notices.loud(opens, quiet, CALENDAR) == opens


def test_a_digest_goes_at_its_hour_of_a_work_day() -> None:
    """F22: skipped on days off."""
    assert notices.next_clock(clock(9, 29), time(9, 30), CALENDAR) == clock(9, 30)
    assert notices.next_clock(clock(9, 30), time(9, 30), CALENDAR) == clock(9, 30, day=4)
    assert notices.next_clock(clock(10, day=6), time(9, 30), CALENDAR) == clock(9, 30, day=10)


def test_above_the_cap_it_goes_with_the_digest_or_next_morning() -> None:
    """Today's digest if it is yet to come."""
    wish = _wish(intents.Notify(PETROVA, "a", "a"))
    assert notices.over_the_cap(wish, clock(12), CALENDAR) == clock(9, day=4)
    digest = replace(wish, digest_at=clock(17, 30))
    assert notices.over_the_cap(digest, clock(12), CALENDAR) == clock(17, 30)
    assert notices.over_the_cap(digest, clock(18), CALENDAR) == clock(9, day=4)


def _wish(act: intents.Act, key: str = "k") -> intents.Wish:
    ref = builders.card().ref
    return intents.Wish(intents.WishKey(key), intents.RobotId("r"), "d", ref, "c", act, "так надо")


def test_what_is_urgent_and_what_is_no_message_waits_for_nothing() -> None:
    """A task is set in the night; a robot with `urgent: true` speaks in the night."""
    seen = builders.look()
    night, quiet = clock(2), notices.Manners(quiet=notices.WORK_HOURS)
    for act in (intents.Notify(PETROVA, "a", "a", urgent=True), intents.Comment("a")):
        assert notices.timed(_wish(act), seen, quiet, night) == _wish(act)
    plain = notices.timed(_wish(intents.Notify(PETROVA, "a", "a")), seen, quiet, night)
    assert (plain.not_before, plain.digest_at) == (clock(9), None)


def test_news_that_can_wait_goes_with_the_digest_of_who_it_is_for() -> None:
    """The digest is a person's of this card («менеджер»), by the first line that names him; others are told at once."""
    seen = builders.look(card=builders.card(responsible=IVANOV))
    manager = people.InField(builders.path("Ответственный"))
    digest = ((people.Employee(PETROVA), time(17)), (manager, time(9)))
    manners = notices.Manners(digest=digest)

    def goes(to: model.UserId, *, can_wait: bool) -> tuple[datetime | None, datetime | None]:
        wish = notices.timed(_wish(intents.Notify(to, "a", "a", can_wait=can_wait)), seen, manners, TUESDAY)
        return wish.not_before, wish.digest_at

    assert goes(IVANOV, can_wait=True) == (clock(9, day=4), clock(9, day=4))
    assert goes(IVANOV, can_wait=False) == (None, clock(9, day=4))
    assert goes(PETROVA, can_wait=True) == (clock(17), clock(17))
    assert goes(builders.SMIRNOV, can_wait=True) == (None, None)


def test_a_bundle_says_all_of_it_and_only_what_one_had_to_say() -> None:
    """One message in its own words; several under one head; no more than twenty in one."""
    acts = [intents.Notify(PETROVA, f"«Окна {n}» просрочено\nссылка {n}", f"t{n}") for n in range(21)]
    wishes = [_wish(act, f"k{n}") for n, act in enumerate(acts)]
    ((one, _),) = notices.bundles(wishes[:1], clock(9))
    assert isinstance(one.act, intents.Notify)
    assert (one.act.text, one.act.to, one.act.urgent, one.digest) == (acts[0].text, PETROVA, True, "")
    ((two, carried),) = notices.bundles(wishes[:2], clock(9))
    assert isinstance(two.act, intents.Notify)
    assert two.act.text.splitlines() == [
        "Сводка: 2 сообщения",
        "1. «Окна 0» просрочено",
        "ссылка 0",
        "2. «Окна 1» просрочено",
        "ссылка 1",
    ]
    assert carried == wishes[:2]
    parts = list(notices.bundles(wishes, clock(9)))
    assert [len(carried) for _, carried in parts] == [20, 1]
    assert len({bundle.key for bundle, _ in parts}) == len({_tag(bundle) for bundle, _ in parts}) == 2


def _tag(wish: intents.Wish) -> str:
    assert isinstance(wish.act, intents.Notify)
    return wish.act.tag


def test_a_robot_that_is_urgent_says_so_in_its_message() -> None:
    """`urgent: true` beside the act; and by default the quiet hours are obeyed."""
    options = notify.Options((people.Employee(PETROVA),), builders.template("{{Название}}"))
    for urgent, wanted in ((True, None), (False, clock(9, day=4))):
        made = rules.robot("Продажи/on_create/notify", "notify", options, robot.Created(), urgent=urgent)
        given_rules = decision.Rules((made,), manners=notices.Manners(quiet=notices.WORK_HOURS))
        story = worlds.World(given_rules, now=clock(22))
        story.look()
        assert [row.wish.not_before for row in story.ledger.values()] == [wanted]


# ---------------------------------------------------------------- late messages (F3)


def goes(
    now: datetime,
    cause: str = "created",
    manners: notices.Manners = notices.PLAIN,
    *,
    urgent: bool = False,
    calm: bool = False,
    **seen: object,
) -> datetime | None:
    """When a message about a deal that came on Monday the second at noon goes. None: at once."""
    card = builders.card(created=clock(12, day=2))
    given = builders.look(card=card, **{"first": True, **seen})  # type: ignore[arg-type]
    wish = replace(_wish(intents.Notify(IVANOV, "Новая", "t", urgent=urgent)), cause=cause, calm=calm)
    return notices.timed(wish, given, manners, now).not_before


def test_four_work_hours_later_it_is_no_news() -> None:
    """Counted in work hours: lunch left out: at five it goes at once, later with others at the next quarter of an hour."""
    assert goes(clock(17, day=2)) is None
    assert goes(clock(17, 1, day=2)) == clock(17, 15, day=2)
    assert goes(clock(17, 15, day=2)) == clock(17, 30, day=2)
    evening = clock(17, 59, day=2)
    late = builders.look(card=builders.card(created=evening), first=True)
    wish = replace(_wish(intents.Notify(IVANOV, "Новая", "t")), cause="created")
    assert notices.timed(wish, late, notices.PLAIN, clock(12, day=3)).not_before is None, "a night isn't work"


def test_late_news_waits_for_the_digest_and_for_a_decent_hour() -> None:
    """Whoever has a digest gets it there; nobody is told in his quiet hours."""
    digest = notices.Manners(digest=((people.Employee(IVANOV), time(17, 50)),))
    assert goes(clock(17, 30, day=2), manners=digest) == clock(17, 50, day=2)
    quiet = notices.Manners(quiet=notices.WORK_HOURS)
    assert goes(clock(17, 55, day=2), manners=quiet) == clock(9)


def test_of_what_it_is_late() -> None:
    """A stay, a change (by the card's last edit), a card that came into the pipeline now; a term of waiting never is, nor
    what must be said at once, nor a person's work over many cards."""
    late, soon = clock(17, 30, day=2), clock(17, 45, day=2)
    assert goes(late, "h100") == goes(late, "UF_CRM_ROP#2", changed=frozenset({"UF_CRM_ROP"})) == soon
    fresh = replace(builders.look().visit, entered=late)
    assert goes(late, "created", first=False) == soon
    assert goes(late, "created", first=False, visit=fresh) is None
    for cause in ("still 1772442000/0", "h99", "created/responsible#1", "UF_CRM_ROP#2"):
        assert goes(late, cause) is None
    assert goes(late, urgent=True) is None
    assert goes(late, calm=True) is None
