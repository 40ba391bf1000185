"""What is left of a person who was erased: ids and keyed hashes, enough to know their name, phone or e-mail again and to
put «клиент» in its place, and not enough to say what it was (R15).

`Marks` go over whatever comes from the portal and whatever is kept, with one result, so that a scrubbed card equals the
scrubbed copy of it and no robot sees a change. A mark is a short text: `contact:7`, `lead:5` (an id), `c:hash` (a phone or
an e-mail in normal form), `n:hash.hash` (a name, word by word). Pure.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from robots import contacts, declension, intents, look, model

SOMEBODY = "клиент"
COMM, NAME = "c:", "n:"
LONGEST = 6
"""Words of a name that are compared."""
WAYS = 64
"""Of one name in one case: a long title of many words mustn't make thousands of marks."""

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"[\s,.\-–—«»\"'`/]{0,4}")
_NUMBER = re.compile(r"\+?\d(?:[\s().\-–—/]{0,3}\d)+")
_DIGITS = re.compile(r"\d+")
_SIZES = range(10, 18)
"""Digits of a phone with its country and 00 before it."""
_GROUPS = 12

_PERSONAL = """
name lastName secondName honorific birthdate post companyTitle phone email web im fm title fullName comments
sourceDescription address address2 addressCity addressPostalCode addressRegion addressProvince addressCountry
"""
PERSONAL = frozenset(_PERSONAL.split())
"""Fields of a lead that are the person's own; a lead of theirs keeps none of them."""

TEXTS: Mapping[type, tuple[str, ...]] = {
    intents.SetFields: ("values", "replaces"),
    intents.SetClient: ("values", "replaces"),
    intents.RepairComm: ("was", "now"),
    intents.MoveStage: (),
    intents.SetTask: ("title", "description", "checklist"),
    intents.CloseTask: (),
    intents.ReassignTask: (),
    intents.PlanActivity: ("title", "text", "phone"),
    intents.SendLetter: ("to", "subject", "text"),
    intents.SendSms: ("phone", "text", "fields"),
    intents.CallUrl: ("data",),
    intents.Notify: ("text",),
    intents.SendFile: ("text", "tables"),
    intents.Comment: ("text",),
    intents.Say: ("text",),
    intents.LogEntry: ("title", "text"),
    intents.CopyDeal: ("title",),
    intents.ConvertLead: ("contact", "company", "deal", "phones", "emails", "sites"),
    intents.MakeInvoice: ("title",),
    intents.MakeDocument: ("values",),
    intents.TakeBack: (),
    intents.Remember: ("note",),
}
"""What of each act people wrote or read; ids, keys and stages are left as they are."""


# ---------------------------------------------------------------- marks of a person


def comm_mark(text: str, key: bytes) -> str | None:
    """Of a phone or an e-mail in any spelling; None for what is neither."""
    normal = contacts.email(text) if "@" in text else contacts.phone(text)
    return None if normal is None else COMM + comm_hash(normal, key)


def comm_hash(normal: str, key: bytes) -> str:
    """As the index of duplicates keeps it: `normal` is E.164 or an e-mail in lower case."""
    return hashlib.blake2b(normal.encode(), key=key[:64], digest_size=16).hexdigest()


def words(text: str) -> tuple[str, ...]:
    """As names are compared: no case, no ё."""
    return tuple(_fold(word) for word in _WORD.findall(text))


def name_marks(full: Iterable[str], alone: Collection[str], key: bytes) -> set[str]:
    """Of a person's names in any order and every case; a single word, and a case of it, only if it is in `alone`: it must
    name nobody else."""
    parts = [found for name in full if (found := words(name))]
    orders = itertools.permutations(parts, min(len(parts), 2))
    whole = {tuple(itertools.chain(*order)) for order in orders} | {tuple(itertools.chain(*parts))}
    whole |= {tuple(itertools.chain(parts[1], parts[0], *parts[2:]))} if len(parts) > 1 else set()
    kept = {form[:LONGEST] for name in whole if len(name) > 1 for form in _declined(name)}
    single = {word for part in parts for word in part if word in alone}
    kept |= {(form,) for word in single for form in declension.forms(word) if form in alone}
    return {NAME + ".".join(_digest(key, word) for word in name) for name in kept}


