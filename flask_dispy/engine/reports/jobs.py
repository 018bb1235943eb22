"""dispy's reports on a cluster's jobs, turned into events with rendered texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dispy import DispyJob, SharedJobCluster

from ...core import events
from ...core.events import EndState, JobEnded, JobKey, JobQueued, JobStarted
from .columns import Subjects
from .figures import name_text, received_at, valid_time
from .nodes import NodeReports
from .parsed import ParsedReport
from .queues import QueueReader
from .sources import SentCode
from .texts import DeferredTexts, JobTexts

__all__ = ["END_STATES", "JOB_READERS", "JobReports", "job_key"]

_CREATED: Final[int] = DispyJob.Created
_RUNNING: Final[int] = DispyJob.Running
_PROVISIONAL: Final[int] = DispyJob.ProvisionalResult
_ABANDONED: Final[int] = DispyJob.Abandoned

END_STATES: Final[dict[int, EndState]] = {
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}
"""The states that dispy's numbers for the end of a job stand for."""

# Makes an event from its fields in half the time of calling the class.
_make: Final = tuple.__new__


def job_key(job: Any) -> JobKey:
    """Return a job's unique key: its address and the time of its submission.

    dispy's ``_uid`` alone is a memory address, which a later job may get again.
    """
    return (job._uid, job.submit_time)


