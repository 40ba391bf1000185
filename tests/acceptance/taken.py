"""A preset as an admin takes it: `connect` shows what the portal lacks and makes it, he switches it on and adds his few
words, `run` works it. The tests of presets and of people's days stand on this.
"""

from __future__ import annotations

import pathlib

from tests.acceptance import driver


class Taken(driver.Pair):
    """A portal with a preset on it, running. `answers` are its inputs (`delivery_head=Орлов Сергей`), `over` is YAML laid over it."""

    def __init__(
        self, folder: pathlib.Path, preset: str, *answers: str, over: str = "", pipeline: str = "Продажи"
    ) -> None:
        super().__init__(folder, "")
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

    def code(self, title: str, kind: str = "deal") -> str:
        """A field's code by its title: of those that `connect` made, only the portal knows it."""
        rows = self.sandbox.ask(f"crm.{kind}.userfield.list", filter={"LANG": "ru"})
        return next(str(row["FIELD_NAME"]) for row in rows if row.get("EDIT_FORM_LABEL") == title)

    def told_to(self, user: int, about: str) -> list[str]:
        """First lines of what an employee was told of a card."""
        return [text.splitlines()[0] for text in self.sandbox.notices(user) if about in text]
