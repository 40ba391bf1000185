#!/usr/bin/env python
"""Do the tests bite? (R18) Each sabotage is done to a scratch copy of the tree, and some test named here must fail.

`python scripts/teeth.py [WORD …]` does those whose name holds a word (all without one) and prints «sabotage → the test
that caught it». 0: all were caught; 1: one wasn't; 2: a text to be replaced isn't there, or a named test fails without any
sabotage. A sabotage is an exact replacement of one text that occurs once, so that it can't quietly miss.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".hypothesis", ".*_cache", "*.egg-info", "build")
WORLDS = "tests/simulation/test_seeds.py::test_the_laws_hold_whatever_happens"
FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sabotage:
    name: str
    path: str
    text: str
    instead: str
    tests: Sequence[str]


SABOTAGES = (
    # The five of R18.
    Sabotage(
        "ack before commit",
        "connector/web/hooks.py",
        "            await self._inbox.mark(portal.id, [bell.thing])\n",
        "            self._task = asyncio.ensure_future(self._inbox.mark(portal.id, [bell.thing]))\n",
        ["tests/connector/web/test_hooks.py::test_the_answer_waits_for_the_commit"],
    ),
    Sabotage(
        "no look-up before re-send",
        "connector/loops/settle.py",
        "        found = await self._look_twice(lookable)\n",
        "        found = {row.wish.key: self._again(row, self._desk.clock.now()) for row in lookable}\n",
        [
            "tests/connector/loops/test_executor.py::test_a_lost_answer_is_settled_by_finding_what_was_made",
            f"{WORLDS}[0]",
        ],
    ),
    Sabotage(
        "look-up without settle",
        "connector/loops/outcomes.py",
        "        retry_at = now + timedelta(seconds=self._desk.settings.settle_window)\n",
        "        retry_at = now\n",
        [f"{WORLDS}[{first}]" for first in range(0, 250, 50)],
    ),
    Sabotage(
        "lease too short",
        "connector/loops/leases.py",
        "MARGIN = 0.1\n",
        "MARGIN = -0.5\n",
        ["tests/connector/loops/test_leases.py::test_a_thawed_holder_finds_that_it_lost"],
    ),
    Sabotage(
        "marker not written",
        "connector/bitrix24/writing.py",
        '        "XML_ID": task_marker(key),\n',
        "",
        ["tests/contract/test_portal_writing.py", "tests/contract/test_portal_failing.py", f"{WORLDS}[0]"],
    ),
    # More of the kind.
    Sabotage(
        "sent before it is written down",
        "connector/loops/sending.py",
        "        granted = await self._ledger.sending(self._portal, fresh, self._clock.now()) if fresh else frozenset()\n",
        "        granted = fresh\n",
        ["tests/connector/loops/test_executor.py::test_two_lives_one_effect", f"{WORLDS}[0]"],
    ),
    Sabotage(
        "a doorbell during the look is cleared with it",
        "connector/store/inbox.py",
        "        conn.execute(sa.delete(tables.dirty).where(mine, looked))\n",
        "        conn.execute(sa.delete(tables.dirty).where(mine))\n",
        ["tests/contract/test_store_inbox.py::test_a_mark_during_the_look_outlives_it"],
    ),
    Sabotage(
        "a lost doorbell stays lost",
        "connector/loops/sweep.py",
        "        fresh = await self._fresh(swept)\n",
        "        fresh: set[ports.Thing] = set()\n",
        [f"{WORLDS}[0]"],
    ),
    Sabotage(
        "a lost worker goes on writing",
        "connector/store/fencing.py",
        "        return conn.execute(query).scalar_one_or_none() == self._token\n",
        "        return conn.execute(query).scalar_one_or_none() is not None\n",
        ["tests/contract/test_store_leases.py::test_who_overslept_writes_nothing"],
    ),
    Sabotage(
        "a card is moved wherever it stands",
        "connector/bitrix24/writing.py",
        '        replace(move, params={**move.params, "id": found}),\n',
        "        move,\n",
        ["tests/contract/test_portal_races.py::test_who_moved_the_card_meanwhile_is_not_overruled"],
    ),
    Sabotage(
        "silence is taken for a refusal",
        "connector/bitrix24/classify.py",
        "    kind: type[errors.Unknown | errors.Retryable] = errors.Unknown if write else errors.Retryable\n",
        "    kind: type[errors.Unknown | errors.Retryable] = errors.Retryable\n",
        [
            "tests/connector/bitrix24/test_client.py::test_a_command_of_which_the_answer_says_nothing_is_unknown",
            f"{WORLDS}[0]",
        ],
    ),
    Sabotage(
        "a half-made task is begun again",
        "connector/bitrix24/taskacts.py",
        "    return await _finish_checklist(at, own.id, act) if own is not None else None\n",
        "    return ports.Done(made=own.id) if own is not None else None\n",
        [f"{WORLDS}[{first}]" for first in range(0, 250, 50)],
    ),
    Sabotage(
        "a wish stays with the stay that is over",
        "connector/store/binding.py",
        "    engine.many(conn, BINDING, rows)\n",
        "",
        ["tests/contract/test_store_binding.py"],
    ),
    Sabotage(
        "an end reckoned before a wish was bound anew counts",
        "connector/store/binding.py",
        "    return [end for end in ends if end.bound_to is None or stays.get(end.key, end.bound_to) == end.bound_to]\n",
        "    return ends\n",
        ["tests/contract/test_store_binding.py"],
    ),
    Sabotage(
        "a return sends back a later stay",
        "connector/loops/still.py",
        "    if row.visit is not None and row.visit != wish.cause:\n",
        "    if False:\n",
        ["tests/connector/loops/test_still.py"],
    ),
    Sabotage(
        "a hand-over of unknown outcome counts as done",
        "robots/kinds/hand_over.py",
        "            and row.state.final\n",
        "",
        [
            "tests/simulation/test_found.py::test_a_deal_won_again_before_the_copy_is_settled_is_handed_over_once"
        ],
    ),
    Sabotage(
        "what broke off in the middle is half there",
        "connector/store/engine.py",
        '        raw.execute("ROLLBACK TO work")\n',
        "",
        ["tests/simulation/test_nth_step.py"],
    ),
    Sabotage(
        "answers are forgotten while the disk is full",
        "connector/loops/executor.py",
        "            self._ends = ends + self._ends\n            raise\n",
        "            raise\n",
        ["tests/simulation/test_nth.py::test_a_write_of_the_store_fails"],
    ),
    Sabotage(
        "a half-made conversion is begun again",
        "connector/bitrix24/converting.py",
        "        known = self.state.made.get(number)\n",
        "        known = None\n",
        ["tests/simulation/test_acts.py::test_whatever_strikes_it_is_done_once[commit_then_reset]"],
    ),
    Sabotage(
        "whoever rings is believed",
        "connector/web/hooks.py",
        "    right = bool(token) and hmac.compare_digest(token, bell.token)\n",
        "    right = bool(token)\n",
        ["tests/connector/web/test_hooks.py::test_a_forged_doorbell_does_nothing"],
    ),
)


class Refused(Exception):
    """Nothing was tried, or nothing could be learned from it; its text says why."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python scripts/teeth.py", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only the sabotages whose name holds one")
    words = parser.parse_args(argv).words
    chosen = [one for one in SABOTAGES if not words or any(word in one.name for word in words)]
    try:
        missed = sum(caught == "" for caught in _tried(chosen))
    except Refused as why:
        print(f"teeth: {why}", file=sys.stderr)
        return 2
    print(f"{len(chosen) - missed} of {len(chosen)} sabotages caught")
    return 1 if missed or not chosen else 0


