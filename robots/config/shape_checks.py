"""A tree against a shape: every misfit at its place, in plain words, with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rapidfuzz import fuzz, process

from robots import schedule
from robots.config import beyond, nodes, problems, shapes

YES = frozenset({"true", "да", "yes", "on", "вкл"})
NO = frozenset({"false", "нет", "no", "off", "выкл"})


def similar(written: str, known: Iterable[str], cutoff: int = 65) -> str | None:
    """The likest of the known words."""
    folded = {word.casefold(): word for word in known}
    found = process.extractOne(written.casefold(), list(folded), scorer=fuzz.ratio, score_cutoff=cutoff)
    return folded[found[0]] if found else None


class Checker:
    """One walk. `found` grows; nodes become faulty; old words are renamed in the tree."""

    def __init__(self) -> None:
        self.found: list[problems.Problem] = []

    def check(self, node: nodes.Node, lazy: shapes.Shape | shapes.Lazy) -> None:
        shape = shapes.made(lazy)
        match shape:
            case shapes.Anything():
                return
            case shapes.ListOf():
                self._list(node, shape)
            case shapes.MapOf():
                self._map(node, shape)
            case shapes.Keys():
                self._keys(node, shape)
            case shapes.OneKey():
                self._one_key(node, shape)
            case shapes.ByForm():
                self._by_form(node, shape)
            case _:
                self._leaf(node, shape)

    # --- scalars

    def _leaf(self, node: nodes.Node, shape: shapes.Shape) -> None:
        if not isinstance(node, nodes.Scalar):
            self._wrong(node, f"здесь нужно одно значение ({_wanted(shape)}), а стоит {_form(node)}")
        elif node.empty:
            self._wrong(node, f"значение пустое: нужно {_wanted(shape)}")
        else:
            self._value(node, shape)

    def _value(self, node: nodes.Scalar, shape: shapes.Shape) -> None:
        match shape:
            case shapes.Word():
                self._word(node, shape)
            case shapes.Flag():
                if node.text.casefold() not in YES | NO:
                    self._wrong(node, f"нужно true или false, а стоит «{_short(node.text)}»")
            case shapes.Number(least):
                if not (node.text.isdecimal() and int(node.text[:9]) >= least):
                    self._wrong(node, f"нужно число не меньше {least}, а стоит «{_short(node.text)}»")
            case shapes.Term():
                said = schedule.parse_duration(node.text)
                if isinstance(said, str):
                    self._wrong(node, said, code="V019")
            case shapes.Pattern(regex, what, example):
                if not re.fullmatch(regex, node.text, re.IGNORECASE):
                    self._wrong(node, f"нужно {what}, например «{example}», а стоит «{_short(node.text)}»")
            case _:
                pass

    def _word(self, node: nodes.Scalar, shape: shapes.Word) -> None:
        written = " ".join(node.text.casefold().split())
        known = {**{word.casefold(): word for word in shape.options}, **shape.also}
        if written in known:
            node.text = known[written]
            return
        guess = similar(written, known, 55)
        hint = f"может быть, «{known[guess]}»?" if guess else ""
        listed = " · ".join(shape.options)
        self._wrong(node, f"не знаю слова «{_short(node.text)}»", hint=hint, notes=(f"можно: {listed}",))

    # --- collections

    def _list(self, node: nodes.Node, shape: shapes.ListOf) -> None:
        if isinstance(node, nodes.Sequence):
            if len(node.items) < shape.at_least:
                self._wrong(node, "список пуст")
            for item in node.items:
                self.check(item, shape.item)
            if isinstance(shapes.made(shape.item), shapes.Text):
                self._commas(node, shape)
        elif isinstance(node, nodes.Scalar) and node.empty:
            self._wrong(node, "здесь пусто: нужен список или одно значение")
        elif shape.single:
            self.check(node, shape.item)
        else:
            self._wrong(node, f"здесь нужен список, а стоит {_form(node)}")

    def _commas(self, node: nodes.Sequence, shape: shapes.ListOf) -> None:
        """V003: `[Сообщите, что заказ собран, готов]`: an item in a line of a [ ] that begins in lower case."""
        item = shapes.made(shape.item)
        if not (isinstance(item, shapes.Text) and item.human):
            return
        for before, item_node in zip(node.items, node.items[1:], strict=False):
            if not (isinstance(before, nodes.Scalar) and isinstance(item_node, nodes.Scalar)):
                continue
            same_line = before.mark.line == item_node.mark.line and not (before.quoted or item_node.quoted)
            if same_line and item_node.text[:1].islower() and before.text[:1].isalpha():
                text = "запятая внутри [ ] делит текст на пункты: если это один пункт, возьмите его в кавычки"
                typed = f'["{before.text}, {item_node.text}", …]'
                self._tell("V003", item_node, text, problems.Severity.WARNING, suggestion=typed)

    def _map(self, node: nodes.Node, shape: shapes.MapOf) -> None:
        if not isinstance(node, nodes.Mapping):
            self._wrong(node, f"здесь нужно «{shape.key}: …», а стоит {_form(node)}")
            return
        for key, value in node.pairs:
            if not key.text.strip():
                self._wrong(key, f"пустое {shape.key} перед двоеточием")
            self.check(value, shape.value)

    def _keys(self, node: nodes.Node, shape: shapes.Keys) -> None:
        if not isinstance(node, nodes.Mapping):
            if shape.short is not None and not (isinstance(node, nodes.Scalar) and node.empty):
                self.check(node, shape.short)
            else:
                hint = f"здесь пишут: {', '.join(list(shape.keys)[:6])}" if shape.keys else ""
                self._wrong(
                    node, f"{shape.what}: здесь нужны ключи с двоеточием, а стоит {_form(node)}", hint=hint
                )
            return
        self._rename_old(node, shape.keys)
        for key, value in node.pairs:
            known = shape.keys.get(key.text)
            if known is not None:
                self._known(key, value, known)
            elif shape.others is not None:
                self.check(value, shape.others)
            elif not key.faulty:
                self._unknown(key, shape)
        for name, wanted in shape.keys.items():
            if wanted.required and node.get(name) is None:
                about = f": {wanted.about}" if wanted.about else ""
                text = f"{shape.what}: не хватает ключа «{name}»{about}"
                self._wrong(node, text, code="V018")

    def _known(self, key: nodes.Scalar, value: nodes.Node, known: shapes.Key) -> None:
        if known.later:
            text = f"«{key.text}» придёт позже: пока не действует"
            self._tell("V028", key, text, problems.Severity.INFO)
        self.check(value, known.shape)

    def _rename_old(self, node: nodes.Mapping, known: Mapping[str, shapes.Key]) -> None:
        present = {key.text for key, _ in node.pairs}
        for name, wanted in known.items():
            for key, _ in node.pairs:
                if key.text in wanted.was and name not in present and key.text not in known:
                    text = f"«{key.text}» теперь пишется «{name}»"
                    self._tell("V029", key, text, problems.Severity.WARNING)
                    key.text = name

    def _unknown(self, key: nodes.Scalar, shape: shapes.Keys | shapes.OneKey) -> None:
        if never := beyond.said(key.text):
            self._wrong(key, never, "V036")
            return
        guess = similar(key.text, shape.keys, 60)
        hint = f"может быть, «{guess}»?" if guess else ""
        known = ", ".join(shape.keys)
        self._wrong(
            key, f"{shape.what}: незнакомый ключ «{_short(key.text)}»", "V016", hint, (f"можно: {known}",)
        )

    def _one_key(self, node: nodes.Node, shape: shapes.OneKey) -> None:
        if isinstance(node, nodes.Scalar) and node.text in shape.bare and not node.quoted:
            return
        if not isinstance(node, nodes.Mapping):
            word = nodes.text(node).split(" ")[0].rstrip(":")
            guess = similar(word, shape.keys, 70)
            hint = f"может быть, «{guess}: …»?" if guess else ""
            known = (f"можно: {', '.join(shape.keys)}",)
            self._wrong(
                node, f"здесь нужно {shape.what} вида «ключ: …», а стоит {_form(node)}", "V017", hint, known
            )
            return
        self._rename_old(node, shape.keys)
        if len(node.pairs) != 1:
            names = ", ".join(f"«{key.text}»" for key, _ in node.pairs[:4])
            text = f"в одном пункте одно {shape.what}, а здесь {names}" if node.pairs else "пустой пункт"
            hint = "каждое начните со своего «-»; настройки сдвиньте глубже"
            self._wrong(node.pairs[1][0] if len(node.pairs) > 1 else node, text, "V017", hint)
        for key, value in node.pairs:
            known_key = shape.keys.get(key.text)
            if known_key is not None:
                self._known(key, value, known_key)
            elif len(node.pairs) == 1 and not key.faulty:
                self._unknown(key, shape)

    def _by_form(self, node: nodes.Node, shape: shapes.ByForm) -> None:
        if isinstance(node, nodes.Sequence):
            chosen = shape.sequence
        elif isinstance(node, nodes.Mapping):
            chosen = shape.mapping
        else:
            chosen = None if isinstance(node, nodes.Scalar) and node.empty else shape.scalar
        if chosen is None:
            self._wrong(node, f"здесь нужно: {shape.what}, а стоит {_form(node)}")
        else:
            self.check(node, chosen)

    # --- telling

    def _wrong(
        self, node: nodes.Node, text: str, code: str = "V017", hint: str = "", notes: tuple[str, ...] = ()
    ) -> None:
        node.faulty = True
        self.found.append(problems.Problem(code, node.mark, text, hint, "", notes, span=node.span))

    def _tell(
        self, code: str, node: nodes.Node, text: str, severity: problems.Severity, suggestion: str = ""
    ) -> None:
        made = problems.Problem(code, node.mark, text, "", suggestion, severity=severity, span=node.span)
        self.found.append(made)


def flag(node: nodes.Node | None, *, default: bool) -> bool:
    """A checked Flag's value."""
    written = nodes.text(node).casefold()
    return True if written in YES else False if written in NO else default


def _short(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= 40 else one[:39] + "…"


def _form(node: nodes.Node) -> str:
    if isinstance(node, nodes.Mapping):
        return "«ключ: значение»"
    if isinstance(node, nodes.Sequence):
        return "список"
    if isinstance(node, nodes.Scalar) and node.empty:
        return "пустое место"
    return f"«{_short(nodes.text(node))}»"


def _wanted(shape: shapes.Shape) -> str:
    match shape:
        case shapes.Text(what) | shapes.Name(what) | shapes.Pattern(what=what):
            return what
        case shapes.Word(options):
            return " или ".join(options[:5])
        case shapes.Flag():
            return "true или false"
        case shapes.Number():
            return "число"
        case shapes.Term():
            return "срок, например «2 work hours»"
        case _:
            return "значение"
