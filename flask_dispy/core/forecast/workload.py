"""What is known of a cluster's jobs: how long they take, how that changes, how busy it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..durations import Durations
from .survival import Running, Survival
from .trend import Trend, trend_of

__all__ = ["Group", "Workload", "workload_of"]

# The number of age groups of running jobs.
_GROUPS: Final = 24

# The least duration: clocks are no finer, and durations of zero would have no spread.
_LEAST_SEC: Final = 0.001

# Jobs get at least this share of the CPUs' time, however idle the CPUs seemed.
_LEAST_BUSY: Final = 0.05

# The least share, because it is a divisor: a very old job is older than any is expected to get.
_LEAST_SHARE: Final = 1e-300


class Group(NamedTuple):
    """Running jobs of one age, with the trend removed; *share* of all jobs get as old."""

    age: float
    jobs: float
    share: float


@dataclass(frozen=True, slots=True)
class Workload:
    """What is known of a cluster's jobs.

    The trend is removed from durations and ages: each is divided by the usual duration at its place
    in the run, so that early and late jobs can be compared. *scale_now* is that divisor for the
    running jobs. *busy* is the share of the CPUs' time that jobs take while others wait; the rest
    is needed to send jobs and replies.
    """

    survival: Survival
    trend: Trend
    groups: list[Group]
    running: int
    finished: int
    busy: float
    scale_now: float


def workload_of(
    durations: Durations, ages: Sequence[tuple[float, int]], cpus: int, now: float
) -> Workload:
    """Return what is known. At least one job must have finished."""
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
    return Workload(
        survival=survival,
        trend=trend,
        groups=[
            Group(job.sec, job.jobs, max(_LEAST_SHARE, survival.share(job.sec))) for job in still
        ],
        running=running,
        finished=durations.count,
        busy=_busy(durations, grouped, cpus, window_at, now),
        scale_now=by,
    )


def _by_trend(
    durations: Durations, trend: Trend, window_at: float
) -> tuple[list[float], list[float]]:
    """Return the latest durations, and the ages at *window_at* of jobs that started before it."""
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
    """Return the ages in a few groups, the oldest ones alone, because they decide the end."""
    if len(ages) <= _GROUPS:
        return list(ages)
    alone = _GROUPS // 3
    groups = list(ages[:alone])
    rest = ages[alone:]
    parts = _GROUPS - alone
    for part in range(parts):
        members = rest[len(rest) * part // parts : len(rest) * (part + 1) // parts]
        count = sum(count for _, count in members)
        groups.append((sum(age * count for age, count in members) / count, count))
    return groups


def _window_at(durations: Durations) -> float:
    """Return since when all finished jobs are among the latest; 0 if all ever finished are."""
    if durations.count <= len(durations.latest):
        return 0.0
    started_at, duration_sec = durations.latest[0]
    return started_at + duration_sec


def _trend(durations: Durations, running: int, now: float) -> Trend:
    """Return the trend of the jobs that started.

    Jobs that started lately don't count, because only the short ones of them have finished.
    """
    ordered = sorted(duration_sec for _, duration_sec in durations.sampled)
    lately = now - ordered[int(0.9 * (len(ordered) - 1))]
    finished = [sec for started_at, sec in sorted(durations.sampled) if started_at <= lately]
    return trend_of(finished, every=durations.sampled_every, last=durations.count + running)


def _busy(
    durations: Durations, groups: list[tuple[float, int]], cpus: int, window_at: float, now: float
) -> float:
    """Return the share of the CPUs' time that jobs took since there was work for all CPUs."""
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
    # As if all CPUs had been busy for a short while before: a moment proves nothing.
    usual_sec = 0.3 * (durations.p95_sec() or 0.0)
    share = (worked_sec + cpus * usual_sec) / (cpus * (span_sec + usual_sec))
    return min(1.0, max(_LEAST_BUSY, share))
