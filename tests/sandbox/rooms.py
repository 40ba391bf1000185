"""A small office for tests of the sandbox's rooms: five people, a deal, and a short way to call methods."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import clock, dispatch, kernel, people, portal

ADMIN, HEAD, MANAGER, OTHER, GONE = 1, 2, 3, 4, 5
DEAL_TYPE = 2
NOON = 1_767_600_000.0
"""2026-01-05 11:00 in Moscow."""


class Office:
    """The portal with its events written down."""

    def __init__(self) -> None:
        self.portal = portal.Portal(clock=clock.Clock(start=NOON, speed=0.0))
        staff = [
            people.User(ADMIN, "Анна", "Админова", "anna@example.com", admin=True, departments=[1]),
            people.User(HEAD, "Роман", "Ропов", "roman@example.com", departments=[2], position="РОП"),
            people.User(
                MANAGER, "Мария", "Менеджерова", "maria@example.com", departments=[2], phone="+74951112233"
            ),
            people.User(OTHER, "Олег", "Другов", "oleg@example.com", departments=[3]),
            people.User(GONE, "Ушёл", "Давно", active=False, departments=[2]),
        ]
        self.portal.users |= {user.id: user for user in staff}
        self.portal.departments |= {
            1: people.Department(1, "Ромашка", head=ADMIN),
            2: people.Department(2, "Продажи", parent=1, head=HEAD),
            3: people.Department(3, "Склад", parent=1),
        }
        for number in (ADMIN, HEAD, MANAGER, OTHER):
            self.portal.webhooks[f"secret{number}"] = portal.Webhook(number, f"secret{number}")
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.portal.listeners.append(lambda event: self.events.append((event.name, event.data)))

    def call(self, method: str, user_id: int = ADMIN, /, **params: Any) -> Any:
        return dispatch.call(self.portal, method, params, user_id=user_id)

    def whole(self, method: str, user_id: int = ADMIN, /, **params: Any) -> kernel.Answer:
        """The answer with its total and next."""
        found = dispatch.lookup(method)
        return dispatch.run(kernel.Call(self.portal, self.portal.webhook_of(user_id), method, params), found)

    def refused(self, method: str, user_id: int = ADMIN, /, **params: Any) -> tuple[int, str | int]:
        try:
            answer = self.call(method, user_id, **params)
        except kernel.Refusal as no:
            return no.status, no.code
        raise AssertionError(f"{method} answered {answer!r}")

    def deal(self, **fields: Any) -> int:
        return self.portal.crm.add(DEAL_TYPE, {"title": "Шкаф"} | fields, ADMIN).id

    def task(self, user_id: int = ADMIN, /, **fields: Any) -> dict[str, Any]:
        given = {"TITLE": "Позвонить", "RESPONSIBLE_ID": MANAGER} | fields
        answer: dict[str, Any] = self.call("tasks.task.add", user_id, fields=given)["task"]
        return answer

    def names(self) -> list[str]:
        """Names of the events since the last time this was asked."""
        names = [name for name, _ in self.events]
        self.events.clear()
        return names
