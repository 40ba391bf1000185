"""A portal's dictionaries as a file: `check` without the portal, tests without a network. No card and no secret in it.

People are in it (names and working e-mails), so it is a company's own paper; the file says so.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pydantic

from robots import model

ABOUT = "Снимок портала для voronka check --snapshot: воронки, стадии, поля, сотрудники. Карточек и паролей здесь нет."
_directory: pydantic.TypeAdapter[model.Directory] = pydantic.TypeAdapter(model.Directory)


class Unreadable(ValueError):
    """The file isn't a snapshot."""


def written(directory: model.Directory) -> bytes:
    body: dict[str, Any] = _directory.dump_python(directory, mode="json")
    for owner, fields in directory.fields.items():
        for code, one in fields.items():
            # JSON's keys are texts, and an option's id may be a number: pairs keep them apart.
            body["fields"][owner][code]["options"] = [[key, name] for key, name in one.options.items()]
    return (json.dumps({"about": ABOUT, "directory": body}, ensure_ascii=False, indent=1) + "\n").encode()


def read(data: bytes) -> model.Directory:
    """Raises Unreadable."""
    try:
        body = json.loads(data)["directory"]
        options = {
            (owner, code): {key: str(name) for key, name in one.pop("options")}
            for owner, fields in body["fields"].items()
            for code, one in fields.items()
        }
        bare = _directory.validate_json(json.dumps(body))
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise Unreadable("это не снимок портала (его пишет voronka check --save-snapshot)") from wrong
    fields = {
        owner: {code: replace(one, options=options[owner, code]) for code, one in fields.items()}
        for owner, fields in bare.fields.items()
    }
    return replace(bare, fields=fields)
