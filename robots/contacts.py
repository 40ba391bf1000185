"""Phones and e-mails: one normal form to compare by, the forms a portal may hold, and masks for texts and logs."""

from __future__ import annotations

import functools
import re

import email_validator
import phonenumbers

_INTERNATIONAL_PREFIX = re.compile(r"^\W*00(?=\s*[1-9(])")
_RUSSIAN = re.compile(r"\+7\d{10}")


@functools.lru_cache(4096)
def phone(text: str, region: str = "RU") -> str | None:
    """E.164 (`+79160000001`), the extension dropped; None for what nobody can ring.

    Remembered: a card's phones are read at each of its looks, and `phonenumbers` takes 0.1 ms for one.
    """
    # phonenumbers takes 00… as international only in regions that dial so, and people copy it anyway.
    written = _INTERNATIONAL_PREFIX.sub("+", text.strip())
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def email(text: str) -> str | None:
    """Lower case; None for what cannot be an address. No DNS is asked."""
    try:
        checked = email_validator.validate_email(
            text.strip().removeprefix("mailto:"), check_deliverability=False
        )
    except email_validator.EmailNotValidError:
        return None
    return checked.normalized.lower()


def variants(normal: str) -> tuple[str, ...]:
    """The spellings under which a portal's search may know a normal phone: +7…, 7…, 8…"""
    bare = normal.removeprefix("+")
    if _RUSSIAN.fullmatch(normal):
        return normal, bare, f"8{bare[1:]}"
    return normal, bare


def mask(value: str) -> str:
    """«+7 916 ***-**-01», «m***@mail.ru»; anything else keeps its first character at most."""
    if "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    normal = phone(value)
    if normal is None:
        return f"{value.strip()[:1]}***" if len(value.strip()) > 3 else "***"
    if _RUSSIAN.fullmatch(normal):
        return f"+7 {normal[2:5]} ***-**-{normal[-2:]}"
    return f"+{phonenumbers.parse(normal).country_code} ***{normal[-2:]}"


def matches(value: str, pattern: str) -> bool:
    """A normal value against `info@romashka.ru` or, with `*` at the end, a beginning: `+7800*`."""
    value, pattern = value.lower(), pattern.strip().lower()
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
