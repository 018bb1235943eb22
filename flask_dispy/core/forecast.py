"""When a run will be done: what is left of its jobs, over the CPUs that may run them.

Nothing here asks a clock or draws a random number: the same facts give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

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
    del now  # the ages were taken at it
    running = sum(count for _, count in ages)
    if not queued and not running:
        return Forecast(0.0, 0.0, 0.0, "good")
    usual_sec = durations.mean_sec()
    p95_sec = durations.p95_sec()
    if usual_sec is None or p95_sec is None or (queued and cpus <= 0):
        return None
    left_sec = sum(max(usual_sec - age, age / 4) * count for age, count in ages)
    at_once = max(1, min(cpus, queued + running)) if queued else running
    bulk_sec = (left_sec + queued * usual_sec) / at_once
    longest_sec = max((max(usual_sec - age, age / 4) for age, _ in ages), default=0.0)
    eta_sec = max(bulk_sec, longest_sec)
    sure = durations.count >= _ENOUGH_JOBS
    return Forecast(eta_sec, eta_sec * 0.7, eta_sec * 1.3 + p95_sec, "good" if sure else "low")
