"""How the events of jobs are folded: a move of a job from one state to another decides the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from . import events
from .errorkinds import ErrorKinds
from .events import JobState
from .failurewindow import FailureWindow
from .jobs import ENDED_STATES, Job, Output
from .journal import Journal
from .ledger import Ledger
from .prospects import Prospects
from .roster import Roster
from .tallies import Tallies

__all__ = ["JOB_EVENTS", "JobFold"]


@dataclass(eq=False)
class JobFold:
    """Folds the events of one cluster's jobs into the parts of its state.

    ``ends`` are the jobs that ended, or whose end changed, since changes were last published.
    """

    ledger: Ledger
    roster: Roster
    tallies: Tallies
    error_kinds: ErrorKinds
    prospects: Prospects
    journal: Journal
    failure_window: FailureWindow
    ends: dict[int, Job] = field(default_factory=dict)

    # Events are unpacked in one step: reading a single field by name takes as long.

    def queued(self, event: events.JobQueued) -> Job:
        key, at, job_id, args, kwargs, requeued = event
        job = self.ledger.named.get(key)
        if job is None:
            return self.ledger.new(key, at, job_id, args, kwargs)
        if requeued and job.state in ("running", "abandoned", "queued"):
            self._requeue(job, at)
        self._describe(job, job_id, args, kwargs)
        return job

    def _requeue(self, job: Job, at: float) -> None:
        if job.state == "running":
            self.tallies.count_lost_attempt(job, at)
        if job.started_at is not None:
            past = job.past = job.past or []
            past.append(("running", job.started_at, job.node))
            past.append(("abandoned", at, job.node))
            past.append(("queued", at, None))
            del past[:-30]
            self.roster.note_abandoned(job.node, at)
        self._move(job, "queued")
        job.node = job.started_at = job.ended_at = None
        job.haystack = None

    def started(self, event: events.JobStarted) -> Job:
        key, at, submitted_at, node, job_id, args, kwargs = event
        ledger = self.ledger
        job = ledger.named.get(key) or ledger.new(key, submitted_at, job_id, args, kwargs)
        if job.state == "running" and job.node != node:
            self._requeue(job, at)  # dispy did not report why it left the first node
        if job.state in ("queued", "abandoned"):
            self._run(job, node, at)
            self._describe(job, job_id, args, kwargs)
        return job

    def progressed(self, event: events.JobProgressed) -> Job:
        ledger = self.ledger
        job = ledger.named.get(event.key) or ledger.new(
            event.key, event.submitted_at, event.id, None, None
        )
        if job.state == "queued" and event.node is not None:
            self._run(job, event.node, event.at)
        if job.state == "running":
            job.output = job.output or Output()
            job.output.provisional_result = event.provisional_result
        return job

    def ended(self, event: events.JobEnded) -> Job:
        (key, at, submitted_at, started_at, node, state, job_id,
         result, stdout, stderr, exception) = event  # fmt: skip
        ledger = self.ledger
        job = ledger.named.get(key) or ledger.new(key, submitted_at, job_id, None, None)
        # An abandoned job may be reported again; every other end is final.
        if job.state in ENDED_STATES and (job.state != "abandoned" or state == "abandoned"):
            return job
        elsewhere = job.state == "running" and node not in (None, job.node)
        # Without a start, the address may be the scheduler's own: when dispy cancels, or quits.
        if elsewhere and started_at is not None and state != "cancelled":
            self._requeue(job, started_at)  # dispy did not report why it left the first node
        if job.state == "abandoned":
            self.tallies.note(job, -1)
        job.ended_at = at
        self._keep_output(job, result, stdout, stderr, exception)
        self._move(job, state)
        self._note_run(job, state, node, started_at)
        ledger.failed += job.failed
        self.prospects.note_end(job)
        self.tallies.note(job)
        if job.failed:
            self.error_kinds.note(job, ended=ledger.done, since=self.prospects.first_ended_at)
            self._log_if_new(job.error_kind)
        if job.failed or state == "finished":
            self._log_if_failing_or_recovered(at, failed=job.failed)
        if state == "abandoned":
            self.roster.note_abandoned(job.node, at)
        job.id = job_id
        job.haystack = None
        job.texts_dropped = ()
        if job.serial in ledger.jobs:
            ledger.note_texts(job)
        return job

    @staticmethod
    def _keep_output(
        job: Job, result: str | None, stdout: str | None, stderr: str | None, exception: str | None
    ) -> None:
        # The output of an earlier end, of a job that was abandoned, is replaced.
        if job.output is not None:
            job.output = Output(result, stdout, stderr, exception, job.output.provisional_result)
        elif not (result is stdout is stderr is exception is None):
            job.output = Output(result, stdout, stderr, exception)

    @staticmethod
    def _note_run(job: Job, state: JobState, node: str | None, started_at: float | None) -> None:
        """Note where and when the job ran: its end may be the first report of it."""
        if state == "cancelled":
            return
        if started_at is None:
            job.node = job.node or node
            return
        if job.started_at is None:
            job.attempts += 1
        job.started_at = started_at
        job.node = node or job.node

    def text(self, event: events.JobText) -> Job | None:
        job = self.ledger.jobs.get(event.serial)
        kind = None
        if event.field == "exception":  # counted even if the history has dropped the job
            kind = self.error_kinds.count_text(event.serial, event.text)
            self._log_if_new(kind)
        if job is None:
            return None
        if event.field in Output.__slots__:
            # The report that it belongs to left a placeholder, unless that report was ignored.
            if job.output is None or getattr(job.output, event.field) is None:
                return job
            setattr(job.output, event.field, event.text)
            job.error_kind = kind or job.error_kind
        else:
            setattr(job, event.field, event.text)
        job.haystack = None
        if job.state in ENDED_STATES:
            self.ledger.note_texts(job)
        return job

    def _log_if_new(self, id_: str | None) -> None:
        """Give the journal a kind of error of which this is the first failure."""
        kind = self.error_kinds.kinds.get(id_ or "")
        if kind is not None and kind.count == 1:
            self.journal.add(
                "error_kind", kind.first_at, node=next(iter(kind.nodes), None), error_kind=kind.id,
                function=kind.function, type=kind.failure.type, message=kind.failure.message,
            )  # fmt: skip

    def _log_if_failing_or_recovered(self, at: float, *, failed: bool) -> None:
        window = self.failure_window
        if kind := window.note(failed=failed):
            self.journal.add(kind, at, jobs=window.jobs, failed=window.failed)

    def values(self, event: events.JobValues) -> Job | None:
        job = self.ledger.jobs.get(event.serial)
        if job is not None:
            job.columns = event.values
            job.haystack = None
        return job

    def _describe(self, job: Job, job_id: str, args: str | None, kwargs: str | None) -> None:
        """Update the id, which users often set after submitting, and the arguments."""
        job.id = job_id
        if args is not None:
            job.args = args
        if kwargs is not None:
            job.kwargs = kwargs
        job.haystack = None

    def _run(self, job: Job, ip_addr: str, at: float) -> None:
        job.started_at = at
        job.ended_at = None
        job.attempts += 1
        job.node = ip_addr
        job.haystack = None
        self._move(job, "running")

    def _move(self, job: Job, state: JobState) -> None:
        """Move a job to *state*, and keep its node's list of running jobs right."""
        if job.state == "running" and state != "running":
            self.roster.remove_running(job)
        if job.state in ENDED_STATES:
            self.ends[job.serial] = job  # an abandoned job that goes on after all
        self.ledger.move(job, state)
        if state == "running":
            self.roster.add_running(job)

    def release(self, jobs: list[Job]) -> None:
        """Remove jobs, because another cluster adopts them."""
        for job in jobs:
            self.roster.remove_running(job)
            self.ends.pop(job.serial, None)
        self.tallies.note_all(jobs, -1)
        self.error_kinds.release(jobs)
        self.ledger.release(jobs)

    def adopt(self, jobs: list[Job]) -> None:
        """Add jobs that another cluster released, or that a history kept."""
        self.ledger.adopt(jobs)
        self.tallies.note_all(jobs)
        for job in jobs:
            if job.state in ENDED_STATES:
                self.ends[job.serial] = job
                self.prospects.note_end(job)
                if job.serial in self.ledger.jobs:
                    self.ledger.note_texts(job)
            elif job.state == "running":
                self.roster.add_running(job)
            if job.failed:
                self.error_kinds.note(job)
                self._log_if_new(job.error_kind)


JOB_EVENTS: Final[dict[type, Callable[[JobFold, Any], Job | None]]] = {
    events.JobQueued: JobFold.queued,
    events.JobStarted: JobFold.started,
    events.JobProgressed: JobFold.progressed,
    events.JobEnded: JobFold.ended,
    events.JobText: JobFold.text,
    events.JobValues: JobFold.values,
}
"""What folds each kind of a job's events; it returns the job, ``None`` if that is gone."""
