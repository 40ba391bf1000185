"""The JSON schema of the YAML, made of the same shapes that check it: for editors' completion and hints.

Editors check less than `voronka check`: names of the portal and texts aren't known to a schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from robots.config import grammar, grammar_words, shapes

_TITLE = "Воронка: роботы для портала"
_ACTS = "acts"
_SHORT = 200
"""Shorter schemas are repeated: a reference would be no shorter."""


def text() -> str:
    """The file `config/schema/voronka.schema.json`."""
    return json.dumps(made(), ensure_ascii=False, indent=1) + "\n"


def made() -> dict[str, Any]:
    head: dict[str, Any] = {"$schema": "http://json-schema.org/draft-07/schema#", "title": _TITLE}
    whole = {**_of(grammar.ROOT), "definitions": {_ACTS: _of(grammar_words.ACTS_LIST())}}
    return {**head, **_Hoist(whole).made()}


class _Hoist:
    """What stands in several places is written once, under `definitions`: an editor reads the file at each start."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self.whole = whole
        self.counts: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.definitions: dict[str, Any] = {}

    def made(self) -> dict[str, Any]:
        self._count(self.whole)
        made_of: dict[str, Any] = self._inside(self.whole)
        made_of["definitions"] = {**made_of["definitions"], **self.definitions}
        return made_of

    def _count(self, value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                self._count(one)
        elif isinstance(value, dict):
            key = json.dumps(value, sort_keys=True)
            self.counts[key] = self.counts.get(key, 0) + 1
            if self.counts[key] == 1:
                for one in value.values():
                    self._count(one)

    def _shared(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return [self._shared(one) for one in value] if isinstance(value, list) else value
        key = json.dumps(value, sort_keys=True)
        if self.counts.get(key, 0) < 2 or len(key) < _SHORT or not ({"anyOf", "type"} & value.keys()):
            return self._inside(value)
        if key not in self.names:
            self.names[key] = f"s{len(self.names) + 1}"
            self.definitions[self.names[key]] = self._inside(value)
        return {"$ref": f"#/definitions/{self.names[key]}"}

    def _inside(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: self._shared(one) for name, one in value.items()}


def _of(lazy: shapes.Shape | shapes.Lazy) -> dict[str, Any]:
    if lazy is grammar_words.ACTS_LIST:
        return {"$ref": f"#/definitions/{_ACTS}"}
    shape = shapes.made(lazy)
    match shape:
        case shapes.Anything():
            return {}
        case shapes.ListOf(item, single, at_least):
            listed: dict[str, Any] = {"type": "array", "items": _of(item)}
            if at_least:
                listed["minItems"] = at_least
            return _either([listed, _of(item)]) if single else listed
        case shapes.MapOf(value):
            return {"type": "object", "additionalProperties": _of(value)}
        case shapes.Keys():
            return _keys(shape)
        case shapes.OneKey(keys, what, bare):
            inside = {"type": "object", "title": what, "minProperties": 1, "maxProperties": 1}
            mapping = {**inside, "properties": _properties(keys), "additionalProperties": False}
            return _either([mapping, {"enum": list(bare)}]) if bare else mapping
        case shapes.ByForm(what):
            forms = [shape.scalar, shape.sequence, shape.mapping]
            return {**_either([_of(one) for one in forms if one is not None]), "title": what}
        case _:
            return _leaf(shape)


def _leaf(shape: shapes.Shape) -> dict[str, Any]:
    scalar = {"type": ["string", "number", "boolean"]}
    match shape:
        case shapes.Word(options, also):
            words = [*options, *(word for word in also if word not in options)]
            booleans = [True] if "true" in words else []
            return {"enum": [*words, *booleans]}
        case shapes.Flag():
            return {"enum": [True, False, "да", "нет"]}
        case shapes.Number(least):
            return {"type": "integer", "minimum": least}
        case shapes.Term():
            return {"type": "string", "examples": ["2 work hours", "3 work days", "5 дней", "30 минут"]}
        case shapes.Pattern(_, what, example):
            return {**scalar, "description": what, "examples": [example]}
        case shapes.Text(what) | shapes.Name(what):
            return {**scalar, "description": what}
        case _:
            return {}


def _keys(shape: shapes.Keys) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "type": "object",
        "title": shape.what,
        "properties": _properties(shape.keys),
        "additionalProperties": _of(shape.others) if shape.others is not None else False,
    }
    required = [name for name, key in shape.keys.items() if key.required]
    if required:
        mapping["required"] = required
    return _either([mapping, _of(shape.short)]) if shape.short is not None else mapping


def _properties(keys: Mapping[str, shapes.Key]) -> dict[str, Any]:
    made_of: dict[str, Any] = {}
    for name, key in keys.items():
        about = f"{key.about} (придёт позже)".strip() if key.later else key.about
        inside = _of(key.shape)
        # draft-07 ignores what stands beside $ref
        made_of[name] = {"description": about, **({"allOf": [inside]} if "$ref" in inside else inside)}
        if not about:
            del made_of[name]["description"]
        elif "description" in inside:
            made_of[name]["description"] = about
    return made_of


def _either(forms: list[dict[str, Any]]) -> dict[str, Any]:
    """The forms without repetition; one form is itself."""
    kept: list[dict[str, Any]] = []
    for form in forms:
        if form not in kept:
            kept.append(form)
    return kept[0] if len(kept) == 1 else {"anyOf": kept}
