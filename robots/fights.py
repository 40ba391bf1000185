"""Who keeps undoing us: what we set and somebody sets back at once, three times a day, is not set a fourth time (R6).

It is most often a robot of the portal itself. Depth doesn't see it: somebody else's change begins at depth 0. A person who
changes his mind now and then is no fight: only what came back within a minute or so counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from robots import intents, look

AT_ONCE = timedelta(seconds=90)
"""A minute, and the sweep's half of one until it is seen."""
A_DAY = timedelta(days=1)
MOST = 3


def fighting(seen: look.Look, robot: intents.RobotId, act: intents.Act, now: datetime) -> bool:
    """Whether this robot's writing of these fields was set back at once three times within the last day."""
    if not isinstance(act, intents.SetFields) or len(seen.past) < MOST:
        return False
    mine = [
        row
        for row in seen.past
        if row.wish.robot == robot
        and isinstance(row.wish.act, intents.SetFields)
        and row.wish.act.values.keys() & act.values.keys()
        and row.done_at is not None
        and now - row.done_at < A_DAY
    ]
    if len(mine) < MOST:
        return False
    asked_again = [*(row.wished_at for row in mine[1:]), now]
    return (
        sum(at - row.done_at < AT_ONCE for row, at in zip(mine, asked_again, strict=True) if row.done_at)
        >= MOST
    )
