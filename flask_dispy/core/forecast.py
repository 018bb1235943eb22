"""When a run will be done: what is left of its jobs, over the CPUs that may run them.

Nothing here asks a clock or draws a random number: the same facts give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import hypot, log
from typing import Final

from .drain import Known, Plan, known_of, planned
from .durations import Durations
from .jobs import Job
from .progress import Confidence

__all__ = ["Ages", "Forecast", "ages_of", "forecast"]

Ages = Sequence[tuple[float, int]]
"""Seconds that jobs have run, longest first, each with how many jobs it stands for."""

# Running jobs whose age is looked at from either end: the oldest decide the tail. Between them
# ages are taken to fall evenly, so that 100,000 running jobs cost no more than 1,000.
_LOOKED_AT: Final = 256
_BETWEEN: Final = 64

# Jobs that must have ended before a forecast is called a good one.
_ENOUGH_JOBS: Final = 20

# One in ten lies further than so many standard deviations above the mean.
_ONE_IN_TEN: Final = 1.28

# The range is made so much wider than the model has it, because no model is right.
_DOUBT: Final = 1.0
_HALVINGS: Final = 9

# However doubtful it is, it will not be done in a smaller share of the time.
_LEAST_EARLY: Final = 0.3


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds until all that was submitted is done.

    With a probability of 80 % it will take between ``early_sec`` and ``late_sec``.
    """

    eta_sec: float
    early_sec: float
    late_sec: float
    confidence: Confidence


def ages_of(running: dict[int, Job], now: float) -> list[tuple[float, int]]:
    """Return how long the jobs of *running*, which are in the order they started, have run."""
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
    return 0.0 if job.started_at is None else max(0.0, now - job.started_at)


def forecast(
    durations: Durations, *, queued: int, ages: Ages, cpus: int, now: float
) -> Forecast | None:
    """Return when *queued* jobs and those that run will be done, ``None`` if nobody can say.

    :param durations: how long the cluster's jobs took.
    :param queued: jobs that wait and can go on; those that cannot are left out by the caller.
    :param ages: of the running jobs, from :func:`ages_of`.
    :param cpus: CPUs that may run the queued jobs, those that run some now included.
    :param now: epoch seconds.
    """
    running = sum(count for _, count in ages)
    if not queued and not running:
        return Forecast(0.0, 0.0, 0.0, "good")
    if not durations.count or (queued and cpus <= 0):
        return None
    known = known_of(durations, ages, cpus, now)
    plan = planned(known, queued=queued, cpus=max(1, cpus))
    confidence: Confidence = "good" if durations.count >= _ENOUGH_JOBS else "low"
    return Forecast(*_range(known, plan), confidence)


def _range(known: Known, plan: Plan) -> tuple[float, float, float]:
    """Return the median, the 10th and the 90th percentile of the seconds that are left.

    What is known to the tail is one part of the doubt, how far off the queue's work may be
    another; they are taken to have nothing to do with each other.
    """
    median = _done_at(known, plan, 0.5, 0.0, plan.most_sec)
    early = _done_at(known, plan, 0.1, 0.0, median)
    late = _done_at(known, plan, 0.9, median, plan.most_sec)
    doubt = _ONE_IN_TEN * plan.doubt_sec
    eta_sec = plan.bulk_sec + median
    early_sec = eta_sec - _DOUBT * hypot(median - early, doubt)
    late_sec = eta_sec + _DOUBT * hypot(late - median, doubt)
    return eta_sec, max(_LEAST_EARLY * eta_sec, early_sec), late_sec


def _done_at(known: Known, plan: Plan, share: float, least: float, most: float) -> float:
    """Return the seconds, after the bulk, by which all is done with that probability."""
    wanted = -log(share)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        if plan.undone(known, middle) > wanted:
            least = middle
        else:
            most = middle
    return (least + most) / 2
