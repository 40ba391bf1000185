"""`use:`: a ready-made tree under the admin's own (users.md F32). Mappings merge, lists and texts replace, `off` removes.

A preset's file is an ordinary one with a head:

    preset: {name, version, also: [other names], inputs: {pipeline: {default, about, names: true}, …}}
    variants: {control: {observer: {…a tree laid over…}, …}}

`$input` as a whole key or value is the admin's answer (an `optional: true` one without an answer takes its key away,
and `if_answered: $input` in a list's item takes the item away). `names:` of `with:` renames what the preset calls by
its own names: keys, values, parts of paths, and «names» inside texts. Marks of the preset's nodes point into the
preset's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robots.config import loader, names, nodes, problems, shape_checks

_GUARD = "if_answered"
"""Says of an item of a list which optional question it hangs on."""
MODES = frozenset({"mode"})
"""Keys for which `off` is a word of their own."""


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    version: str
    file: str
    head: nodes.Node
    body: nodes.Mapping
    variants: nodes.Node | None
    problems: tuple[problems.Problem, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        return (self.name, *(nodes.text(one) for one in nodes.items(nodes.get(self.head, "also"))))


def parse(text: str, file: str) -> Preset | None:
    """A preset's file; None where it has no head."""
    tree = loader.load(text, file)
    head = nodes.get(tree.root, "preset")
    if not isinstance(tree.root, nodes.Mapping) or head is None:
        return None
    rest = [(key, value) for key, value in tree.root.pairs if key.text not in {"preset", "variants"}]
    body = nodes.Mapping(tree.root.mark, pairs=rest)
    return Preset(
        nodes.text(nodes.get(head, "name")),
        nodes.text(nodes.get(head, "version")),
        file,
        head,
        body,
        nodes.get(tree.root, "variants"),
        tree.problems,
    )


def expand(
    root: nodes.Mapping, texts: Mapping[str, str], found: list[problems.Problem]
) -> tuple[nodes.Mapping, tuple[str, ...]]:
    """The tree with its presets under it, and the names of those used. What is wrong is added to `found`."""
    use = root.get("use")
    if use is None:
        return root, ()
    known = [one for file, text in sorted(texts.items()) if (one := parse(text, file)) is not None]
    base = nodes.Mapping(root.mark)
    used = []
    for item in nodes.items(use):
        made = _one(item, known, found)
        if made is not None:
            preset, tree = made
            used.append(f"{preset.name}@{preset.version}")
            base = _mapping(merge(base, tree))
    own = nodes.Mapping(root.mark, pairs=[pair for pair in root.pairs if pair[0].text != "use"])
    return _mapping(merge(base, own)), tuple(used)


def _mapping(node: nodes.Node) -> nodes.Mapping:
    return node if isinstance(node, nodes.Mapping) else nodes.Mapping(node.mark)


def _one(
    item: nodes.Node, known: list[Preset], found: list[problems.Problem]
) -> tuple[Preset, nodes.Node] | None:
    named = nodes.get(item, "preset") or item
    name, _, version = nodes.text(named).partition("@")
    if not isinstance(named, nodes.Scalar) or not name:
        return None  # the shapes say so
    fitting = [one for one in known if names.fold(name) in map(names.fold, one.titles)]
    chosen = next((one for one in fitting if version in {"", one.version}), None)
    if chosen is None:
        _tell_unknown(named, name, version, fitting, known, found)
        return None
    found += chosen.problems
    if not version:
        _tell(named, found, "без версии заготовка может измениться", f"{name}@{chosen.version}", error=False)
    answers = _answers(chosen, nodes.get(item, "with"), named, found)
    tree: nodes.Node = chosen.body
    for key, choices in nodes.pairs(chosen.variants):
        overlay = nodes.get(choices, nodes.text(answers.get(key.text)))
        if overlay is not None:
            tree = merge(tree, overlay)
    renames = {
        names.fold(key.text): nodes.text(value)
        for key, value in nodes.pairs(nodes.get(nodes.get(item, "with"), "names"))
    }
    if renames:
        _check_renames(chosen, nodes.get(nodes.get(item, "with"), "names"), found)
    return chosen, _Rewriter(answers, renames).node(tree)


