"""When a run will be done: the work that is left, and the CPUs that may do it.

Nothing here reads a clock or draws a random number: the same facts give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import hypot, log
from typing import Final, Literal

from ..durations import Durations
from ..jobs import Job
from .drain import Drain, drain_queue
from .workload import Workload, workload_of

__all__ = ["Ages", "Confidence", "Forecast", "Forecaster", "ages_of", "forecast"]

Confidence = Literal["none", "low", "good"]

Ages = Sequence[tuple[float, int]]
"""For how many seconds jobs have run, longest first, each with the number of such jobs."""

# How many ages are read from either end: the oldest jobs decide the tail. Ages between them are
# assumed to fall evenly, so that 100,000 running jobs cost no more than 1,000.
_LOOKED_AT: Final = 256
_BETWEEN: Final = 64

# A forecast takes about a millisecond, so it is reused for this long while nothing happens, and
# while jobs start and end.
_FRESH_SEC: Final = 1.0
_AT_ONCE_SEC: Final = 0.2

# A forecast is good once this many jobs have finished, unless its late bound is more than this many
# times its early one.
_ENOUGH_JOBS: Final = 20
_WIDE: Final = 2.0

# One in ten values lies further than this many standard deviations above the mean.
_ONE_IN_TEN: Final = 1.28

# The range is widened by this factor, because no model is right: found on the benchmark's tuning
# seeds, so that the range holds eight times in ten. It is wider still for CPUs that the run has not
# had so far.
_DOUBT: Final = 1.2
_DOUBT_IF_CHANGED: Final = 1.6
_HALVINGS: Final = 9


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds until all submitted jobs are done.

    With a probability of 80 %, it takes between ``early_sec`` and ``late_sec``.
    """

    eta_sec: float
    early_sec: float
    late_sec: float
    confidence: Confidence

    def after(self, sec: float) -> Forecast:
        """Return the same forecast as it reads a moment later."""
        return Forecast(
            max(0.0, self.eta_sec - sec),
            max(0.0, self.early_sec - sec),
            max(0.0, self.late_sec - sec),
            self.confidence,
        )


class Forecaster:
    """One cluster's forecasts, computed at most a few times a second.

    Guarded by the hub's lock.
    """

    __slots__ = ("_facts", "_found", "_made_at")

    def __init__(self) -> None:
        self._found: Forecast | None = None
        self._facts: tuple[int, ...] = ()
        self._made_at = 0.0

    def ask(
        self, durations: Durations, running: dict[int, Job], *, queued: int, cpus: int, now: float
    ) -> Forecast | None:
        """Return a new :func:`forecast`, or the last one if it is recent.

        :param running: the jobs that run, in the order they started.
        """
        facts = (durations.count, len(running), queued, cpus)
        since_sec = now - self._made_at
        keeps = _FRESH_SEC if facts == self._facts else _AT_ONCE_SEC
        if 0.0 < since_sec < keeps or (facts == self._facts and not since_sec):
            return self._found and self._found.after(since_sec)
        ages = ages_of(running, now)
        self._found = forecast(durations, queued=queued, ages=ages, cpus=cpus, now=now)
        self._facts, self._made_at = facts, now
        return self._found


def ages_of(running: dict[int, Job], now: float) -> list[tuple[float, int]]:
    """Return the ages of *running* jobs, which are in the order in which they started."""
    count = len(running)
    if count <= 2 * _LOOKED_AT:
        return [(_age(job, now), 1) for job in running.values()]
    oldest = [_age(job, now) for job in islice(running.values(), _LOOKED_AT)]
    newest = [_age(running[serial], now) for serial in islice(reversed(running), _LOOKED_AT)][::-1]
    between = count - 2 * _LOOKED_AT
    groups = min(_BETWEEN, between)
    step = (newest[0] - oldest[-1]) / groups
    middle = [
        (
            oldest[-1] + step * (group + 0.5),
            between * (group + 1) // groups - between * group // groups,
        )
        for group in range(groups)
    ]
    return [*((age, 1) for age in oldest), *middle, *((age, 1) for age in newest)]


def _age(job: Job, now: float) -> float:
    return job.duration_sec(now) or 0.0


def forecast(
    durations: Durations,
    *,
    queued: int,
    ages: Ages,
    cpus: int,
    now: float,
    then_cpus: int | None = None,
) -> Forecast | None:
    """Return when *queued* jobs and those that run will be done, ``None`` if nobody can say.

    :param durations: how long the cluster's jobs took.
    :param queued: jobs that wait and can go on; those that cannot are left out by the caller.
    :param ages: of the running jobs, from :func:`ages_of`.
    :param cpus: CPUs that may run the queued jobs, those that run some now included.
    :param now: epoch seconds.
    :param then_cpus: CPUs that may run them from now on, if those are not *cpus*.
    """
    then_cpus = cpus if then_cpus is None else then_cpus
    running = sum(count for _, count in ages)
    if not queued and not running:
        return Forecast(0.0, 0.0, 0.0, "good")
    if not durations.count or (queued and then_cpus <= 0):
        return None
    work = workload_of(durations, ages, cpus, now)
    drain = drain_queue(work, queued=queued, cpus=max(1, then_cpus), more=then_cpus - cpus)
    doubt = _DOUBT if then_cpus == cpus else _DOUBT_IF_CHANGED
    eta_sec, early_sec, late_sec = _range(work, drain, doubt)
    sure = durations.count >= _ENOUGH_JOBS and late_sec <= _WIDE * early_sec
    return Forecast(eta_sec, early_sec, late_sec, "good" if sure else "low")


def _range(work: Workload, drain: Drain, doubt: float) -> tuple[float, float, float]:
    """Return the median, the 10th and the 90th percentile of the seconds that are left.

    The spread of the last jobs is one part of the doubt, the error of the queue's work another;
    they are assumed to be independent.
    """
    median = _done_at(work, drain, 0.5, 0.0, drain.most_sec)
    early = _done_at(work, drain, 0.1, 0.0, median)
    late = _done_at(work, drain, 0.9, median, drain.most_sec)
    queue_sec = _ONE_IN_TEN * drain.doubt_sec
    eta_sec = drain.bulk_sec + median
    early_sec = eta_sec - doubt * hypot(median - early, queue_sec)
    late_sec = eta_sec + doubt * hypot(late - median, queue_sec)
    return eta_sec, max(early_sec, (drain.bulk_sec + early) / 2), late_sec


def _done_at(work: Workload, drain: Drain, share: float, least: float, most: float) -> float:
    """Return the seconds after the bulk by which all is done with the probability *share*."""
    wanted = -log(share)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        if drain.minus_log_done(work, middle) > wanted:
            least = middle
        else:
            most = middle
    return (least + most) / 2