def _tried(chosen: Sequence[Sabotage]) -> Iterator[str]:
    """The test that caught each, empty: none did; told as it goes."""
    for one in chosen:
        _hurt(one, (TREE / one.path).read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="teeth-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(TREE, copy, ignore=LEFT_OUT)
        sound = _failed(copy, sorted({test for one in chosen for test in one.tests}))
        if sound:
            raise Refused(f"without any sabotage {sound} fails")
        for one in chosen:
            caught = _done(copy, one)
            print(f"{one.name} → {caught or 'NOBODY'}", flush=True)
            yield caught


def _done(copy: Path, one: Sabotage) -> str:
    victim = copy / one.path
    sound = victim.read_text("utf-8")
    victim.write_text(_hurt(one, sound), "utf-8")
    try:
        return next((caught for test in one.tests if (caught := _failed(copy, [test]))), "")
    finally:
        victim.write_text(sound, "utf-8")


def _hurt(one: Sabotage, sound: str) -> str:
    if sound.count(one.text) != 1:
        raise Refused(
            f"«{one.name}»: {one.path} has the text to be replaced {sound.count(one.text)} times, not once:\n{one.text}"
        )
    return sound.replace(one.text, one.instead)


def _failed(copy: Path, tests: Sequence[str]) -> str:
    """The first test that fails in the copy; empty: all pass. Raises Refused where pytest itself can't go on."""
    # Its own modules, also in the processes that tests start; no byte code of a sabotage is left behind.
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-x", "--tb=no", *tests]
    run = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)
    found = FAILED.search(run.stdout)
    if run.returncode == 0 and found is None:
        return ""
    if run.returncode != 1 or found is None:
        raise Refused(f"pytest {' '.join(tests)} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
