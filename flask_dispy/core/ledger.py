"""The jobs of one cluster, and their counts.

A counter changes only when a job is added or changes its state, in :meth:`Ledger.new` and
:meth:`Ledger.move`, so the counts always match the jobs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from .events import JobKey, JobState
from .jobs import ENDED_STATES, JOB_STATES, Job, Rerun
from .search.blocks import JobBlock, JobBlocks
from .textbudget import TextBudget

__all__ = ["Ledger"]

# At least this many ended jobs are remembered by their keys, so that an end which dispy reports
# twice, or late, is recognised even if few jobs are kept.
_LEAST_REMEMBERED: Final = 10_000


class Ledger:
    """All queued and running jobs, and the latest ended ones.

    :param serials: yields serial numbers, which are never reused.
    :param history_limit: how many ended jobs are kept.
    :param text_budget: counts the texts of ended jobs.

    ``jobs`` is ordered by serial number, ``running`` by start. ``named`` has all jobs that are kept
    or remembered, by key. ``bound`` has the address of the node that is gone, by serial number, for
    queued jobs that are bound to such a node. ``rerun`` has the serial numbers of the jobs that
    were run again. Counters: ``counts`` (jobs by state), ``failed`` (terminated by an error),
    ``evicted`` (ended jobs no longer kept), ``before_watching`` (jobs submitted before watching
    began and not reported since).
    """

    def __init__(self, serials: Iterator[int], history_limit: int, text_budget: TextBudget) -> None:
        self.counts: dict[JobState, int] = dict.fromkeys(JOB_STATES, 0)
        self.failed = 0
        self.evicted = 0
        self.before_watching = 0
        self.history_limit = history_limit
        self.jobs: dict[int, Job] = {}
        self.running: dict[int, Job] = {}
        # The sum of their starts in microseconds: whole, so that it never drifts.
        self._starts_us = 0
        self.named: dict[JobKey, Job] = {}
        self.bound: dict[int, str] = {}
        self.rerun: set[int] = set()
        self._serials = serials
        self._text_budget = text_budget
        self._history: deque[Job] = deque()
        # The keys of evicted jobs that are remembered.
        self._forgotten: deque[JobKey] = deque()
        self._forgotten_limit = max(0, _LEAST_REMEMBERED - history_limit)
        self._pending_counted_at = 0.0
        self._blocks = JobBlocks()
        self._texts_dropped = self._blocks.forget

    @property
    def submitted(self) -> int:
        """Jobs that were submitted while watching."""
        return sum(self.counts.values())

    @property
    def pending(self) -> int:
        """Jobs that were submitted while watching and have not ended."""
        return self.counts["queued"] + self.counts["running"]

    @property
    def done(self) -> int:
        """Jobs that ended in any way."""
        return self.submitted - self.pending

    @property
    def retained(self) -> int:
        """Ended jobs that are kept."""
        return len(self._history)

    def running_sec(self, now: float) -> float:
        """Return how long the running jobs have run, added up."""
        return max(0.0, len(self.running) * now - self._starts_us / 1e6)

    def as_dict(self) -> dict[str, int]:
        """Return the summary's ``jobs``."""
        counts: dict[str, int] = {"submitted": self.submitted}
        counts.update((str(state), count) for state, count in self.counts.items())
        return counts | {
            "failed": self.failed,
            "done": self.done,
            "pending": self.pending + self.before_watching,
            "before_watching": self.before_watching,
        }

    def ended(self) -> list[Job]:
        """Return the ended jobs that are kept."""
        return list(self._history)

    def blocks(self) -> list[JobBlock]:
        """Return all jobs, in blocks to be searched."""
        return self._blocks.of(self.jobs)

    def invalidate_blocks(self, serials: Iterable[int]) -> None:
        """Note that ended jobs are new, or changed, since a search may have seen them."""
        self._blocks.forget(serials)

    def live_keys(self) -> set[JobKey]:
        """Return the keys of the jobs that have not ended. The caller keeps folds out."""
        return {job.key for job in self.jobs.values() if job.state not in ENDED_STATES}

    def new(
        self, key: JobKey, submitted_at: float, job_id: str, args: str | None, kwargs: str | None
    ) -> Job:
        """Add a new job, as queued."""
        serial = next(self._serials)
        job = self.named[key] = self.jobs[serial] = Job(
            serial, key, submitted_at, job_id, args, kwargs
        )
        self.counts["queued"] += 1
        if self.before_watching and submitted_at <= self._pending_counted_at:
            self.before_watching -= 1
        return job

    def count_pending(self, pending: int, at: float) -> None:
        """Note that dispy has *pending* jobs at *at*: unknown ones were there before watching."""
        self.before_watching = max(0, pending - self.pending)
        self._pending_counted_at = at

    def bind(self, bound: Iterable[tuple[JobKey, str]]) -> None:
        """Note which jobs are bound to a node that is gone, if they are still queued."""
        jobs = ((self.named.get(key), ip_addr) for key, ip_addr in bound)
        self.bound = {job.serial: ip for job, ip in jobs if job and job.state == "queued"}

    def note_rerun(self, job: Job) -> None:
        """Note that a job was run again."""
        before = job.rerun or Rerun()
        job.rerun = before._replace(times=before.times + 1)
        self.rerun.add(job.serial)

    def move(self, job: Job, state: JobState) -> None:
        """Move a job to *state*."""
        before = job.state
        if before == state:
            return
        self.counts[before] -= 1
        self.counts[state] += 1
        job.state = state
        if self.bound and before == "queued":
            self.bound.pop(job.serial, None)
        if before == "running":
            del self.running[job.serial]
            self._starts_us -= _start_us(job)
        elif state == "running":
            self.running[job.serial] = job
            self._starts_us += _start_us(job)
        if state in ENDED_STATES:
            if before not in ENDED_STATES:
                self._end(job)
        elif before in ENDED_STATES:
            self._revive(job)

    def _end(self, job: Job) -> None:
        self._history.append(job)
        while len(self._history) > self.history_limit:
            self._forget(self._history.popleft())

    def _forget(self, job: Job) -> None:
        self.evicted += 1
        self._text_budget.forget(job)
        self.rerun.discard(job.serial)
        del self.jobs[job.serial]
        if self._blocks.known:  # most clusters are never searched
            self._blocks.forget((job.serial,))
        if not self._forgotten_limit:
            self.named.pop(job.key, None)
            return
        # An abandoned job may come back, with all that was known of it.
        if job.state != "abandoned":
            self.named[job.key] = job.forgotten()
        self._forgotten.append(job.key)
        while len(self._forgotten) > self._forgotten_limit:
            self.named.pop(self._forgotten.popleft(), None)

    def _revive(self, job: Job) -> None:
        """Restore an abandoned job that runs again."""
        self._text_budget.forget(job)
        if job.serial in self.jobs:
            self._history.remove(job)
        else:
            self._forgotten.remove(job.key)
            self.evicted -= 1
            self.jobs[job.serial] = job
            self._list_if_rerun(job)
            self._sort()

    def _list_if_rerun(self, job: Job) -> None:
        if job.rerun is not None and job.rerun.times:
            self.rerun.add(job.serial)

    def _sort(self) -> None:
        self.jobs = dict(sorted(self.jobs.items()))
        self._blocks.forget()

    def note_texts(self, job: Job) -> None:
        """Count the texts of a job that has ended, or whose texts have changed since."""
        self._text_budget.note(job, self._texts_dropped)

    def forget_texts(self) -> None:
        """Count the texts of the ended jobs no longer, because the whole cluster is dropped."""
        for job in self._history:
            self._text_budget.forget(job)

    def release(self, jobs: list[Job]) -> None:
        """Remove jobs, because another ledger adopts them."""
        for job in jobs:
            self.counts[job.state] -= 1
            self.failed -= job.failed
            self.jobs.pop(job.serial, None)
            if self.running.pop(job.serial, None) is not None:
                self._starts_us -= _start_us(job)
            self.bound.pop(job.serial, None)
            self.rerun.discard(job.serial)
            self.named.pop(job.key, None)
        gone = {job.serial for job in jobs}
        self._blocks.forget(gone)
        self._history = deque(job for job in self._history if job.serial not in gone)

    def adopt(self, jobs: list[Job]) -> None:
        """Add jobs that another ledger released, as they are."""
        for job in jobs:
            self.counts[job.state] += 1
            self.failed += job.failed
            self.jobs[job.serial] = self.named[job.key] = job
            self._list_if_rerun(job)
        self._sort()
        for job in jobs:
            if job.state in ENDED_STATES:
                self._end(job)
            if job.state == "running":
                self.running[job.serial] = job
                self._starts_us += _start_us(job)
        self.running = dict(sorted(self.running.items(), key=_by_start))


def _start_us(job: Job) -> int:
    return round((job.started_at or 0.0) * 1e6)


def _by_start(entry: tuple[int, Job]) -> float:
    return entry[1].started_at or 0.0
