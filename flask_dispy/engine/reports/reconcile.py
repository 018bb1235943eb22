"""Changes of jobs that dispy does not report.

Some ends of jobs, and returns to the queue, reach no callback: if the node is gone when the job is
sent to it, if the cluster is shut down, and inside dispyscheduler if a job is cancelled, abandoned
or rescheduled. The jobs themselves show it: dispy sets ``finish`` on the user's job when it ends.
"""

from __future__ import annotations

from typing import Any

from dispy import DispyJob

from ...core.events import EndState
from .delivery import all_reported
from .jobs import END_STATES
from .parsed import ParsedReport
from .watch import Watch

__all__ = ["Reconciler"]


class Reconciler:
    """Finds the jobs of one watch that ended without a report.

    A job counts only when it is found twice, because its report may be on its way.
    """

    def __init__(self, watch: Watch, scheduler: bool) -> None:
        self._watch = watch
        self._scheduler = scheduler
        self._suspects: set[int] = set()

    def sweep(self, running: set[int], now: float) -> list[ParsedReport]:
        """Return the events that dispy did not report.

        :param running: the serials of the jobs that are known to run.
        """
        found = self._lost_in_scheduler(running) if self._scheduler else self._finished()
        confirmed = [serial for serial in found if serial in self._suspects]
        self._suspects = set(found) - set(confirmed)
        owed = []
        for serial in confirmed:
            job = self._watch.jobs[serial]
            state = found[serial]
            if state is None:
                owed.append(self._watch.job_reports.requeued(job, now))
            else:
                owed.append(self._watch.job_reports.ended(state, None, job, now))
        return owed

    def _finished(self) -> dict[int, EndState | None]:
        found: dict[int, EndState | None] = {}
        dropped, reported = self._watch.dropped > 0, all_reported(self._watch.cluster)
        for serial, job in list(self._watch.jobs.items()):
            if job.status in END_STATES and job.finish.is_set():
                found[serial] = END_STATES[job.status]
            elif not _is_left_behind(job):
                continue
            elif dropped:
                # The report of its end was dropped, so how it ended is unknown.
                found[serial] = "abandoned"
            elif reported:
                # It ended before its first report was read. If dispy could not send a job to its
                # node, it cancels the job and may not report that.
                found[serial] = "cancelled" if job.status == DispyJob.Created else "abandoned"
        return found

    def _lost_in_scheduler(self, running: set[int]) -> dict[int, EndState | None]:
        cluster = self._watch.cluster
        scheduler: Any = cluster.scheduler
        # list() copies in one step, so the scheduler's thread can't change anything meanwhile.
        queued = {inner.uid for inner in list(cluster._jobs)}
        for node in list(scheduler._nodes.values()):
            queued.update(inner.uid for inner in list(node.pending_jobs))
        scheduled = set(scheduler._sched_jobs)
        found: dict[int, EndState | None] = {}
        for serial, job in list(self._watch.jobs.items()):
            if job.id in scheduled:
                continue
            if job.id not in queued:
                found[serial] = "abandoned" if serial in running else "cancelled"
            elif serial in running:
                found[serial] = None
        return found


def _is_left_behind(job: Any) -> bool:
    """Whether *job* is an early copy of a job that dispy has dropped."""
    inner = job._dispy_job_
    return inner is not None and inner.job is None
