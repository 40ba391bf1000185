"""Moments as clients send them: ISO 8601 with or without an offset, and the portal's own `dd.mm.yyyy hh:mm:ss`."""

from __future__ import annotations

from datetime import datetime, tzinfo

_OWN_FORMS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")


def parse(text: object, zone: tzinfo) -> datetime | None:
    """None for an empty value; ValueError for what is no moment. Without an offset the server's zone is meant."""
    if text in (None, "", False, 0, "0"):
        return None
    written = str(text).strip()
    moment = _parse_own(written) or datetime.fromisoformat(written)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _parse_own(text: str) -> datetime | None:
    for form in _OWN_FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller gives it the zone
        except ValueError:
            continue
    return None
