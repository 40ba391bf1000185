"""The image gets the lock without the developers' tools, and nothing that the program needs is lost on the way."""

from __future__ import annotations

import pytest

from scripts import runtime_lock

LOCK = """\
# how it was made
server==3.1 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via voronka (pyproject.toml)
wire.format==1.0 \\
    --hash=sha256:bb
    # via
    #   -c requirements.txt
    #   Server
    #   tester
odd_bits==2.0 \\
    --hash=sha256:cc
    # via wire-format
tester==7.0 \\
    --hash=sha256:dd
    # via voronka (pyproject.toml)
plugin==0.1 \\
    --hash=sha256:ee
    # via tester
"""
PROJECT = '[project]\ndependencies = ["Server>=3"]\n[project.optional-dependencies]\ndev = ["tester"]\n'


def test_what_is_needed_comes_along_with_its_hashes() -> None:
    """Through any number of hands; a tool stays behind with whatever only it wants."""
    small = runtime_lock.runtime(LOCK, PROJECT)
    assert list(runtime_lock.blocks(small)) == ["server", "wire-format", "odd-bits"]
    assert small == LOCK[LOCK.index("server") : LOCK.index("tester==")]


def test_a_dependency_that_the_lock_lacks_stops_the_build() -> None:
    """Better than an image that breaks at its first start."""
    with pytest.raises(SystemExit, match="not in the lock: absent, other"):
        runtime_lock.runtime(LOCK, '[project]\ndependencies = ["server", "Other", "absent[all]>=1"]\n')
