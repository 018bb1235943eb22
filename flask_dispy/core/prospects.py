"""One cluster's outlook, made from its jobs, its nodes and the other clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from .durations import Durations
from .ends import Ends
from .forecast.forecast import Confidence, Forecaster, ages_of
from .jobs import Job
from .ledger import Ledger
from .outlook import ETA_FIELDS, Memory, Outlook, Situation, outlook, with_eta
from .roster import Roster
from .whatif import Backlog

__all__ = ["ALONE", "Prospects", "Surroundings"]

# How many bound jobs are examined to name the nodes that they are bound to.
_LOOKED_AT: Final = 1_000


class Surroundings(NamedTuple):
    """What a cluster's outlook depends on beyond the cluster's own state.

    *trouble* is what is wrong with the cluster as a whole; *counted* is whether its reports arrive;
    *others_on* returns the names of other clusters whose jobs run on this one's nodes, and the
    number of those jobs.
    """

    trouble: str | None
    counted: bool
    others_on: Callable[[], tuple[Sequence[str], int]]


ALONE: Final = Surroundings(None, True, lambda: ((), 0))
"""No other cluster, and nothing wrong."""


class Prospects:
    """How one cluster's jobs are getting on. Guarded by the hub's lock.

    :param stall_sec: running jobs are called stuck no sooner than this after the last end.
    :param busy_grace_sec: how long jobs wait before they are said to.

    ``first_ended_at`` and ``ended_at`` are when a job first and last ended in any way; ``ends``
    knows those that nobody ended. ``full`` is whether dispy counts all CPUs as busy.
    """

    def __init__(
        self,
        ledger: Ledger,
        roster: Roster,
        durations: Durations,
        *,
        stall_sec: float,
        busy_grace_sec: float,
    ) -> None:
        self.ends = Ends()
        self.ended_at: float | None = None
        self.first_ended_at: float | None = None
        self.full = False
        self._ledger = ledger
        self._roster = roster
        self._durations = durations
        self._stall_sec = stall_sec
        self._busy_grace_sec = busy_grace_sec
        self._memory = Memory()
        self._forecaster = Forecaster()

    def note_end(self, job: Job) -> None:
        """Note that a job ended, and how long it took if nobody ended it."""
        ended_at, started_at = job.ended_at or 0.0, job.started_at
        if self.first_ended_at is None:
            self.first_ended_at = ended_at
        if self.ended_at is None or ended_at > self.ended_at:
            self.ended_at = ended_at
        finished = job.state == "finished"
        if started_at is not None and (finished or job.failed):
            self.ends.note(ended_at, started_at)
            if finished:
                self._durations.note(ended_at - started_at, started_at)

    def outlook(
        self, now: float, around: Surroundings, *, is_open: bool, is_shared: bool
    ) -> Outlook:
        """Return the cluster's outlook, without the time that is left."""
        ledger, census = self._ledger, self._roster.census
        running, states = ledger.running, census.states
        self._clamp_to(now)
        return outlook(
            Situation(
                now=now,
                is_open=is_open,
                counted=around.counted,
                trouble=around.trouble,
                is_shared=is_shared,
                submitted=ledger.submitted,
                jobs=ledger.as_dict,
                queued=ledger.counts["queued"],
                running=ledger.counts["running"],
                unknown=ledger.before_watching,
                bound=len(ledger.bound),
                bound_to=list(dict.fromkeys(islice(ledger.bound.values(), _LOOKED_AT))),
                known_nodes=sum(states.values()),
                there=states["up"] + states["silent"],
                lost=states["lost"],
                up=states["up"],
                cpus=census.cpus,
                ended_at=self.ended_at,
                last_end_at=self.ends.last_at,
                oldest_start_at=next((job.started_at for job in running.values()), None),
                newest_start_at=next((job.started_at for job in reversed(running.values())), None),
                p95_sec=self._durations.p95_sec(),
                usual_sec=self._durations.median_sec(),
                usual_gap_sec=self.ends.usual_gap_sec(),
                stall_sec=self._stall_sec,
                busy_grace_sec=self._busy_grace_sec,
                nodes_at_work=self._nodes_at_work,
                busy_with=lambda: self._busy_with(around),
            ),
            self._memory,
        )

    def _clamp_to(self, now: float) -> None:
        """Move later ends back to *now*: a clock that was set back would hide a stall."""
        if self.ended_at is not None:
            self.ended_at = min(self.ended_at, now)
        self.ends.clamp_to(now)

    def _nodes_at_work(self) -> list[str]:
        return list(dict.fromkeys(job.node for job in self._ledger.running.values() if job.node))

    def _busy_with(self, around: Surroundings) -> Sequence[str] | None:
        """Return the clusters that hold all CPUs, ``None`` if some CPU is free."""
        names, running = around.others_on()
        return names if self.full or (names and running >= self._roster.census.cpus) else None

    def as_dict(
        self, found: Outlook, cluster: str, now: float, around: Surroundings
    ) -> tuple[dict[str, Any], Confidence]:
        """Return the summary's ``outlook``, and how reliable its times are."""
        row = found.as_dict(cluster)
        if found.state == "done":
            return row | dict.fromkeys(ETA_FIELDS, 0.0), "good"
        if not found.has_eta:
            return row, "none"
        queued, cpus = self._to_do(around)
        expected = self._forecaster.ask(
            self._durations, self._ledger.running, queued=queued, cpus=cpus, now=now
        )
        if expected is None:
            unknown = "How long it will take is not known yet."
            return row | {"message": found.message or unknown}, "none"
        times = (expected.eta_sec, expected.early_sec, expected.late_sec)
        row |= zip(ETA_FIELDS, (round(seconds, 1) for seconds in times), strict=True)
        return row | {"message": with_eta(found.message, *times)}, expected.confidence

    def backlog(self, now: float, around: Surroundings, blocked: str) -> Backlog:
        """Return what the cluster has to do yet, and with what: a copy, for use without a lock."""
        queued, cpus = self._to_do(around)
        ages = ages_of(self._ledger.running, now)
        return Backlog(self._durations.copy(), queued, ages, cpus, now, blocked)

    def _to_do(self, around: Surroundings) -> tuple[int, int]:
        """Return how many queued jobs can start, and how many CPUs may run them."""
        ledger, cpus = self._ledger, self._roster.census.cpus
        queued = ledger.counts["queued"] + ledger.before_watching - len(ledger.bound)
        if queued and cpus:
            # Other clusters will keep as many CPUs as they use now.
            cpus = max(1, ledger.counts["running"], cpus - around.others_on()[1])
        return queued, cpus
