"""A file of rehearsals played: each story on a stage of its own, each step with what was done and how it differs.

Robots that only watch act here: a rehearsal asks what they do. Those that are off stay off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from robots import decision, model, robot
from robots.config import context, problems
from robots.playing import cards, script, stage, verdicts

T = TypeVar("T", robot.Robot, robot.Gate)


class Deed(NamedTuple):
    robot: str
    text: str


@dataclass(frozen=True, slots=True)
class Played:
    """One step. `at` is as it was written; empty for what follows at once from the card itself."""

    at: str
    mark: robot.Mark
    deeds: tuple[Deed, ...]
    differences: tuple[verdicts.Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    mark: robot.Mark
    steps: tuple[Played, ...]
    endless: str = ""
    """Why the robots never came to rest."""

    @property
    def passed(self) -> bool:
        return not self.endless and not any(step.differences for step in self.steps)


@dataclass(frozen=True, slots=True)
class File:
    results: tuple[Result, ...]
    problems: tuple[problems.Problem, ...]


def play(read: script.Head, rules: decision.Rules, directory: model.Directory) -> File:
    """Every story of the file. With problems in it nothing is played."""
    stories, wrong = script.stories(read, directory)
    if wrong:
        return File((), wrong)
    awake = replace(rules, robots=tuple(map(_awake, rules.robots)), gates=tuple(map(_awake, rules.gates)))
    known = context.Context(directory, {}, [])
    reader = cards.Reader(known, directory)
    results = tuple(_Player(one, awake, directory, reader).played() for one in stories)
    return File(results, problems.tidy(known.found))


def _awake(one: T) -> T:
    return replace(one, mode=robot.Mode.ON) if one.mode is robot.Mode.WATCH else one


class _Player:
    def __init__(
        self, story: script.Story, rules: decision.Rules, directory: model.Directory, reader: cards.Reader
    ) -> None:
        self.story, self.reader = story, reader
        self.stage = stage.Stage(rules, directory, story.given, story.given.card.created)
        self.steps: list[Played] = []
        self.judged = 0
        self.told = 0

    def played(self) -> Result:
        endless = ""
        try:
            self.stage.settle()
            self._note("", self.story.mark)
            for step in self.story.steps:
                self._step(step)
        except stage.Endless as never:
            endless = str(never)
        return Result(self.story.name, self.story.mark, tuple(self.steps), endless)

    def _step(self, step: script.Step) -> None:
        played = self.stage
        played.pass_to(step.at)
        missed = self._act(step)
        for _ in range(step.deliver):
            played.settle()
        differences = missed
        if step.expect is not None:
            since = played.done[self.judged :]
            differences += tuple(verdicts.judge(step.expect, played, since, self.reader))
            self.judged = len(played.done)
            played.trace.clear()
        self._note(step.shown, step.mark, differences)

    def _act(self, step: script.Step) -> tuple[verdicts.Difference, ...]:
        """What people do; a task that isn't there can't be ticked off."""
        played = self.stage
        if step.values.values:
            played.write(step.values.values)
        for client in step.values.clients:
            played.bind(client)
        for how, text in step.tried:
            played.tried(how, text)
        there = [task for task in played.open_tasks() if task.title == step.close_task]
        for task in there:
            played.tick_off(task)
        if step.move is not None and step.pipeline is not None:
            played.move(step.move, step.pipeline, step.by)
        if step.close_task and not there:
            titles = tuple(task.title for task in played.open_tasks())
            return (verdicts.Difference("close_task", (step.close_task,), titles),)
        return ()

    def _note(self, at: str, mark: robot.Mark, differences: tuple[verdicts.Difference, ...] = ()) -> None:
        done = verdicts.happened(self.stage.done[self.told :])
        self.told = len(self.stage.done)
        texts = verdicts.deeds(done, self.stage)
        deeds = tuple(Deed(str(one.wish.robot), text) for one, text in zip(done, texts, strict=True))
        if deeds or differences or at:
            self.steps.append(Played(at, mark, deeds, differences))


def summary(results: Mapping[str, tuple[Result, ...]]) -> tuple[int, int]:
    """(stories, those that differ)."""
    every = [one for found in results.values() for one in found]
    return len(every), sum(not one.passed for one in every)
