"""Requests and answers as bytes: PHP-bracket forms, JSON bodies, envelopes with their `time` block (reference §1.2-1.4).

Query and body are merged, the body wins. JSON counts only in the body of a POST; a JSON body of a GET is not read,
and neither is one that is malformed or no object: the method then sees no parameters, as the portal's would.
"""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any
from xml.sax import saxutils

from sandbox.bitrix24 import kernel, values

_KEY = re.compile(r"\[([^\]]*)\]")
_UNSAFE = str.maketrans({"/": "\\/", "<": "\\u003C", ">": "\\u003E"})
"""The portal's JSON escapes these (and all that is not ASCII); they occur inside strings only."""


DEEPEST = 64
"""PHP drops variables that are nested deeper."""


def decode_pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Nests `a[b][]=c` as PHP does. A map whose keys are 0..n-1 in order comes out as a list."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        keys = _keys(name)
        if 0 < len(keys) <= DEEPEST:
            _put(root, keys, value)
    return {key: _listed(value) for key, value in root.items()}


@functools.lru_cache(4096)
def _keys(name: str) -> Sequence[str]:
    head, bracket, tail = name.partition("[")
    if not head:
        return ()
    first = head.replace(".", "_").replace(" ", "_")
    return (first, *_KEY.findall(bracket + tail)) if bracket and "]" in tail else (first,)


def _put(node: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        name = key or _next_index(node)
        child = node.get(name)
        if not isinstance(child, dict):
            child = node[name] = {}
        node = child
    node[keys[-1] or _next_index(node)] = value


def _next_index(node: dict[str, Any]) -> str:
    return str(max((int(key) for key in node if key.isdecimal() and len(key) < 19), default=-1) + 1)


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    made = {key: _listed(value) for key, value in node.items()}
    if made and list(made) == [str(at) for at in range(len(made))]:
        return list(made.values())
    return made


def decode_query(text: str) -> dict[str, Any]:
    """A query string, or the part after `?` of a batch command."""
    return decode_pairs(urllib.parse.parse_qsl(text, keep_blank_values=True))


def decode_body(kind: str, body: bytes) -> dict[str, Any]:
    """A POST body by its content type; multipart is decoded by the server (see app)."""
    if not body:
        return {}
    if "json" in kind:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return {}
        if isinstance(data, list):
            return {str(at): value for at, value in enumerate(data)}
        return data if isinstance(data, dict) else {}
    return decode_query(body.decode("utf-8", "replace"))


def php_array(mapping: dict[Any, Any]) -> Any:
    """A PHP array as json_encode shows it: `[]` when empty, a list when its keys are 0..n-1 in order."""
    if not mapping:
        return []
    if all(str(key) == str(at) for at, key in enumerate(mapping)):
        return list(mapping.values())
    return {str(key): value for key, value in mapping.items()}


def time_block(
    start: float, finish: float, zone: tzinfo, *, processing: float | None = None
) -> dict[str, Any]:
    return {
        "start": round(start, 6),
        "finish": round(finish, 6),
        "duration": round(finish - start, 6),
        "processing": round(finish - start if processing is None else processing, 6),
        "date_start": values.iso(int(start), zone),
        "date_finish": values.iso(int(finish), zone),
    }


def success(answer: kernel.Answer, time: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"result": answer.result}
    if answer.next is not None:
        made["next"] = answer.next
    if answer.total is not None:
        made["total"] = answer.total
    made["time"] = time
    return made


def to_json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).translate(_UNSAFE).encode()


def to_xml(data: dict[str, Any]) -> bytes:
    """`.xml`: the same envelope under <response>; list elements are <item>."""
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + f"<response>{_xml(data)}</response>".encode()


def _xml(data: Any) -> str:
    if isinstance(data, dict):
        return "".join(f"<{_tag(key)}>{_xml(value)}</{_tag(key)}>" for key, value in data.items())
    if isinstance(data, list):
        return "".join(f"<item>{_xml(value)}</item>" for value in data)
    if data is None:
        return ""
    return saxutils.escape(str(int(data)) if isinstance(data, bool) else str(data))


def _tag(key: Any) -> str:
    text = re.sub(r"[^\w.-]", "_", str(key))
    return text if text[:1].isalpha() or text[:1] == "_" else f"_{text}"
