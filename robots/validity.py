"""What is wrong with a phone, an e-mail or a site as somebody typed it, and what was probably meant (S4.2). Pure.

Law: only what can't work is complained of. `00…` and `8…` phones, capitals and spaces are no mistakes; a letter of the
other alphabet always is. A trouble carries a repair only where there is no doubt about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import phonenumbers

from robots import contacts, words

_LATIN_OF = dict(zip("АВСЕНКМОРТХУаеорсухкі", "ABCEHKMOPTXYaeopcyxki", strict=True))
"""Cyrillic letters that look like Latin ones."""
_CYRILLIC = re.compile("[А-Яа-яЁёІіЇїЄєЎў]")
_LETTERS_OF_BOTH = re.compile(r"(?=.*[a-z])(?=.*[а-яё])", re.IGNORECASE)
_EXTENSION = re.compile(r"\s*(?:доб\.?|вн\.?|ext\.?|#|,)\s*\d+\s*$", re.IGNORECASE)
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?", re.UNICODE)
_LENGTHS: Mapping[str, int] = {
    "RU": 11,
    "KZ": 11,
    "BY": 12,
    "UA": 12,
    "UZ": 12,
    "KG": 12,
    "AM": 11,
    "GE": 12,
    "AZ": 12,
}
"""Digits of a full number with its country's code, where all of them have as many."""
COUNTRIES: Mapping[str, str] = {
    "RU": "России",
    "KZ": "Казахстана",
    "BY": "Беларуси",
    "UA": "Украины",
    "UZ": "Узбекистана",
    "KG": "Киргизии",
    "AM": "Армении",
    "GE": "Грузии",
    "AZ": "Азербайджана",
}
"""The genitive, for «номер России»; other countries go by their two letters."""
_TWO_NUMBERS = 20
"""Digits that no single number has."""


@dataclass(frozen=True, slots=True)
class Trouble:
    why: str
    """Plain Russian, after «телефон «8916»: »."""
    repaired: str = ""
    """What was surely meant; empty where nobody can tell."""


def phone(text: str, region: str = "RU") -> Trouble | None:
    """None for a number that can be rung; `region` is the country of numbers without a code."""
    bare = _EXTENSION.sub("", text)
    if contacts.phone(bare, region) is not None:
        return None
    digits = [char for char in bare if char.isdigit()]
    if not digits:
        return Trouble("в нём нет цифр")
    if any(char.isalpha() for char in bare):
        return Trouble("в нём буквы")
    if len(digits) >= _TWO_NUMBERS:
        return Trouble("похоже, здесь два номера: запишите каждый отдельно")
    if len(set(digits)) == 1:
        return Trouble("одна и та же цифра, такого номера нет")
    return Trouble(_length(bare, len(digits), region) or "такого номера не бывает: проверьте код и цифры")


def _length(text: str, digits: int, region: str) -> str:
    """Empty where the length is right."""
    abroad = text.strip().startswith("+")
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "нет страны с таким кодом" if abroad and digits > 3 else _how_many(digits, region)
    home = phonenumbers.region_code_for_country_code(parsed.country_code or 0) if abroad else region
    if home in _LENGTHS:
        return _how_many(digits, home) if digits != _LENGTHS[home] else ""
    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    return "" if phonenumbers.is_possible_number_with_reason(parsed) == possible else _how_many(digits, home)


def _how_many(digits: int, region: str) -> str:
    counted = words.count(digits, "цифра", "цифры", "цифр")
    country = COUNTRIES.get(region, f"страны {region}")
    if region in _LENGTHS:
        return f"{counted}, а в номере {country} их {_LENGTHS[region]} вместе с кодом страны"
    return f"{counted}: для номера {country} столько не бывает"


def email(text: str) -> Trouble | None:
    """Latin letters with one @ (S4.2): addresses in other alphabets exist, and next to no mail reaches them."""
    bare = text.strip().removeprefix("mailto:")
    if contacts.email(bare) is not None and bare.isascii():
        return None
    found = _CYRILLIC.search(bare)
    if found is not None:
        return _cyrillic(found[0], bare, _good_email)
    if bare.count("@") != 1:
        return Trouble("нет знака @" if "@" not in bare else "знак @ должен быть один")
    if re.search(r"\s", bare):
        joined = re.sub(r"\s*([@.])\s*", r"\1", bare)
        return Trouble("в нём пробел", joined if _good_email(joined) else "")
    if "," in bare:
        dotted = bare.replace(",", ".")
        return Trouble("запятая вместо точки", dotted if _good_email(dotted) else "")
    name, _, domain = bare.partition("@")
    if not name:
        return Trouble("перед @ ничего нет")
    if "." not in domain.strip("."):
        return Trouble("после @ должно быть имя почты с точкой, например mail.ru")
    return Trouble("такого адреса не бывает: проверьте каждый знак")


def _good_email(text: str) -> bool:
    return text.isascii() and contacts.email(text) is not None


def _cyrillic(letter: str, text: str, good: Callable[[str], bool]) -> Trouble:
    """A letter that only looks Latin is repaired if all of them do."""
    latin = "".join(_LATIN_OF.get(char, char) for char in text)
    if letter in _LATIN_OF:
        why = f"русская буква «{letter}» вместо латинской «{_LATIN_OF[letter]}»"
    else:
        why = f"русская буква «{letter}», а адрес пишут латинскими"
    return Trouble(why, latin.lower() if good(latin) else "")


def site(text: str) -> Trouble | None:
    """A domain name, with or without https:// and what follows it; `ромашка.рф` is a good one."""
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip(), flags=re.IGNORECASE)
    host = re.split(r"[/?#]", bare, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].rstrip(".")
    labels = host.split(".")
    if re.search(r"\s", host):
        return Trouble("в адресе пробел")
    if len(labels) < 2 or not labels[0]:
        return Trouble("это не адрес сайта: в нём нет точки, например romashka.ru")
    mixed = next((label for label in labels if _LETTERS_OF_BOTH.search(label)), None)
    if mixed is not None:
        return _mixed(mixed, host)
    if not all(_good_label(label) for label in labels) or not any(char.isalpha() for char in labels[-1]):
        return Trouble("такого адреса сайта не бывает: проверьте каждый знак")
    return None


def _mixed(label: str, host: str) -> Trouble:
    latin = "".join(_LATIN_OF.get(char, char) for char in host)
    odd = _CYRILLIC.search(label)
    if odd is not None and latin.isascii() and site(latin) is None:
        return _cyrillic(odd[0], host, str.isascii)
    return Trouble("в одном слове русские и латинские буквы")


def _good_label(label: str) -> bool:
    return _LABEL.fullmatch(label) is not None and "_" not in label


_PLAIN_PHONE = re.compile(r"[\d\s()+.\-–—]+")


def right_form(kind: str, text: str, region: str = "RU") -> str:
    """A `PHONE` as +79160000001, an `EMAIL` in lower case, all with their surely meant letters; else as it is written.

    A phone with an extension keeps its form: there is no other place for it."""
    match kind:
        case "PHONE":
            normal = contacts.phone(text, region) if _PLAIN_PHONE.fullmatch(text) else None
            return normal or text
        case "EMAIL":
            trouble = email(text)
            good = trouble.repaired if trouble is not None else (contacts.email(text) or "")
            return good or text
        case _:
            trouble = site(text)
            return (trouble.repaired if trouble is not None else "") or text
