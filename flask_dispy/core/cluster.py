"""The state of one cluster: a pure fold of the events that dispy sends.

A job's state decides every counter: a counter moves when a job moves from one state to another,
never because a report arrived. So duplicate, reordered and missing reports cannot unbalance them:

    submitted = queued + running + finished + terminated + cancelled + abandoned

holds after every event. Nothing here reads a clock or takes a lock; the hub's lock guards it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Final

from . import events
from .comparison import Comparison
from .durations import Durations
from .errorkinds import ErrorKinds
from .failurewindow import FailureWindow
from .jobfold import JOB_EVENTS, JobFold
from .jobs import ENDED_STATES, ForgottenJob, Job, Rerun
from .journal import Journal
from .ledger import Ledger
from .meter import CpuHourPrice, Usage
from .milestones import Milestones
from .offers import Offers
from .outlook import Outlook
from .prospects import ALONE, Prospects, Surroundings
from .roster import Roster
from .series import Sample, Series
from .tallies import Tallies
from .textbudget import TextBudget
from .whatif import Backlog

__all__ = ["ClusterState"]


class ClusterState:
    """What is known of one cluster.

    :param name: the name it is shown under.
    :param started_at: when watching began, in epoch seconds.
    :param serials: yields the serial numbers of jobs, shared by all clusters.
    :param history_limit: how many ended jobs are kept; queued and running ones always are.
    :param kind: the kind of dispy cluster, shown to readers.
    :param function: what its jobs compute, if not *name*.
    :param tags: what its program marked it with.
    :param offer_numbers: yields the numbers of offers, shared by all clusters.
    :param entry_numbers: yields those of the journal's entries, shared by all clusters.
    :param price: what CPU time costs, ``None`` if that is not known.
    :param stall_sec: running jobs are called stuck no sooner than this after the last end.
    :param busy_grace_sec: how long jobs wait before they are said to.
    :param overdue_sec: how long an offered node may take to join.
    :param failure_window: finds out when many jobs fail.
    :param text_budget: counts the texts of ended jobs, of all clusters that share it.
    """

    def __init__(
        self,
        name: str,
        started_at: float,
        *,
        serials: Iterator[int],
        history_limit: int,
        kind: str = "JobCluster",
        function: str | None = None,
        tags: tuple[str, ...] = (),
        stall_sec: float = 60.0,
        busy_grace_sec: float = 3.0,
        overdue_sec: float = 30.0,
        offer_numbers: Iterator[int] | None = None,
        entry_numbers: Iterator[int] | None = None,
        price: CpuHourPrice | None = None,
        failure_window: FailureWindow | None = None,
        text_budget: TextBudget | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.tags = tags
        self.started_at = started_at
        self.closed_at: float | None = None
        self.text_budget = text_budget or TextBudget()
        self.ledger = Ledger(serials, history_limit, self.text_budget)
        self.journal = Journal(entry_numbers or itertools.count(1))
        self.roster = Roster(self.journal, started_at, price=price)
        self.offers = Offers(offer_numbers or itertools.count(1), overdue_sec=overdue_sec)
        self.nodes: Final = self.roster.nodes
        self.series = Series(started_at)
        self.durations = Durations()
        self.tallies = Tallies(self.nodes)
        self.comparison = Comparison(self.nodes, self.tallies)
        self.error_kinds = ErrorKinds(function or name, started_at)
        self.prospects = Prospects(
            self.ledger,
            self.roster,
            self.durations,
            stall_sec=stall_sec,
            busy_grace_sec=busy_grace_sec,
        )
        self.milestones = Milestones(self.journal, self.ledger)
        self.jobs = JobFold(
            self.ledger,
            self.roster,
            self.tallies,
            self.error_kinds,
            self.prospects,
            self.journal,
            failure_window or FailureWindow(),
        )
        # For the history: jobs that ended, or whose end changed, since changes were last published.
        self.dirty_ends = self.jobs.ends
        self.dirty = True
        # Grows with every change of a job's row, so that readers ask for rows only then.
        self.job_changes = 0
        self._pace: tuple[object, ...] = ()

    # -- folding -----------------------------------------------------------------------------

    def apply(self, event: events.Event) -> Job | None:
        """Apply one event; return the job that it is about, ``None`` if it is about none."""
        self.dirty = True
        kind = type(event)
        fold = JOB_EVENTS.get(kind)
        if fold is None:
            _OTHER_EVENTS[kind](self, event)
            return None
        job = fold(self.jobs, event)
        if job is not None:
            self.job_changes += 1
            if job.state in ENDED_STATES and type(job) is not ForgottenJob:
                self.dirty_ends[job.serial] = job
        return job

    def _node_values(self, event: events.NodeValues) -> None:
        node = self.nodes.get(event.ip_addr)
        if node is not None:
            node.columns = event.values
            self.roster.changed(node)

    def _node_seen(self, event: events.NodeSeen) -> None:
        self.roster.see(event, self.started_at)

    def _node_closed(self, event: events.NodeClosed) -> None:
        ip_addr, at, why = event
        jobs_wait = self.ledger.counts["queued"] + self.ledger.before_watching > 0
        self.roster.leave(ip_addr, at, why, jobs_wait=jobs_wait)

    def _pending_counted(self, event: events.PendingCounted) -> None:
        self.ledger.count_pending(event.pending, event.at)

    def _queue_seen(self, event: events.QueueSeen) -> None:
        self.ledger.bind(event.bound)
        self.prospects.full = event.full

    def _closed(self, event: events.WatchingEnded) -> None:
        if self.closed_at is None:
            self.closed_at = event.at
            self.milestones.close(event.at, self.prospects.ended_at)
            for ip_addr in list(self.nodes):
                self.roster.leave(ip_addr, event.at, "ended")

    def end_watching(self) -> None:
        """Note that nothing more will be known."""
        self.milestones.note_if_done(self.prospects.ended_at)
        self.dirty = True

    # -- jobs --------------------------------------------------------------------------------

    def release(self, jobs: list[Job]) -> None:
        """Remove jobs, because another cluster adopts them."""
        self.jobs.release(jobs)
        self.jobs_changed()

    def adopt(self, jobs: list[Job]) -> None:
        """Add jobs that another cluster released, or that a history kept."""
        self.jobs.adopt(jobs)
        self.jobs_changed()

    def note_rerun(self, serial: int) -> None:
        """Note that a job was run again."""
        job = self.ledger.jobs.get(serial)
        if job is not None:
            self.ledger.note_rerun(job)
            self._relate(job)

    def relate(self, serial: int, *, of: int | None = None, latest: int | None = None) -> None:
        """Note which job another was made from by running it again; see :class:`.jobs.Rerun`."""
        job = self.ledger.jobs.get(serial)
        if job is not None:
            known = job.rerun or Rerun()
            job.rerun = known._replace(of=of or known.of, latest=latest or known.latest)
            self._relate(job)

    def _relate(self, job: Job) -> None:
        if job.state in ENDED_STATES:
            self.dirty_ends[job.serial] = job
        self.jobs_changed()

    def awaits_text(self, serial: int) -> bool:
        """Whether a text of that job is of use: it is kept, or its error is still to be counted."""
        return serial in self.ledger.jobs or serial in self.error_kinds.unread

    def jobs_changed(self) -> None:
        """Note that rows of jobs changed."""
        self.job_changes += 1
        self.dirty = True

    # -- nodes and time ----------------------------------------------------------------------

    def drop_node(self, ip_addr: str) -> None:
        """Forget a node that turned out to be another cluster's."""
        self.roster.drop(ip_addr)
        self.dirty = True

    def mark_silent(self, now: float, pulse_sec: float | None, update_sec: float) -> None:
        """Mark nodes as silent; see :meth:`~flask_dispy.core.roster.Roster.mark_silent`."""
        jobs_wait = self.ledger.counts["queued"] > 0
        if self.roster.mark_silent(now, pulse_sec, update_sec, jobs_wait=jobs_wait):
            self.dirty = True

    def refresh_pace(self, now: float, around: Surroundings = ALONE) -> None:
        """Mark the summary as changed if time alone changed it: a stalled run slows down."""
        self.durations.watch(
            now,
            queued=self.ledger.counts["queued"] - len(self.ledger.bound),
            cpus=self.roster.census.cpus,
        )
        ledger = self.ledger
        none_left = self.closed_at is not None or not ledger.pending + ledger.before_watching
        for node in self.comparison.refresh(none_left=none_left):
            self.roster.changed(node)
            self.dirty = True
        found = self.outlook(now, around)
        self.journal.now = now
        if self.closed_at is None:
            self.milestones.note(found, now, self.prospects.ended_at)
        pace = (
            round(self.series.jobs_per_sec(now), 3),
            len(self.stragglers(now)),
            found.key,
            self.journal.latest,
        )
        if pace != self._pace:
            self._pace = pace
            self.dirty = True

    # -- reading -----------------------------------------------------------------------------

    def cpus_busy(self) -> int:
        """Return the number of running jobs: dispy's own count is wrong after faults.

        It is 0 for a closed cluster, because dispy reports no end of the jobs that ran then.
        """
        return self.ledger.counts["running"] if self.closed_at is None else 0

    def sample(self) -> Sample:
        """Return the figures that the time series keep."""
        return Sample(
            done=self.ledger.done,
            failed=self.ledger.failed,
            queued=self.ledger.counts["queued"] + self.ledger.before_watching,
            running=self.ledger.counts["running"],
            cpus_busy=self.cpus_busy(),
            cpus_total=self.roster.census.cpus,
        )

    def take_sample(self, now: float) -> None:
        """Note the figures of this moment, and that time has passed."""
        self.roster.meter.pass_time(now)
        self.roster.loads.sample(now)
        self.series.add(now, self.sample())

    def usage(self, now: float) -> Usage:
        """Return what became of the nodes' CPU time until now, or until the cluster was closed."""
        meter, total = self.roster.meter, self.tallies.total
        until = now if self.closed_at is None else min(now, self.closed_at)
        priced = self.roster.price is not None
        return Usage(
            meter.offered_sec,
            total.used_sec + self.ledger.running_sec(until),
            total.lost_sec,
            meter.money if priced else None,
            meter.per_hour if priced else None,
        )

    def stragglers(self, now: float) -> list[Job]:
        """Return the running jobs that take far longer than this cluster's jobs usually do."""
        if self.closed_at is not None:
            return []
        return self.durations.stragglers(self.ledger.running.values(), now)

    def outlook(self, now: float, around: Surroundings = ALONE) -> Outlook:
        """Return how the cluster's jobs are getting on, without the time that is left."""
        return self.prospects.outlook(
            now,
            around,
            is_open=self.closed_at is None,
            is_shared=self.kind == "SharedJobCluster",
        )

    def backlog(self, now: float, around: Surroundings = ALONE) -> Backlog | None:
        """Return what is to be done yet, as a copy; ``None`` if nothing is."""
        found = self.outlook(now, around)
        if found.state == "done":
            return None
        blocked = "" if found.needs_cpus else found.message
        return self.prospects.backlog(now, around, blocked)


_OTHER_EVENTS: Final[dict[type, Callable[[ClusterState, Any], None]]] = {
    events.NodeSeen: ClusterState._node_seen,
    events.NodeValues: ClusterState._node_values,
    events.NodeClosed: ClusterState._node_closed,
    events.PendingCounted: ClusterState._pending_counted,
    events.QueueSeen: ClusterState._queue_seen,
    events.WatchingEnded: ClusterState._closed,
}
