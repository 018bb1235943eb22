"""What dispy did to jobs without saying so.

Some ways a job can end, or return to the queue, reach no callback: a node that is gone when the
job is sent to it, a cluster shut down, and inside dispyscheduler every cancelled, abandoned or
rescheduled job. The jobs themselves tell: dispy sets ``finish`` on the user's job when it ends.
"""

from __future__ import annotations

from typing import Any

from dispy import DispyJob

from ...core.events import EndState
from .parsed import ParsedReport
from .watch import Watch

__all__ = ["Reconciler"]

_FINAL: dict[int, EndState] = {
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}


class Reconciler:
    """Finds the jobs of one watch that ended silently.

    A job must be found ended twice before it counts: its report may be on its way.
    """

    def __init__(self, watch: Watch, scheduler: bool) -> None:
        self._watch = watch
        self._scheduler = scheduler
        self._suspects: set[int] = set()

    def sweep(self, running: set[int], now: float) -> list[ParsedReport]:
        """Return the events that dispy owes.

        :param running: serials of the jobs that are running as far as is known.
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
        dropped, told = self._watch.dropped > 0, _has_told_all(self._watch.cluster)
        for serial, job in list(self._watch.jobs.items()):
            if job.status in _FINAL and job.finish.is_set():
                found[serial] = _FINAL[job.status]
            elif not _is_left_behind(job):
                continue
            elif dropped:
                # The report of its end was dropped, and how it ended is lost with it.
                found[serial] = "abandoned"
            elif told:
                # It ended before it was looked at. One that could not be sent to its node, and so
                # never ran, dispy cancels, and may tell nobody.
                found[serial] = "cancelled" if job.status == DispyJob.Created else "abandoned"
        return found

    def _lost_in_scheduler(self, running: set[int]) -> dict[int, EndState | None]:
        cluster = self._watch.cluster
        scheduler: Any = cluster.scheduler
        # list() of a dict or list is one step, whatever the scheduler's thread does meanwhile.
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


def _has_told_all(cluster: Any) -> bool:
    """Whether no report waits behind a callback of the user's own that takes its time."""
    client = getattr(cluster, "_cluster", None)
    return client is None or bool(client.worker_Q.empty())


def _is_left_behind(job: Any) -> bool:
    """Whether *job* is a copy, from before its end, of a job that dispy has done with."""
    inner = job._dispy_job_
    return inner is not None and inner.job is None