class JobReports:
    """Reads the reports on one watched cluster's jobs.

    :param texts: renders the texts.
    :param nodes: the cluster's nodes, on which the jobs run.
    :param cluster: dispy's object.
    :param subjects: collects the jobs, if they have custom columns.

    ``queue`` gets the jobs that are bound to a node.
    """

    def __init__(
        self,
        texts: JobTexts,
        nodes: NodeReports,
        cluster: Any,
        subjects: Subjects | None,
    ) -> None:
        self.queue = QueueReader()
        self._texts = texts
        self._nodes = nodes
        self._subjects = subjects
        self._code = SentCode(cluster)
        # A JobCluster notes by our clock when a node has confirmed a job; a SharedJobCluster has
        # the time of the scheduler's clock.
        self._notes_start = not isinstance(cluster, SharedJobCluster)
        # By the _uid of live jobs whose arguments were reported: when their node had confirmed
        # them, by our clock, or 0.
        self._confirmed_at: dict[int, float] = {}
        # By the _uid of live jobs: the code that is sent with them, if any.
        self._own_code: dict[int, str] = {}

    def _queued(self, _status: int, _node: Any, job: Any, _now: float) -> ParsedReport:
        uid, submitted_at = job._uid, job.submit_time
        live = _original(job)
        sent = getattr(job, "_dispy_job_", None)
        pinned = getattr(sent, "pinned", None)
        if pinned is not None:
            self.queue.pinned[uid, submitted_at] = pinned
        self._note_code(uid, sent)
        deferred: DeferredTexts = []
        job_id = self._texts.id_of(live, deferred)
        args, kwargs = self._texts.arguments(job, deferred)
        self._confirmed_at[uid] = 0.0
        if self._subjects is not None:
            self._subjects.note_job((uid, submitted_at), job, live.id)
        event = _make(JobQueued, ((uid, submitted_at), submitted_at, job_id, args, kwargs, False))
        return (event, live, tuple(deferred))

    def _note_code(self, uid: int, sent: Any) -> None:
        """Note the code that is sent with a job: once it has ended, dispy has it no longer."""
        code = getattr(sent, "code", None)
        if code:
            self._own_code[uid] = code

    def requeued(self, job: Any, now: float) -> ParsedReport:
        """Return the event that *job* is back in the queue."""
        if job._uid in self._confirmed_at:
            self._confirmed_at[job._uid] = 0.0
        live = _original(job)
        deferred: DeferredTexts = []
        event = events.JobQueued(
            job_key(job), now, self._texts.id_of(live, deferred), None, None, True
        )
        return (event, live, tuple(deferred))

    def _started(self, _status: int, node: Any, job: Any, now: float) -> ParsedReport:
        uid, submitted_at = job._uid, job.submit_time
        confirmed_at = self._confirmed(node, job, now)
        known = uid in self._confirmed_at
        self._confirmed_at[uid] = confirmed_at
        live = _original(job)
        if self._subjects is not None:
            self._subjects.note_job((uid, submitted_at), job, live.id)
        deferred: DeferredTexts = []
        job_id = self._texts.id_of(live, deferred)
        args = kwargs = None
        if not known:  # it was submitted before watching began
            self._note_code(uid, getattr(job, "_dispy_job_", None))
            args, kwargs = self._texts.arguments(job, deferred)
        event = _make(
            JobStarted,
            (
                (uid, submitted_at),
                confirmed_at,
                submitted_at,
                name_text(node.ip_addr if node is not None else job.ip_addr),
                job_id,
                args,
                kwargs,
            ),
        )
        return (event, live, tuple(deferred))

    def _confirmed(self, node: Any, job: Any, now: float) -> float:
        """Return when, by our clock, the node had confirmed a running job."""
        if self._notes_start:
            return min(now, valid_time(job.start_time, now))
        return received_at(node, 0.0, now)

    def _progressed(self, _status: int, node: Any, job: Any, now: float) -> ParsedReport:
        live = _original(job)
        deferred: DeferredTexts = []
        text = self._texts.text("provisional_result", job.result, deferred)
        where = node.ip_addr if node is not None else job.ip_addr
        event = events.JobProgressed(
            job_key(job),
            # By now, its start is a time of the node's clock.
            self._confirmed_at.get(job._uid) or now,
            job.submit_time,
            name_text(where) if where else None,
            self._texts.id_of(live, deferred),
            text,
        )
        return (event, live, tuple(deferred))

    def _given_up(self, status: int, node: Any, job: Any, now: float) -> ParsedReport:
        if job.status == _CREATED:
            return self.requeued(job, now)
        return self._ended(status, node, job, now)

    def _ended(self, status: int, node: Any, job: Any, now: float) -> ParsedReport:
        return self.ended(END_STATES[status], node, job, now)

    def ended(self, state: EndState, node: Any, job: Any, now: float) -> ParsedReport:
        """Return the event that *job* ended in *state*, with its result and its output."""
        deferred: DeferredTexts = []
        uid, submitted_at = job._uid, job.submit_time
        where = node.ip_addr if node is not None else job.ip_addr
        if self._subjects is not None:
            self._subjects.note_job((uid, submitted_at), job, job.id, ended=True)
        began_at, over_at = self._span(state, node, job, now)
        result, stdout, stderr, exception = job.result, job.stdout, job.stderr, job.exception
        own_code = self._own_code.pop(uid, None) if self._own_code else None
        if type(exception) is str:
            exception = self._code.with_lines(exception, own_code)
        event = _make(
            JobEnded,
            (
                (uid, submitted_at),
                over_at,
                submitted_at,
                began_at,
                name_text(where) if where else None,
                state,
                self._texts.id_of(job, deferred),
                # Functions without a result return None, which is not worth showing.
                None if result is None else self._texts.text("result", result, deferred),
                self._texts.output("stdout", stdout, deferred) if stdout else None,
                self._texts.output("stderr", stderr, deferred) if stderr else None,
                self._texts.output("exception", exception, deferred) if exception else None,
            ),
        )
        return (event, None, tuple(deferred))

    def _span(self, state: str, node: Any, job: Any, now: float) -> tuple[float | None, float]:
        """Return when, by our clock, the last run of a job began and ended."""
        confirmed_at = self._confirmed_at.pop(job._uid, 0.0)
        where = job.ip_addr if node is None else node.ip_addr
        ended_at = valid_time(job.end_time, 0.0)
        if not where or not ended_at or state in ("cancelled", "abandoned"):
            # No node reported it, so only dispy's own note of its start is known.
            began_at = confirmed_at
            if not began_at and self._notes_start:
                began_at = valid_time(job.start_time, 0.0)
            return began_at if 0.0 < began_at <= now else None, now
        return self._nodes.clocks.run(
            where,
            valid_time(job.start_time, 0.0),
            ended_at,
            submitted_at=job.submit_time,
            confirmed_at=confirmed_at,
            received_at=received_at(node, confirmed_at, now),
        )


JOB_READERS: Final[dict[int, Callable[[JobReports, int, Any, Any, float], ParsedReport]]] = {
    _CREATED: JobReports._queued,
    _RUNNING: JobReports._started,
    _PROVISIONAL: JobReports._progressed,
    _ABANDONED: JobReports._given_up,
    **dict.fromkeys(END_STATES.keys() - {_ABANDONED}, JobReports._ended),
}
"""The readers of job reports by status, called with (reports, status, node, job, now)."""


def _original(job: Any) -> Any:
    """Return the user's own job for the copy that a callback gets.

    It has the id that was set after submitting, and its status keeps changing; dispy holds it while
    it is queued or runs.
    """
    try:
        original = job._dispy_job_.job
    except AttributeError:  # dispy has dropped the job, or it is not dispy's
        return job
    return job if original is None else original