def _declined(name: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The name in each case, all its words in the same one."""
    for case in zip(*(declension.cases(word) for word in name), strict=True):
        yield from itertools.islice(itertools.product(*case), WAYS)


def _fold(word: str) -> str:
    return word.casefold().replace("ё", "е")


@functools.lru_cache(maxsize=100_000)
def _digest(key: bytes, word: str) -> str:
    return hashlib.blake2b(word.encode(), key=key[:64], digest_size=8, person=b"name").hexdigest()


# ---------------------------------------------------------------- marks at work


@dataclass(frozen=True)
class Marks:
    key: bytes = field(default=b"", repr=False)
    refs: frozenset[str] = frozenset()
    comms: frozenset[str] = frozenset()
    names: frozenset[tuple[str, ...]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.refs or self.comms or self.names)

    @functools.cached_property
    def _begins(self) -> frozenset[str]:
        return frozenset(name[0] for name in self.names)

    # ------------------------------------------------------------ texts

    def knows_comm(self, text: str) -> bool:
        return bool(self.comms) and (comm_mark(text, self.key) or "").removeprefix(COMM) in self.comms

    def text(self, text: str) -> str:
        """The same without the person: e-mails, phones, names, in this order."""
        if self.comms:
            if "@" in text:
                text = _EMAIL.sub(self._email, text)
            text = _NUMBER.sub(self._number, text)
        return self._named(text) if self.names else text

    def _email(self, found: re.Match[str]) -> str:
        """A dot or an apostrophe that belongs to the sentence is tried without."""
        whole = found[0]
        bare = whole.strip(".'-")
        return whole.replace(bare, SOMEBODY) if comm_hash(bare.lower(), self.key) in self.comms else whole

    def _number(self, found: re.Match[str]) -> str:
        """Numbers that stand side by side are one run: from left to right each part that may be a phone is tried."""
        run, groups = found[0], list(_DIGITS.finditer(found[0]))
        pieces, done, at = [], 0, 0
        while at < len(groups):
            end = next((end for end in _ends(groups, at) if self._is_phone(_digits(groups[at:end]))), 0)
            if end:
                pieces += [run[done : groups[at].start()].removesuffix("+"), SOMEBODY]
                done = groups[end - 1].end()
            at = end or at + 1
        return "".join([*pieces, run[done:]])

    def _is_phone(self, digits: str) -> bool:
        spellings = [digits, digits.removeprefix("00")]
        if len(digits) == 10:
            spellings.append(f"7{digits}")
        elif len(digits) == 11 and digits[0] == "8":
            spellings.append(f"7{digits[1:]}")
        return any(comm_hash(f"+{one}", self.key) in self.comms for one in spellings)

    def _named(self, text: str) -> str:
        found = list(_WORD.finditer(text))
        digests = [_digest(self.key, _fold(one[0])) for one in found]
        pieces, done, at = [], 0, 0
        while at < len(found):
            size = self._name_at(text, found, digests, at) if digests[at] in self._begins else 0
            if size:
                pieces += [text[done : found[at].start()], SOMEBODY]
                done = found[at + size - 1].end()
            at += size or 1
        return "".join([*pieces, text[done:]]) if pieces else text

    def _name_at(self, text: str, found: list[re.Match[str]], digests: list[str], at: int) -> int:
        """How many words from here on are a name."""
        for size in range(min(LONGEST, len(found) - at), 0, -1):
            if tuple(digests[at : at + size]) not in self.names:
                continue
            near = found[at : at + size]
            gaps = (text[a.end() : b.start()] for a, b in itertools.pairwise(near))
            if all(_BETWEEN.fullmatch(gap) for gap in gaps):
                return size
        return 0

    # ------------------------------------------------------------ values

    def value(self, value: model.Value) -> model.Value:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(self.text(one) if isinstance(one, str) else one for one in value)
        return value

    def card(self, card: model.Card) -> model.Card:
        """A deal goes on by its ids; of a lead that is the person nothing personal stays."""
        own = str(card.ref) in self.refs or self._is_of(card)
        fields = {
            code: _hidden(value) if own and code in PERSONAL else self.value(value)
            for code, value in card.fields.items()
        }
        title = SOMEBODY if own else self.text(card.title)
        return replace(card, title=title, fields=fields)

    def _is_of(self, card: model.Card) -> bool:
        if card.ref.kind is not model.CardKind.LEAD:
            return False
        return any(
            self.knows_comm(text)
            for code in ("phone", "email")
            for text in strings(card.fields.get(model.FieldCode(code)))
        )

    def is_erased(self, client: model.Client) -> bool:
        return str(client.ref) in self.refs or any(
            self.knows_comm(text) for text in (*client.phones, *client.emails)
        )

    def client(self, client: model.Client) -> model.Client:
        """What was filled stays filled, so that no gate asks for it anew."""
        if not self.is_erased(client):
            fields = {code: self.value(value) for code, value in client.fields.items()}
            name, last, second = (
                self.text(one) for one in (client.name, client.last_name, client.second_name)
            )
            return replace(client, name=name, last_name=last, second_name=second, fields=fields)
        return replace(
            client,
            name=SOMEBODY,
            last_name="",
            second_name="",
            phones=(SOMEBODY,) if client.phones else (),
            emails=(SOMEBODY,) if client.emails else (),
            fields={code: _hidden(value) for code, value in client.fields.items()},
        )

    def duplicates(self, found: look.Duplicates) -> look.Duplicates:
        comms = tuple(one for one in found.comms if not self.knows_comm(one))
        return look.Duplicates(comms, tuple(self._match(one) for one in found.matches))

    def _match(self, found: look.Match) -> look.Match:
        own = str(found.ref) in self.refs or str(found.client) in self.refs
        via = "" if found.via and self.knows_comm(found.via) else found.via
        return replace(found, title=SOMEBODY if own else self.text(found.title), via=via)

    def wish(self, wish: intents.Wish) -> intents.Wish:
        return replace(wish, act=self.act(wish.act), because=self.text(wish.because))

    def act(self, act: intents.Act) -> intents.Act:
        changed: dict[str, Any] = {}
        for name in TEXTS[type(act)]:
            was = getattr(act, name)
            if isinstance(was, Mapping):
                changed[name] = {code: self.value(value) for code, value in was.items()}
            elif was is not None:
                changed[name] = self.value(was)
        return replace(act, **changed) if changed else act


def marks(written: Iterable[str], key: bytes) -> Marks:
    """Of the no-copy list as it is kept."""
    refs, comms, names = set(), set(), set()
    for one in written:
        if one.startswith(COMM):
            comms.add(one.removeprefix(COMM))
        elif one.startswith(NAME):
            names.add(tuple(one.removeprefix(NAME).split(".")))
        else:
            refs.add(one)
    return Marks(key, frozenset(refs), frozenset(comms), frozenset(names))


def _digits(groups: Sequence[re.Match[str]]) -> str:
    return "".join(one[0] for one in groups)


def _ends(groups: Sequence[re.Match[str]], at: int) -> Iterator[int]:
    """Where a phone that begins with this group may end, the longest first."""
    for end in range(min(len(groups), at + _GROUPS), at, -1):
        if len(_digits(groups[at:end])) in _SIZES:
            yield end


def _hidden(value: model.Value) -> model.Value:
    if isinstance(value, str):
        return SOMEBODY if value else value
    if isinstance(value, tuple):
        return tuple(SOMEBODY if isinstance(one, str) and one else one for one in value)
    return None if isinstance(value, date) else value


def strings(value: model.Value) -> tuple[str, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(part for part in parts if isinstance(part, str))
