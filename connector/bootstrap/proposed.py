"""A file as a command sends it to the running daemon (`plan`, `try`): compiled against the daemon's directory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from connector.bootstrap import configuration
from connector.loops import errands
from robots import decision, model
from robots.config import problems


async def rules(asked: Mapping[str, Any], directory: model.Directory) -> decision.Rules:
    """`asked` holds `texts` and `files` (`configuration.as_entry`). Raises errands.Refused with every error of it."""
    read = await asyncio.to_thread(configuration.compiled, configuration.of_entry(asked), directory)
    if read.errors:
        raise errands.Refused("\n\n".join(problems.render(one, read.sources) for one in read.errors[:20]))
    return read.rules()
