"""The starter's `use:` for a chosen preset: what it asks is told in a comment above, what was answered stands below.

Text in, text out: the comments of the starter are for people, so it is edited by lines and never parsed and written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from robots.config import nodes, presets

OWN = "rop-funnel"
"""The preset that the starter speaks of by itself."""
_ABOUT = re.compile(r"(?:^#.*\n)+(?=^use:)", re.MULTILINE)
_PLAIN = re.compile(r"[^\W\d][\w .()-]*")
_EXAMPLE = re.compile(r"^# Ниже — ваши мелочи.*\Z", re.MULTILINE | re.DOTALL)


def inputs(preset: str, file: str) -> dict[str, str]:
    """What a preset asks: input -> about, in its order."""
    known = presets.parse(preset, file)
    asked = nodes.get(known.head, "inputs") if known else None
    return {key.text: nodes.text(nodes.get(spec, "about")) for key, spec in nodes.pairs(asked)}


def use(text: str, stem: str, preset: str, answers: Mapping[str, str]) -> str:
    """`text` with that preset's questions instead of the starter's own, and with the answers."""
    asked = inputs(preset, f"{stem}.yaml")
    if stem != OWN:
        known = presets.parse(preset, f"{stem}.yaml")
        title = nodes.text(nodes.get(known.head, "title")) if known else stem
        text = _ABOUT.sub("".join(f"{line}\n" for line in _told(title, asked)), text)
        text = _EXAMPLE.sub(
            "# Ниже — ваши мелочи поверх заготовки: те же ключи с другими значениями.\n", text
        )
    lines = []
    for line in text.splitlines():
        key = re.match(r"    (\w+):", line)
        if key and key[1] == "pipeline" and "pipeline" not in asked:
            continue
        if key and key[1] in answers:
            continue
        lines.append(line)
        if line.startswith("  with:"):
            lines += [f"    {name}: {_quoted(said)}" for name, said in answers.items()]
    return "\n".join(lines) + "\n"


def _told(title: str, asked: Mapping[str, str]) -> Iterator[str]:
    yield f"# Готовая заготовка «{title}». О чём она спрашивает:"
    yield from (f"#   {name} — {about}" for name, about in asked.items())


def _quoted(said: str) -> str:
    return said if _PLAIN.fullmatch(said) else json.dumps(said, ensure_ascii=False)
