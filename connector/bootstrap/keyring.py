"""Which lines of the secrets file the robots of a configuration need: keys of those who call us, and for those we call."""

from __future__ import annotations

from collections.abc import Iterator

from connector import settings
from connector.bootstrap import configuration, triggering
from robots import happenings
from robots import robot as robots_robot
from robots.kinds import call_url, message


def lacking(seen: configuration.Compiled, kept: settings.Secrets) -> Iterator[tuple[str, str]]:
    """(the line that is missing, what doesn't work without it)."""
    for line, what in dict.fromkeys(_wanted(seen)):
        if not (kept.triggers.get(line) or kept.outside.get(line)):
            yield line, what


def _wanted(seen: configuration.Compiled) -> Iterator[tuple[str, str]]:
    for one in seen.loaded.robots:
        match one.trigger:
            case robots_robot.Happened(source) if source.startswith(happenings.CALLED):
                name = source.removeprefix(happenings.CALLED)
                yield triggering.secret_of(name), f"вызовы {happenings.CALLED}{name} не принимаются"
        match one.options:
            case call_url.Options(secret=line) if line:
                yield line, f"робот «{one.id}» не может сообщить другой программе"
            case message.Options(sms=message.Sms(by=by)) if by.secret:
                yield by.secret, "SMS не уходят"
