"""Runs that begin and end in one turn of the pump.

Where many short jobs run, most ends are read together with their starts. An end tells where and
when the job ran, and so all that the start does: what a turn comes to is the same without it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, TypeAlias

from dispy import DispyJob

from .figures import moment

__all__ = ["Report", "TurnEnds"]

Report: TypeAlias = tuple[int, Any, Any]
"""What dispy calls a callback with: a status, a node or ``None``, a job or ``None``."""

# Of a cancelled job, the end doesn't tell where it ran.
_ENDS: Final = frozenset((DispyJob.Finished, DispyJob.Terminated))

# What else there may be of a job that has a node. Of one that has run at most once, and left
# nothing on its way, there is no more than one of these.
_STEPS: Final = frozenset(
    (DispyJob.Running, DispyJob.ProvisionalResult, DispyJob.Abandoned, DispyJob.Cancelled)
)


class TurnEnds:
    """The ends among the reports of one turn."""

    def __init__(self, reports: list[Report]) -> None:
        self._by_uid: dict[int, Report] = {}
        try:
            ends = {report[2]._uid: report for report in reports if report[0] in _ENDS}
            if ends:
                steps = [report[2]._uid for report in reports if report[0] in _STEPS]
                if len(set(steps)) < len(steps):
                    for uid in [uid for uid, times in Counter(steps).items() if times > 1]:
                        ends.pop(uid, None)
        except Exception:
            return  # one of them can't be read, which is told when its turn comes
        self._by_uid = ends

    def cover(self, node: Any, job: Any) -> bool:
        """Whether the end of this very run, of *job* on *node*, is among them."""
        end = self._by_uid.get(job._uid)
        if end is None or end[1] is not node or node is None:
            return False
        # dispy gives a _uid, an address in memory, to a later job again.
        return end[2].submit_time == job.submit_time and moment(end[2].start_time, 0.0) > 0.0
