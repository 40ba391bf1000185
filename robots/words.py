"""Russian numbers, plurals, money and moments, as texts for people write them. Nothing here knows a card."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from robots import model

SIGNS = {
    "RUB": "₽",
    "USD": "$",
    "EUR": "€",
    "KZT": "₸",
    "BYN": "Br",
    "UAH": "₴",
    "CNY": "¥",
    "GEL": "₾",
    "AMD": "֏",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def plural(number: int, one: str, few: str, many: str) -> str:
    """The word alone: `plural(3, "сделка", "сделки", "сделок")` is «сделки»."""
    last, last_two = abs(number) % 10, abs(number) % 100
    if last == 1 and last_two != 11:
        return one
    if 2 <= last <= 4 and not 12 <= last_two <= 14:
        return few
    return many


def count(number: int, one: str, few: str, many: str) -> str:
    """«3 сделки»."""
    return f"{number} {plural(number, one, few, many)}"


def number(value: int | Decimal) -> str:
    """«12,5»; ungrouped, since a number may be a house or an order."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace(".", ",")


def money(sum_: model.Money) -> str:
    """«1 000 000 ₽»; kopecks only where there are any: «1 000,50 ₽»."""
    # Formatting rounds at any size, where quantize() would raise above the context's 28 digits.
    text = f"{sum_.amount:,.2f}".removesuffix(".00").replace(",", " ").replace(".", ",").replace("-", "−")
    return f"{'0' if text == '−0' else text} {SIGNS.get(sum_.currency, sum_.currency)}"


def day(value: date) -> str:
    """«20.02.2026»."""
    return f"{value:%d.%m.}{value.year:04d}"


def _local(value: datetime, zone: tzinfo | str | None) -> datetime:
    if zone is None:
        return value
    return value.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def moment(value: datetime, zone: tzinfo | str | None) -> str:
    """«20.02 14:10» on that zone's clock; None leaves the moment's own offset."""
    return f"{_local(value, zone):%d.%m %H:%M}"


def full_moment(value: datetime, zone: tzinfo | str | None) -> str:
    """«20.02.2026 14:10»."""
    local = _local(value, zone)
    return f"{day(local)} {local:%H:%M}"


def duration(passed: timedelta) -> str:
    """How long something took or is late, in its two greatest units: «2 дня 3 ч», «45 мин», «меньше минуты»."""
    seconds = abs(int(passed.total_seconds()))
    days, hours, minutes = seconds // _DAY, seconds % _DAY // _HOUR, seconds % _HOUR // _MINUTE
    parts = [count(days, "день", "дня", "дней")] if days else []
    parts += [f"{hours} ч"] if hours else []
    parts += [f"{minutes} мин"] if minutes else []
    return " ".join(parts[:2]) or "меньше минуты"


def quoted(names: Iterable[str]) -> str:
    """«Сумма», «Способ доставки»."""
    return ", ".join(f"«{name}»" for name in names)
