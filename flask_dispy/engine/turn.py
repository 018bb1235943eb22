"""Reports of dispy's that are read together, and what of them an end tells by itself.

Where many short jobs run, ends are read together with their starts, and some with the submissions.
An end tells where and when the job ran, and so all that the start does; with the arguments, which
dispy drops before it, also all that the submission does (:mod:`.lives`). What a turn comes to is
the same without them, but for the order among its ends.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, TypeAlias

from dispy import DispyJob

from ..core.events import EndState
from .figures import moment

__all__ = ["END_STATES", "Report", "Turn"]

Report: TypeAlias = tuple[int, Any, Any]
"""What dispy calls a callback with: a status, a node or ``None``, a job or ``None``."""

END_STATES: Final[dict[int, EndState]] = {
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}
"""What dispy's numbers for the end of a job are called."""

# Of a cancelled job, the end doesn't tell where it ran.
_ENDS: Final = frozenset((DispyJob.Finished, DispyJob.Terminated))

# What else there may be of a job that has a node. Of one that has run at most once, and left
# nothing on its way, there is no more than one of these.
_STEPS: Final = frozenset(
    (DispyJob.Running, DispyJob.ProvisionalResult, DispyJob.Abandoned, DispyJob.Cancelled)
)


class Turn:
    """Reports that are read together, and the ends among them of jobs that ran once at most.

    :param now: when they were taken, in epoch seconds.

    ``ends`` are these by ``_uid``, which another job may get in the same turn; ``steps`` what else
    there is of jobs on nodes, which counts where there is an end as well. ``told`` are the
    ``_uid`` of those that were told ahead of their place, with the submission: whatever else this
    turn brings of them is of the same job, or another's submission.
    """

    def __init__(self, reports: list[Report], now: float) -> None:
        self.reports = reports
        self.now = now
        self.ends: dict[int, Report] = {}
        self.told: set[int] = set()
        self.steps: dict[int, Report] = {}
        try:
            ends, again = _by_uid(reports, _ENDS)
            if ends:
                self.steps, stepped_again = _by_uid(reports, _STEPS)
                for uid in again + stepped_again:
                    ends.pop(uid, None)
        except Exception:
            return  # one of them can't be read, which is told when its turn comes
        self.ends = ends

    def covers(self, node: Any, job: Any) -> bool:
        """Whether the end of this very run, of *job* on *node*, is among them."""
        end = self.ends.get(job._uid)
        return end is not None and end[1] is node and _tells_run(end, job.submit_time)


def _by_uid(reports: list[Report], statuses: frozenset[int]) -> tuple[dict[int, Report], list[int]]:
    """Return the reports of these statuses by ``_uid``, and those of which there are several."""
    found = [report for report in reports if report[0] in statuses]
    by_uid = {report[2]._uid: report for report in found}
    if len(by_uid) == len(found):
        return by_uid, []
    times = Counter(report[2]._uid for report in found)
    return by_uid, [uid for uid in times if times[uid] > 1]


def _tells_run(end: Report, submitted_at: float) -> bool:
    """Whether an end is of the job submitted then, and tells where and when it ran."""
    _, node, job = end
    # dispy gives a _uid, an address in memory, to a later job again.
    if job.submit_time != submitted_at or node is None:
        return False
    return moment(job.start_time, 0.0) > 0.0
