"""Cancels jobs, and interprets dispy's answers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from dispy import DispyJob

from .outcomes import JobTarget, Outcome

__all__ = ["cancel_until"]

_RUNNING: Final = (DispyJob.Running, DispyJob.ProvisionalResult)


def cancel_until(
    deadline: float, batch: Iterable[tuple[int, JobTarget]], done: dict[int, Outcome]
) -> None:
    """Cancel or terminate jobs, and add their outcomes to *done* by serial; may wait for dispy.

    :param deadline: when to stop, by ``time.monotonic``.
    """
    for serial, found in batch:
        if time.monotonic() > deadline:
            return
        try:
            done[serial] = _cancel(found, serial)
        except Exception as error:
            message = f"dispy failed to cancel it: {type(error).__name__}."
            done[serial] = found.target.failed("refused", message, serial=serial)


def _cancel(found: JobTarget, serial: int) -> Outcome:
    target = found.target
    # dispy sets the job's state before it reports it.
    runs = found.state == "running" or found.job.status in _RUNNING
    answer = target.cluster.cancel(found.job)
    if answer == -1:
        if _has_ended(found.job):
            message = "dispy did not cancel it: it has just ended."
            return target.failed("already_ended", message, serial=serial)
        message = (
            "dispy did not cancel it: its node or scheduler cannot be reached, or it was "
            "terminated before."
        )
        return target.failed("refused", message, serial=serial)
    if answer != 0:
        # dispy's task failed: the job has left the queue and does not run yet.
        message = "dispy could not cancel it while it is sent to its node: try again."
        return target.failed("refused", message, serial=serial)
    if runs:
        return target.done("terminating", "Its node was asked to end it.", serial=serial)
    return target.done("cancelled", "Removed from the queue.", serial=serial)


def _has_ended(job: Any) -> bool:
    """Whether dispy itself has dropped the job."""
    return getattr(job, "_dispy_job_", None) is None or job.finish.is_set()
