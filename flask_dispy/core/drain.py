"""How the queue of a cluster drains: when its jobs start, and what then still runs.

Started jobs are followed in small steps, in which as many start as end. Where the queue holds many
jobs a CPU, only the last rounds are followed so; the rest, the *bulk*, is work over CPUs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log1p, sqrt
from operator import mul
from typing import Final, NamedTuple

from .durations import Durations
from .survival import Running, Survival
from .trend import Trend, trend_of

__all__ = ["Known", "Plan", "known_of", "planned"]

# Rounds of the queue (jobs a CPU) that are followed, and steps in the time that a job takes.
_ROUNDS: Final = 4
_STEPS_A_JOB: Final = 8
_MOST_STEPS: Final = 80

# Parts of a job, and probabilities, that make no difference; and a share that log can take.
_NEGLIGIBLE: Final = 1e-4
_RARELY: Final = 0.05
_SURE: Final = 1.0 - 1e-9

# Groups of running jobs that are told apart by age.
_GROUPS: Final = 24
_AT_WORK: Final = 12

_LEAST_BUSY: Final = 0.05

# Jobs take no less: clocks tell no finer, and what takes no time at all has no spread.
_LEAST_SEC: Final = 0.001

# Even what never changed is not known better than this.
_LEAST_DOUBT: Final = 0.02


class Group(NamedTuple):
    """Running jobs of one age, by the trend; *share* of all jobs get as old."""

    age: float
    jobs: float
    share: float


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a cluster's jobs. Durations are by the trend: times ``trend.at(number)``.

    *scale_now* is that of the jobs that run. *busy* is the share of the CPUs' time that jobs take
    while others wait.
    """

    survival: Survival
    trend: Trend
    groups: list[Group]
    running: int
    finished: int
    busy: float
    scale_now: float


def known_of(
    durations: Durations, ages: Sequence[tuple[float, int]], cpus: int, now: float
) -> Known:
    """Return what can be known; at least one job has finished."""
    grouped = _grouped(ages)
    running = sum(count for _, count in grouped)
    trend = _trend(durations, running, now)
    window_at = _window_at(durations)
    by = trend.at(trend.last - running / 2)
    still = [
        Running(age / by, max(0.0, (age - (now - window_at)) / by), count)
        for age, count in grouped
    ]  # fmt: skip
    survival = Survival(*_by_trend(durations, trend, window_at), still)
    return Known(
        survival=survival,
        trend=trend,
        groups=[Group(job.sec, job.jobs, survival.share(job.sec)) for job in still],
        running=running,
        finished=durations.count,
        busy=_busy(durations, grouped, cpus, window_at, now),
        scale_now=by,
    )


def _by_trend(
    durations: Durations, trend: Trend, window_at: float
) -> tuple[list[float], list[float]]:
    """Return the latest durations, and how old those were that began before *window_at*, then."""
    latest = durations.latest
    if not trend.slope:
        seen_from = [window_at - at for at, _ in latest if at < window_at] if window_at else []
        return [max(_LEAST_SEC, duration_sec) for _, duration_sec in latest], seen_from
    starts = sorted(started_at for started_at, _ in durations.sampled)
    every = durations.sampled_every
    finished: list[float] = []
    seen_from = []
    for started_at, duration_sec in latest:
        by = trend.at(bisect_left(starts, started_at) * every)
        finished.append(max(_LEAST_SEC, duration_sec) / by)
        if started_at < window_at:
            seen_from.append((window_at - started_at) / by)
    return finished, seen_from


