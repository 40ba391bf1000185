"""The shapes of `limits:`, of the whole portal and of one funnel or robot (users.md F4)."""

from __future__ import annotations

from robots.config import shapes
from robots.config.shapes import Key

RATE = shapes.Pattern(
    r"\d+\s+(per|в|за)\s+(hour|day|minute|час|день|сутки|минуту)", "число за время", "30 per hour"
)
_SORTS = {
    name: Key(RATE, about)
    for name, about in (
        ("tasks", "задач"),
        ("moves", "переводов"),
        ("closes", "закрытий"),
        ("reassign", "смен ответственного"),
        ("notifications", "сообщений"),
        ("client messages", "сообщений клиентам"),
        ("hand_over", "передач"),
        ("fields", "записей в поля"),
    )
}
LIMITS = shapes.Keys(_SORTS, "limits")
OF_PORTAL = shapes.Keys(
    {**_SORTS, "created": Key(RATE, "новых карточек от одного человека: больше — похоже на импорт")}, "limits"
)