def _tell(
    node: nodes.Node, found: list[problems.Problem], text: str, hint: str = "", *, error: bool = True
) -> None:
    severity = problems.Severity.ERROR if error else problems.Severity.WARNING
    node.faulty = node.faulty or error
    found.append(problems.Problem("V024", node.mark, text, hint, severity=severity, span=node.span))


def _tell_unknown(
    node: nodes.Node,
    name: str,
    version: str,
    fitting: list[Preset],
    known: list[Preset],
    found: list[problems.Problem],
) -> None:
    if fitting:
        there = ", ".join(f"{one.name}@{one.version}" for one in fitting)
        _tell(node, found, f"у заготовки «{name}» нет версии «{version}»", f"есть {there}")
        return
    guess = names.suggest(name, [title for one in known for title in one.titles])
    listed = " · ".join(f"{one.name}@{one.version}" for one in known)
    hint = f"может быть, «{guess}»?" if guess else f"есть: {listed}" if listed else ""
    _tell(node, found, f"нет такой заготовки: «{name}»", hint)


def _answers(
    preset: Preset, given: nodes.Node | None, at: nodes.Node, found: list[problems.Problem]
) -> dict[str, nodes.Node]:
    """Every input's answer: the admin's, or the default."""
    inputs = nodes.get(preset.head, "inputs")
    asked = {key.text: spec for key, spec in nodes.pairs(inputs)}
    answers: dict[str, nodes.Node] = {}
    for key, value in nodes.pairs(given):
        if key.text == "names":
            continue
        if key.text not in asked:
            guess = shape_checks.similar(key.text, [*asked, "names"], 55)
            hint = f"может быть, «{guess}»?" if guess else f"она спрашивает: {', '.join(asked)}"
            _tell(key, found, f"заготовка «{preset.name}» не спрашивает «{key.text}»", hint)
            continue
        options = [nodes.text(one) for one in nodes.items(nodes.get(asked[key.text], "one_of"))]
        if options and nodes.text(value) not in options:
            guess = shape_checks.similar(nodes.text(value), options, 50)
            hint = f"может быть, «{guess}»?" if guess else f"можно: {', '.join(options)}"
            _tell(value, found, f"«{key.text}»: нет такого ответа «{nodes.text(value)}»", hint)
            value = nodes.Scalar(value.mark, value.span, faulty=True, text=options[0])  # noqa: PLW2901
        answers[key.text] = value
    for name, spec in asked.items():
        default = nodes.get(spec, "default")
        if name in answers:
            continue
        if default is None and nodes.text(nodes.get(spec, "optional")) == "true":
            answers[name] = nodes.Scalar(at.mark)
        elif default is None:
            about = nodes.text(nodes.get(spec, "about"))
            _tell(at, found, f"заготовке нужен ответ «{name}»: {about}", f"with: {{{name}: …}}")
            answers[name] = nodes.Scalar(at.mark, at.span, faulty=True, text="", quoted=True)
        else:
            answers[name] = default
    return answers


def _check_renames(preset: Preset, given: nodes.Node | None, found: list[problems.Problem]) -> None:
    written = {part for node in nodes.walk(preset.body) for part in _parts(node)}
    for key, value in nodes.pairs(given):
        if names.fold(key.text) not in {names.fold(one) for one in written}:
            guess = names.suggest(key.text, [one for one in written if len(one) < 60])
            hint = f"может быть, «{guess}»?" if guess else ""
            _tell(key, found, f"в заготовке «{preset.name}» нет имени «{key.text}»", hint)
        if not nodes.text(value).strip():
            _tell(value, found, f"не сказано, как у вас называется «{key.text}»")


