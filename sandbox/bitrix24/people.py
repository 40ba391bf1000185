"""Employees and departments of a sandbox portal."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class User:
    id: int
    name: str
    last_name: str
    email: str = ""
    active: bool = True
    admin: bool = False
    departments: list[int] = field(default_factory=list)
    position: str = ""
    phone: str = ""


@dataclass(slots=True)
class Department:
    id: int
    name: str
    parent: int | None = None
    head: int | None = None
    sort: int = 500