def _grouped(ages: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """Return the ages in a few groups: the oldest each alone, for the last ones decide."""
    if len(ages) <= _GROUPS:
        return list(ages)
    alone = _GROUPS // 3
    groups = list(ages[:alone])
    rest = ages[alone:]
    parts = _GROUPS - alone
    for part in range(parts):
        members = rest[len(rest) * part // parts : len(rest) * (part + 1) // parts]
        count = sum(count for _, count in members)
        if count:
            groups.append((sum(age * count for age, count in members) / count, count))
    return groups


def _window_at(durations: Durations) -> float:
    """Return since when all that finished is among the latest; 0 if all that ever did is."""
    if durations.count <= len(durations.latest):
        return 0.0
    started_at, duration_sec = durations.latest[0]
    return started_at + duration_sec


def _trend(durations: Durations, running: int, now: float) -> Trend:
    """Return the trend of the jobs that started.

    Without those that started lately: of these only the short ones have finished.
    """
    ordered = sorted(duration_sec for _, duration_sec in durations.sampled)
    lately = now - ordered[int(0.9 * (len(ordered) - 1))]
    finished = [sec for started_at, sec in sorted(durations.sampled) if started_at <= lately]
    return trend_of(finished, every=durations.sampled_every, last=durations.count + running)


def _busy(
    durations: Durations, groups: list[tuple[float, int]], cpus: int, window_at: float, now: float
) -> float:
    """Return the share of the CPUs' time that jobs took since all CPUs have had work."""
    if durations.busy_since is None:
        return 1.0
    since = max(durations.busy_since, window_at)
    span_sec = now - since
    if span_sec <= 0.0 or not cpus:
        return 1.0
    worked_sec = sum(min(age, span_sec) * count for age, count in groups)
    for started_at, duration_sec in durations.latest:
        if started_at >= since:
            worked_sec += duration_sec
        elif started_at + duration_sec > since:
            worked_sec += started_at + duration_sec - since
    # As if all had been busy for a little while before: a moment proves nothing.
    usual_sec = 0.3 * (durations.p95_sec() or 0.0)
    share = (worked_sec + cpus * usual_sec) / (cpus * (span_sec + usual_sec))
    return min(1.0, max(_LEAST_BUSY, share))


@dataclass(slots=True)
class Plan:
    """What is to come: a bulk of jobs, then starts.

    *starts* are seconds after the bulk, with how many jobs start; their durations are to be
    multiplied by *times*. *old* are the jobs that run when the bulk is done.
    """

    bulk_sec: float = 0.0
    doubt_sec: float = 0.0
    most_sec: float = 0.0
    times: float = 1.0
    starts: list[tuple[float, float]] = field(default_factory=list)
    old: list[Group] = field(default_factory=list)

    def undone(self, known: Known, sec: float) -> float:
        """Return minus the logarithm of the probability that all is done by *sec*."""
        share, by = known.survival.share, known.scale_now
        total = 0.0
        for age, jobs, was in known.groups:
            total -= jobs * log1p(-min(share(age + (self.bulk_sec + sec) / by) / was, _SURE))
        for age, jobs, was in self.old:
            total -= jobs * log1p(-min(share(age + sec / self.times) / was, _SURE))
        for at, jobs in reversed(self.starts):
            left = share((sec - at) / self.times) if sec > at else 1.0
            total -= jobs * log1p(-min(left, _SURE))
            if left < _NEGLIGIBLE:
                break  # those that started before are done the more surely
        return total


def planned(known: Known, *, queued: int, cpus: int) -> Plan:
    """Return how the queue drains."""
    survival, trend = known.survival, known.trend
    most = survival.longest_of(queued + known.running)
    mean = survival.mean(most)
    followed = min(queued, _ROUNDS * cpus)
    bulk = queued - followed
    plan = Plan(times=trend.at(trend.last + bulk + followed / 2))
    groups, by = known.groups, known.scale_now
    if bulk:
        groups = plan.old = _at_work(survival, min(cpus, known.running or cpus))
        left = sum(survival.mean_left(age, most) * count for age, count, _ in known.groups)
        then = sum(survival.mean_left(age, most) * count for age, count, _ in groups)
        work = bulk * mean * trend.at(trend.last + bulk / 2) + left * by - then * plan.times
        plan.bulk_sec = max(0.0, work / cpus / known.busy)
        by = plan.times
    plan.starts = _starts(known, groups, by, plan.times, mean, followed, cpus)
    last_at = plan.starts[-1][0] if plan.starts else 0.0
    oldest = min((group.share for group in known.groups), default=1.0)
    rarely = survival.at_share(oldest * _RARELY / (queued + known.running))
    plan.most_sec = last_at + rarely * max(plan.times, by)
    plan.doubt_sec = _doubt_sec(known, queued, mean, most, plan.bulk_sec + last_at)
    return plan


def _at_work(survival: Survival, running: int) -> list[Group]:
    """Return the jobs that run in the midst of a run: of old ones fewer are still there."""
    oldest = survival.at_share(0.02)
    ages = [oldest * (group + 0.5) / _AT_WORK for group in range(_AT_WORK)]
    shares = [survival.share(age) for age in ages]
    total = sum(shares)
    return [
        Group(age, running * share / total, share)
        for age, share in zip(ages, shares, strict=True)
    ]  # fmt: skip


def _starts(
    known: Known, groups: list[Group], by: float, times: float, mean: float, queued: int, cpus: int
) -> list[tuple[float, float]]:
    """Return when the last *queued* jobs start: seconds, jobs."""
    if not queued:
        return []
    share = known.survival.share
    running = sum(group.jobs for group in groups)
    step = mean * times / known.busy / _STEPS_A_JOB
    starts = [(0.0, min(float(queued), max(0.0, cpus - running)))]
    begun = [starts[0][1]]  # by step
    gone = [0.0]  # the share of jobs that have ended so many steps and a half after their start
    left = queued - begun[0]
    before = -max(0.0, running - cpus)  # where more run than may, those that end first make no room
    most_ended = before
    while left > _NEGLIGIBLE and len(begun) < _MOST_STEPS:
        at = step * len(begun)
        ended = begun[0] * (1.0 - share(at * known.busy / times))
        ended += sum(map(mul, begun[1:], gone[:0:-1]))
        ended += sum(count * (1.0 - share(age + at / by) / was) for age, count, was in groups)
        new = min(left, max(0.0, ended + before - most_ended))
        most_ended += new
        gone.append(1.0 - share((len(gone) + 0.5) * step * known.busy / times))
        left -= new
        begun.append(new)
        starts.append((at - step / 2, new))
    if left > 0.0:
        starts.append((step * len(begun), left))
    return starts


def _doubt_sec(known: Known, queued: int, mean: float, most: float, drain_sec: float) -> float:
    """Return the standard deviation of the time at which the queue is empty."""
    survival = known.survival
    points = [survival.at_share((n + 0.5) / 20) for n in range(20)]
    varied = sum((min(point, most) - mean) ** 2 for point in points) / 20 / (mean * mean)
    jobs = max(1.0, float(queued))
    among = varied / jobs
    mean_off = varied / max(1, min(known.finished, 1_000))
    slope_off = known.trend.error(known.trend.last + queued / 2)
    return drain_sec * sqrt(among + mean_off + slope_off**2 + _LEAST_DOUBT**2)