def _parts(node: nodes.Node) -> list[str]:
    if not isinstance(node, nodes.Scalar):
        return []
    return [node.text, *(part.strip() for part in node.text.split("/"))]


class _Rewriter:
    """A copy of a preset's tree with the answers and the admin's names in it."""

    def __init__(self, answers: Mapping[str, nodes.Node], renames: Mapping[str, str]) -> None:
        self.answers, self.renames = answers, renames

    def node(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Mapping):
            pairs = [(self._key(key), self.node(value)) for key, value in node.pairs]
            kept = [pair for pair in pairs if not _unanswered(pair[1]) and pair[0].text != _GUARD]
            return nodes.Mapping(node.mark, node.span, pairs=kept)
        if isinstance(node, nodes.Sequence):
            return nodes.Sequence(
                node.mark, node.span, items=[self.node(item) for item in node.items if self._wanted(item)]
            )
        return self._scalar(node) if isinstance(node, nodes.Scalar) else node

    def _wanted(self, item: nodes.Node) -> bool:
        guard = nodes.get(item, _GUARD)
        return guard is None or not _unanswered(self.node(guard))

    def _key(self, key: nodes.Scalar) -> nodes.Scalar:
        made = self._scalar(key)
        return made if isinstance(made, nodes.Scalar) else key

    def _scalar(self, node: nodes.Scalar) -> nodes.Node:
        if node.text.startswith("$"):
            answers = [self._answer(part.strip(), node) for part in node.text.split(" / ")]
            if len(answers) == 1:
                return answers[0]
            written = " / ".join(nodes.text(one) for one in answers)
            return nodes.Scalar(answers[0].mark, answers[0].span, text=written, quoted=True)
        return nodes.Scalar(node.mark, node.span, text=self._named(node.text), quoted=node.quoted)

    def _answer(self, part: str, node: nodes.Node) -> nodes.Node:
        answer = self.answers.get(part.removeprefix("$")) if part.startswith("$") else None
        return answer or nodes.Scalar(node.mark, node.span, text=self._named(part), quoted=True)

    def _named(self, text: str) -> str:
        if not self.renames:
            return text
        whole = self.renames.get(names.fold(text))
        if whole is not None:
            return whole
        if " / " in text:
            return " / ".join(self.renames.get(names.fold(part), part) for part in text.split(" / "))
        for was, now in self.renames.items():
            text = _in_quotes(text, was, now)
        return text


def _unanswered(value: nodes.Node) -> bool:
    """An optional question left without an answer takes its key away."""
    return isinstance(value, nodes.Scalar) and value.empty


def _in_quotes(text: str, was: str, now: str) -> str:
    """«Отправили заказ» inside a sentence."""
    pieces = text.split("«")
    for at, piece in enumerate(pieces[1:], 1):
        inside, closing, rest = piece.partition("»")
        if closing and names.fold(inside) == was:
            pieces[at] = f"{now}»{rest}"
    return "«".join(pieces)


def merge(under: nodes.Node, over: nodes.Node) -> nodes.Node:
    """`over` laid on `under`. Keys meet as names do, so that «новый лид» is «Новый лид»."""
    if not (isinstance(under, nodes.Mapping) and isinstance(over, nodes.Mapping)):
        return over
    pairs = list(under.pairs)
    places = {names.fold(key.text): at for at, (key, _) in enumerate(pairs)}
    removed: set[int] = set()
    for key, value in over.pairs:
        at = places.get(names.fold(key.text))
        off = isinstance(value, nodes.Scalar) and value.off and key.text not in MODES
        if at is None:
            pairs.append((key, value))
        elif off:
            removed.add(at)
        else:
            pairs[at] = (key, merge(pairs[at][1], value))
    kept = [pair for at, pair in enumerate(pairs) if at not in removed]
    return nodes.Mapping(over.mark, over.span, over.faulty, kept)
