"""The six cases of a Russian name's word, well enough to know it again in a free text: «позвонить Марианне Канарейкиной».

A word may decline in two ways (Марина is a name, Канарейкина a surname): every way is given. What doesn't decline, or is no
Russian word, is the same in all cases. Words are folded: small letters, ё as е.
"""

from __future__ import annotations

_HUSH = "гкхжшщч"
_OWN = {"павел": "павл", "лев": "льв"}
"""Names that lose a vowel."""
_ENDINGS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    # (ending, letters that go, what comes in the genitive, dative, accusative, instrumental, prepositional)
    ("ая", 2, ("ой", "ой", "ую", "ой", "ой")),
    ("ия", 1, ("и", "и", "ю", "ей", "и")),
    ("я", 1, ("и", "е", "ю", "ей", "е")),
    ("ова", 1, ("ой", "ой", "у", "ой", "ой")),
    ("ева", 1, ("ой", "ой", "у", "ой", "ой")),
    ("ина", 1, ("ой", "ой", "у", "ой", "ой")),
    ("ына", 1, ("ой", "ой", "у", "ой", "ой")),
    ("ий", 2, ("ого", "ому", "ого", "им", "ом")),
    ("ый", 2, ("ого", "ому", "ого", "ым", "ом")),
    ("ой", 2, ("ого", "ому", "ого", "ым", "ом")),
    ("ий", 1, ("я", "ю", "я", "ем", "и")),
    ("й", 1, ("я", "ю", "я", "ем", "е")),
    ("ь", 1, ("я", "ю", "я", "ем", "е")),
    ("ь", 1, ("и", "и", "ь", "ью", "и")),
)
_CONSONANTS = "бвгджзклмнпрстфхцчшщ"


def cases(word: str) -> tuple[tuple[str, ...], ...]:
    """Nominative, genitive, dative, accusative, instrumental, prepositional; each in every way."""
    ways = [
        _way(word, cut, tails) for ending, cut, tails in _ENDINGS if word.endswith(ending) and len(word) > 2
    ]
    if word.endswith("а") and len(word) > 2:
        many = "и" if word[-2] in _HUSH else "ы"
        ways += [_way(word, 1, (many, "е", "у", ins, "е")) for ins in ("ой", "ей")]
    elif word and word[-1] in _CONSONANTS:
        stem = _OWN.get(word, word)
        ways += [(word, *(stem + tail for tail in ("а", "у", "а", ins, "е"))) for ins in ("ом", "ем", "ым")]
    if not ways:
        return ((word,),) * 6
    return tuple(tuple(dict.fromkeys(case)) for case in zip(*ways, strict=True))


def _way(word: str, cut: int, tails: tuple[str, ...]) -> tuple[str, ...]:
    return (word, *(word[:-cut] + tail for tail in tails))


def forms(word: str) -> frozenset[str]:
    """All of them, the word itself among them."""
    return frozenset(form for case in cases(word) for form in case)
