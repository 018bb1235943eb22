"""Jobs whose whole life lies within one turn, each told by one event.

Where many short jobs run, many are such, and to read them takes more time than all else that is
done with reports. So it is done here in one go, without most of the calls that other reports take.
"""

from __future__ import annotations

from typing import Any, Final

from dispy import DispyJob

from ..core.events import JobEnded
from .drained import Drained
from .figures import LATEST, heard_at, name_text
from .jobtexts import JobTexts, LaterTexts
from .nodereports import NodeReports
from .turn import END_STATES, Turn

__all__ = ["whole_life"]

_RUNNING: Final[int] = DispyJob.Running

# An event of its fields in their order, in half the time that the class itself takes.
_make: Final = tuple.__new__


def whole_life(
    job: Any, turn: Turn, confirmed_at: float, nodes: NodeReports, texts: JobTexts
) -> Drained | None:
    """Return the end of *job*, which was just submitted, if all that it did is in *turn*.

    With its arguments, which dispy drops before it reports an end. ``None`` also for what is not
    as it almost always is.

    :param confirmed_at: when its node had confirmed it, 0 if that is not in *turn*.
    """
    uid, submitted_at = job._uid, job.submit_time
    end = turn.ends.get(uid)
    if end is None:
        return None
    status, node, ended = end
    started_at, ended_at = ended.start_time, ended.end_time
    # dispy gives a _uid, an address in memory, to a later job again.
    if ended.submit_time != submitted_at or node is None:
        return None
    if type(started_at) is not float or type(ended_at) is not float:
        return None
    if not (0.0 < started_at < LATEST and 0.0 < ended_at < LATEST):
        return None
    step = turn.steps.get(uid)
    if step is not None and not (
        step[0] == _RUNNING and step[1] is node and step[2].submit_time == submitted_at
    ):
        return None
    if not nodes.has(node):
        return None
    began_at, over_at = nodes.clocks.run(
        node.ip_addr,
        started_at,
        ended_at,
        submitted_at=submitted_at,
        confirmed_at=confirmed_at,
        heard_at=heard_at(node, confirmed_at, turn.now),
    )
    if began_at is None:
        return None
    later: LaterTexts = []
    result, stdout, stderr, exception = ended.result, ended.stdout, ended.stderr, ended.exception
    event = _make(
        JobEnded,
        (
            (uid, submitted_at),
            over_at,
            submitted_at,
            began_at,
            name_text(node.ip_addr),
            END_STATES[status],
            texts.id_of(ended, later),
            *texts.arguments(job, later),
            None if result is None else texts.text("result", result, later),
            texts.output("stdout", stdout, later) if stdout else None,
            texts.output("stderr", stderr, later) if stderr else None,
            texts.output("exception", exception, later) if exception else None,
        ),
    )
    turn.told.add(uid)
    nodes.touched[node.ip_addr] = node
    return (event, None, tuple(later) if later else ())
