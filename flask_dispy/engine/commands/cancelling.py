"""Cancelling one job, and what dispy's answer to that means."""

from __future__ import annotations

from typing import Any, Final

from dispy import DispyJob

from .outcomes import JobTarget, Outcome

__all__ = ["cancel_one"]

_RUNNING: Final = (DispyJob.Running, DispyJob.ProvisionalResult)


def cancel_one(found: JobTarget, serial: int) -> Outcome:
    """Cancel the job, or end it where it runs; on the thread that may wait for dispy."""
    target = found.target
    runs = _runs(found)
    answer = target.cluster.cancel(found.job)
    if answer == -1 and not _has_ended(found.job):
        return Outcome(target.name, False, "refused",
                       "dispy did not cancel it: its node or scheduler cannot be reached, or it "
                       "was told to end before.", serial=serial)  # fmt: skip
    if answer == -1:
        return Outcome(target.name, False, "already_ended",
                       "dispy did not cancel it: it has just ended.", serial=serial)  # fmt: skip
    if answer != 0:
        # dispy's task failed: the job has left the queue and does not run yet.
        return Outcome(target.name, False, "refused",
                       "dispy could not cancel it while it is sent to its node: try again.",
                       serial=serial)  # fmt: skip
    if runs:
        return Outcome(target.name, True, "terminating", "Its node was told to end it.",
                       serial=serial)  # fmt: skip
    return Outcome(target.name, True, "cancelled", "Taken from the queue.", serial=serial)


def _runs(found: JobTarget) -> bool:
    """Whether the job has a node: dispy notes it on the job before it reports it."""
    return found.state == "running" or found.job.status in _RUNNING


def _has_ended(job: Any) -> bool:
    """Whether dispy itself is done with the job: it takes away what it knows of it."""
    return getattr(job, "_dispy_job_", None) is None or job.finish.is_set()
