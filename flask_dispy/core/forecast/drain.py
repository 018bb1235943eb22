"""How a cluster's queue drains: when its jobs start, and which still run then.

Jobs are simulated in small steps, in each of which as many start as end. If the queue holds many
jobs for each CPU, only the last rounds are simulated; the rest, the *bulk*, is work divided by
CPUs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log1p, sqrt
from operator import mul
from typing import Final

from .survival import Survival
from .workload import Group, Workload

__all__ = ["Drain", "drain_queue"]

# How many rounds of the queue (jobs per CPU) are simulated, and in how many steps per mean
# duration.
_ROUNDS: Final = 4
_STEPS_A_JOB: Final = 8
_MOST_STEPS: Final = 80

# The number of age groups of the jobs that run when the bulk is done.
_AT_WORK: Final = 12

# Negligible parts of a job and probabilities; and the largest share whose logarithm is taken.
_NEGLIGIBLE: Final = 1e-4
_SURE: Final = 1.0 - 1e-9
_LEAST_SEC: Final = 1e-6

# Bounds the search for a percentile: the last job takes longer than this one time in 20.
_RARELY: Final = 0.05

# The least relative doubt, and how much it grows when as many jobs are still to be done as were
# done before. Found on the benchmark's tuning seeds, as were the constants of the trend and the
# tail.
_LEAST_DOUBT: Final = 0.02
_DRIFT: Final = 0.05
_MOST_AHEAD: Final = 3.0


@dataclass(slots=True)
class Drain:
    """A plan of what is to come: a bulk of jobs, then single starts.

    *starts* are seconds after the bulk, each with how many jobs start; *times* is the factor of
    their durations. *old* are the jobs that run when the bulk is done.
    """

    bulk_sec: float = 0.0
    doubt_sec: float = 0.0
    most_sec: float = 0.0
    times: float = 1.0
    starts: list[tuple[float, float]] = field(default_factory=list)
    old: list[Group] = field(default_factory=list)

    def minus_log_done(self, work: Workload, sec: float) -> float:
        """Return minus the logarithm of the probability that all is done by *sec*."""
        share, by = work.survival.share, work.scale_now
        total = 0.0
        for age, jobs, was in work.groups:
            total -= jobs * log1p(-min(share(age + (self.bulk_sec + sec) / by) / was, _SURE))
        for age, jobs, was in self.old:
            total -= jobs * log1p(-min(share(age + sec / self.times) / was, _SURE))
        for at, jobs in reversed(self.starts):
            left = share((sec - at) / self.times) if sec > at else 1.0
            total -= jobs * log1p(-min(left, _SURE))
            if left < _NEGLIGIBLE:
                break  # jobs that started earlier are even more surely done
        return total


def drain_queue(work: Workload, *, queued: int, cpus: int, more: int = 0) -> Drain:
    """Return how the queue drains.

    :param more: by how much *cpus* are more than those the running jobs were started on.
    """
    survival, trend = work.survival, work.trend
    most = survival.longest_of(queued + work.running)
    mean = max(_LEAST_SEC, survival.mean(most))
    followed = min(queued, _ROUNDS * cpus)
    bulk = queued - followed
    plan = Drain(times=trend.at(trend.last + bulk + followed / 2))
    groups, by = work.groups, work.scale_now
    if bulk:
        at_work = work.running + max(0, more) if work.running else cpus
        groups = plan.old = _steady_state(survival, min(cpus, at_work))
        left = sum(survival.mean_left(age, most) * count for age, count, _ in work.groups)
        then = sum(survival.mean_left(age, most) * count for age, count, _ in groups)
        to_do = bulk * mean * trend.at(trend.last + bulk / 2) + left * by - then * plan.times
        plan.bulk_sec = max(0.0, to_do / cpus / work.busy)
        by = plan.times
    plan.starts = _starts(work, groups, by, plan.times, mean, followed, cpus)
    last_at = plan.starts[-1][0] if plan.starts else 0.0
    oldest = min((group.share for group in work.groups), default=1.0)
    rarely = survival.at_share(oldest * _RARELY / (queued + work.running))
    plan.most_sec = last_at + rarely * max(plan.times, by)
    plan.doubt_sec = _doubt_sec(work, queued, mean, most, plan.bulk_sec + last_at)
    return plan


def _steady_state(survival: Survival, running: int) -> list[Group]:
    """Return the jobs that run in the middle of a run, by age: fewer of the old ones are left."""
    oldest = survival.at_share(0.02)
    ages = [oldest * (group + 0.5) / _AT_WORK for group in range(_AT_WORK)]
    shares = [survival.share(age) for age in ages]
    total = sum(shares)
    return [
        Group(age, running * share / total, share)
        for age, share in zip(ages, shares, strict=True)
    ]  # fmt: skip


def _starts(
    work: Workload, groups: list[Group], by: float, times: float, mean: float, queued: int,
    cpus: int,
) -> list[tuple[float, float]]:  # fmt: skip
    """Return when the last *queued* jobs start, as (seconds, jobs).

    In each step, as many jobs start as end, of those that run at first (*groups*) and of those that
    started since; on average, half a step after its beginning.
    """
    if not queued:
        return []
    share = work.survival.share
    running = sum(group.jobs for group in groups)
    over = max(0.0, running - cpus)  # if more run than may, the first ends free no CPU
    at_once = min(float(queued), max(0.0, cpus - running))
    step = mean * times / work.busy / _STEPS_A_JOB
    begun = [at_once]  # in each step
    gone = [0.0]  # the share of jobs that have ended this many steps and a half after their start
    left = queued - at_once
    while left > _NEGLIGIBLE and len(begun) < _MOST_STEPS:
        at = step * len(begun)
        ended = sum(jobs * (1.0 - share(age + at / by) / was) for age, jobs, was in groups)
        ended += at_once * (1.0 - share(at * work.busy / times))
        ended += sum(map(mul, begun[1:], gone[:0:-1]))
        new = min(left, max(0.0, ended - over - (sum(begun) - at_once)))
        gone.append(1.0 - share((len(gone) + 0.5) * step * work.busy / times))
        begun.append(new)
        left -= new
    starts = [(max(0.0, step * (place - 0.5)), jobs) for place, jobs in enumerate(begun)]
    return [*starts, (step * len(begun), left)] if left > 0.0 else starts


def _doubt_sec(work: Workload, queued: int, mean: float, most: float, drain_sec: float) -> float:
    """Return the standard deviation of the time at which the queue is empty.

    It has several parts: jobs differ from each other; their mean is known only from so many; the
    trend may be chance, or not a line; and the longer the queue, the more may change.
    """
    survival = work.survival
    points = [survival.at_share((n + 0.5) / 20) for n in range(20)]
    varied = sum((min(point, most) - mean) ** 2 for point in points) / 20 / (mean * mean)
    jobs = max(1.0, float(queued))
    among = varied / jobs
    mean_off = varied / max(1, min(work.finished, 1_000))
    slope_off = work.trend.error(work.trend.last + queued / 2)
    drift = _DRIFT * min(_MOST_AHEAD, queued / max(1, work.finished + work.running))
    return drain_sec * sqrt(among + mean_off + slope_off**2 + _LEAST_DOUBT**2 + drift**2)
