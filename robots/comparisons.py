"""How one value stands to one wish: the same, no less, contains, older. What has no answer raises `Inability`.

Texts fold case, spaces and ё. Sums meet in the base currency by the portal's own rates; a date is a day of the portal's
zone. A tuple on either side means any member of it. An unset value stands in no relation, but is the same as unset.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from robots import look as robots_look
from robots import model, schedule, words


class Inability(Exception):
    """There is no answer; the text says why."""


Relation = Callable[[model.Scalar, model.Scalar, robots_look.Look], bool]


def members(value: model.Value) -> tuple[model.Scalar, ...]:
    """A field's values; an unset one has none."""
    given = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in given if one is not None and one != "")


def any_pair(
    value: model.Value,
    wanted: model.Value | schedule.Duration,
    look: robots_look.Look,
    relation: Relation,
) -> bool:
    """Some member of the value stands so to some member of the wish; a sure pair outweighs an incomparable one."""
    if isinstance(wanted, schedule.Duration):
        raise Inability("срок сравнивают только с возрастом: older_than")
    wishes = wanted if isinstance(wanted, tuple) else (wanted,)
    if not members(value):
        # An unticked box may be unset over there: it is «нет», and unset is what «пусто» means.
        return relation is same and any(wish is None or wish is False or wish == "" for wish in wishes)
    unable: Inability | None = None
    for one in members(value):
        for wish in wishes:
            try:
                if relation(one, wish, look):
                    return True
            except Inability as why:
                unable = unable or why
    if unable:
        raise unable
    return False


def same(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> bool:
    if isinstance(one, str) and isinstance(wish, str):
        return fold(one) == fold(wish)
    if isinstance(one, bool) or isinstance(wish, bool):
        return one is wish
    if wish is None:
        return False
    if isinstance(one, str) or isinstance(wish, str):
        # Option ids come as numbers from one interface and as text from another.
        return not isinstance(one, date | model.Money) and str(one) == str(wish)
    return compare(one, wish, look) == 0


def contains(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> bool:
    if isinstance(one, str) and wish is not None:
        return fold(str(wish)) in fold(one)
    return same(one, wish, look)


def at_least(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> bool:
    return compare(one, wish, look) >= 0


def at_most(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> bool:
    return compare(one, wish, look) <= 0


def fold(text: str) -> str:
    """Case, spaces and ё don't tell texts apart."""
    return " ".join(text.casefold().replace("ё", "е").split())


def compare(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> int:
    """-1, 0, 1; moments with moments, sums in the base currency, everything else as numbers."""
    if isinstance(one, date) or isinstance(wish, date):
        return _compare_dates(one, wish, look)
    if isinstance(one, model.Money) or isinstance(wish, model.Money):
        same = (
            isinstance(one, model.Money) and isinstance(wish, model.Money) and one.currency == wish.currency
        )
        left, right = (number(one), number(wish)) if same else (_in_base(one, look), _in_base(wish, look))
    else:
        left, right = number(one), number(wish)
    return (left > right) - (left < right)


def _in_base(value: model.Scalar, look: robots_look.Look) -> Decimal:
    """A bare number is in the base currency already."""
    if not isinstance(value, model.Money) or value.currency == look.directory.base_currency:
        return number(value)
    rate = look.directory.rates.get(value.currency)
    if rate is None:
        raise Inability(f"в портале нет курса {value.currency}")
    return value.amount * rate


def number(value: model.Value | schedule.Duration) -> Decimal:
    """Raises Inability for what isn't one; text as people write it: «1 000,50»."""
    match value:
        case model.Money():
            return value.amount
        case bool():
            pass
        case int() | Decimal():
            return Decimal(value)
        case str():
            try:
                number = Decimal("".join(value.split()).replace(",", "."))
            except InvalidOperation:
                number = Decimal("NaN")
            if number.is_finite():
                return number
        case _:
            pass
    raise Inability(f"это не число: «{_plain(value)}»")


def _compare_dates(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> int:
    """Two moments by the instant; where either is a date, by the portal's calendar day."""
    if not isinstance(one, date) or not isinstance(wish, date):
        raise Inability(f"дату не сравнить с «{_plain(wish if isinstance(one, date) else one)}»")
    if isinstance(one, datetime) and isinstance(wish, datetime):
        return (one > wish) - (one < wish)
    left, right = _day(one, look), _day(wish, look)
    return (left > right) - (left < right)


def _day(value: date, look: robots_look.Look) -> date:
    return value.astimezone(_zone(look)).date() if isinstance(value, datetime) else value


def older(
    value: model.Scalar, wanted: model.Value | schedule.Duration, look: robots_look.Look, now: datetime
) -> bool:
    if not isinstance(wanted, schedule.Duration):
        raise Inability("не сказан срок")
    if not isinstance(value, date):
        raise Inability(f"это не дата: «{_plain(value)}»")
    start = value if isinstance(value, datetime) else datetime.combine(value, time(0), tzinfo=_zone(look))
    calendar = look.directory.calendar
    if calendar is None:
        if wanted.unit.value.startswith("work "):
            raise Inability("нет рабочего календаря, а срок в рабочем времени")
        calendar = schedule.round_the_clock("UTC")
    try:
        return schedule.after(start, wanted, calendar) <= now
    except ValueError as error:
        raise Inability(str(error)) from error


def _zone(look: robots_look.Look) -> ZoneInfo:
    return ZoneInfo(look.directory.calendar.timezone if look.directory.calendar else "UTC")


def _plain(value: model.Value | schedule.Duration) -> str:
    match value:
        case model.Money():
            return words.money(value)
        case schedule.Duration():
            return schedule.words(value)
        case _:
            return str(value)


def count_words(value: model.Value) -> int:
    texts = " ".join(str(one) for one in members(value))
    return sum(1 for piece in texts.split() if any(char.isalnum() for char in piece))
