"""A preset as an admin takes it: `connect` shows what the portal lacks and makes it, he switches it on and adds his few
words, `run` works it. The tests of presets and of people's days stand on this.
"""

from __future__ import annotations

import pathlib
from typing import Any

from tests.acceptance import driver


class Taken(driver.Pair):
    """A portal with a preset on it, running. `answers` are its inputs (`delivery_head=Орлов Сергей`; `CHAT` is a chat of staff),
    `over` is YAML laid over it."""

    dialog = ""

    def __init__(
        self, folder: pathlib.Path, preset: str, *answers: str, over: str = "", pipeline: str = "Продажи"
    ) -> None:
        super().__init__(folder, "")
        if any("CHAT" in one for one in answers):
            # A chat of the department, with a manager and the robots' own user in it.
            self.dialog = f"chat{self.sandbox.ask('im.chat.add', TITLE='Отдел', USERS=[driver.IVANOV])}"
            answers = tuple(one.replace("CHAT", self.dialog) for one in answers)
        self.told = self._connect(preset, pipeline, answers)
        text = self.daemon.file.read_text("utf-8")
        assert "mode: watch\n" in text
        self.daemon.file.write_text(text.replace("mode: watch\n", "mode: on\n") + over, "utf-8")
        self.sandbox.learn()
        self.daemon.start().ready()

    def _connect(self, preset: str, pipeline: str, answers: tuple[str, ...]) -> list[str]:
        """What `connect` said it would create."""
        self.daemon.file.unlink()
        file, door = str(self.daemon.file), f"http://127.0.0.1:{self.daemon.port}"
        asked = ["--preset", preset, "--pipeline", pipeline, "--yes", "--insecure-http", "--file", file]
        with_ = [part for one in answers for part in ("--with", one)]
        made = self.daemon.process_of("connect", *asked, *with_, "--public-url", door)
        assert made.returncode == 0, made.stdout + made.stderr
        lines = made.stderr.splitlines()
        return [line.strip().removeprefix("+ ") for line in lines if line.strip().startswith("+ ")]

    # fields that `connect` made: only the portal knows their codes

    def code(self, title: str, kind: str = "deal") -> str:
        return str(self._field(title, kind)["FIELD_NAME"])

    def chosen(self, title: str, value: str, kind: str = "deal") -> dict[str, Any]:
        """A list field with one of its values, as it is written: {code: option}."""
        field = self._field(title, kind)
        return {field["FIELD_NAME"]: next(one["ID"] for one in field["LIST"] if one["VALUE"] == value)}

    def _field(self, title: str, kind: str) -> dict[str, Any]:
        rows = self.sandbox.ask(f"crm.{kind}.userfield.list", filter={"LANG": "ru"})
        return next(row for row in rows if row.get("EDIT_FORM_LABEL") == title)

    # leads

    def lead(
        self,
        title: str,
        *,
        phone: str = "",
        email: str = "",
        site: str = "",
        by: int = driver.HEAD,
        **fields: Any,
    ) -> int:
        """By default nobody's yet: it came to the head, who doesn't stand in the queue."""
        given = (("PHONE", phone), ("EMAIL", email), ("WEB", site))
        fm = [{"typeId": type_, "valueType": "WORK", "value": value} for type_, value in given if value]
        asked = {"title": title, "assignedById": by, "fm": fm, **fields}
        return int(self.sandbox.ask("crm.item.add", by, entityTypeId=1, fields=asked)["item"]["id"])

    def write_lead(self, number: int, *, by: int = driver.IVANOV, **fields: Any) -> None:
        self.sandbox.ask(
            "crm.item.update", by, entityTypeId=1, id=number, useOriginalUfNames="Y", fields=fields
        )

    def lead_card(self, number: int) -> dict[str, Any]:
        """{stageId, assignedById, …} of a lead."""
        item: dict[str, Any] = self.sandbox.ask("crm.item.get", entityTypeId=1, id=number)["item"]
        return item

    def lead_stage(self, number: int) -> str:
        return str(self.lead_card(number)["stageId"])

    def lead_tasks(self, number: int) -> list[str]:
        return [task["title"] for task in self.sandbox.tasks() if f"L_{number}" in (task["ufCrmTask"] or [])]

    def comments(self, number: int, kind: str = "lead") -> list[str]:
        """Of a card, without the tail by which ours are found again."""
        asked = {"ENTITY_ID": number, "ENTITY_TYPE": kind}
        rows = self.sandbox.ask("crm.timeline.comment.list", filter=asked, select=["COMMENT"])
        return [str(row["COMMENT"]).partition(" · ")[0] for row in rows]

    def page(self, kind: str, number: int) -> str:
        """A card's address, as texts give it."""
        return f"http://127.0.0.1:{self.sandbox.port}/crm/{kind}/details/{number}/"

    def said_in_chat(self) -> list[str]:
        """Oldest first, without the tail by which ours are found again."""
        rows = self.sandbox.ask("im.dialog.messages.get", DIALOG_ID=self.dialog)["messages"]
        return [str(row["text"]).partition(" · ")[0] for row in sorted(rows, key=lambda row: int(row["id"]))]

    # deals

    def deal_of(self, title: str) -> dict[str, Any]:
        """The deal of that title, once it is there: that only one is, the caller finds out."""
        rows = driver.wait_for(title, lambda: [one for one in self.sandbox.deals() if one["title"] == title])
        return self.sandbox.card(rows[0]["id"])

    def planned(self, deal: int) -> list[str]:
        """Calls, meetings and letters in a deal's feed, by subject."""
        asked = {"OWNER_TYPE_ID": 2, "OWNER_ID": deal}
        rows = self.sandbox.ask("crm.activity.list", filter=asked, select=["SUBJECT", "PROVIDER_ID"])
        return sorted(row["SUBJECT"] for row in rows if row["PROVIDER_ID"] != "CRM_TASKS_TASK")

    def told_to(self, user: int, about: str) -> list[str]:
        """First lines of what an employee was told of a card."""
        return [text.splitlines()[0] for text in self.sandbox.notices(user) if about in text]
