"""Ends a test's PostgreSQL when the test process is gone, however it went, and takes its folder away.

`python postgres_keeper.py FOLDER PG_CTL [UID GID]`. The test process alone holds the other end of this one's standard
input; the end of input is its death, by kill -9 too. No signal of a dying parent (Linux has one): that one comes when the
thread dies which started the server, and a test's threads are short. It is in a session of its own, so that whoever kills
the tests' whole group leaves it to its work. UID and GID: whose the server is, where root had to lend it a user.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

SECONDS = 20


def main(folder: pathlib.Path, pg_ctl: str, *lent: str) -> None:
    sys.stdin.buffer.read()
    if not folder.exists():
        return
    user, group = (int(lent[0]), int(lent[1])) if lent else (None, None)
    subprocess.run(
        [pg_ctl, "stop", "-D", "data", "-m", "immediate", "-w", "-t", str(SECONDS)],
        cwd=folder,
        capture_output=True,
        check=False,  # it may be stopped already
        user=user,
        group=group,
        extra_groups=[] if lent else None,
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
