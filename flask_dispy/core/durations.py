"""How long a cluster's jobs take, and which running jobs take far longer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import copy
from typing import Final, TypeAlias

from .jobs import Job

__all__ = ["Durations", "Took"]

# How many of the latest durations count: enough for a steady percentile, few enough to sort in a
# tenth of a millisecond.
_LATEST: Final = 1_000

# A running job is a straggler past three times the 95th percentile, and at least this long.
_LEAST_STRAGGLER_SEC: Final = 10.0

# How many jobs of the whole run are kept, evenly spread over it: they show whether later jobs take
# longer, which the latest 1,000 of 100,000 would not.
_MOST_SAMPLED: Final = 256


Took: TypeAlias = tuple[float, float]
"""A finished job: when it started (epoch seconds), and how many seconds it took.

A plain tuple, because a named one takes five times as long to make.
"""


class Durations:
    """The durations of one cluster's finished jobs, in seconds: the latest, and a sample of all.

    ``count`` is how many have finished. ``busy_since`` is since when jobs have waited while the
    number of CPUs stayed the same, so that every CPU had work; ``None`` if no job waits. Guarded by
    the hub's lock.
    """

    def __init__(self) -> None:
        self.count = 0
        self.latest: deque[Took] = deque(maxlen=_LATEST)
        self.sampled: list[Took] = []
        self.sampled_every = 1
        self.busy_since: float | None = None
        self._cpus = 0
        self._p95: float | None = None
        self._median: float | None = None
        self._is_stale = False

    def note(self, duration_sec: float, started_at: float) -> None:
        """Note that a job finished; a negative duration counts as 0."""
        took = (started_at, duration_sec if duration_sec > 0.0 else 0.0)
        self.latest.append(took)
        if self.count % self.sampled_every == 0:
            self.sampled.append(took)
            if len(self.sampled) > _MOST_SAMPLED:
                del self.sampled[1::2]
                self.sampled_every *= 2
        self.count += 1
        self._is_stale = True

    def copy(self) -> Durations:
        """Return what is known now, to be read without a lock."""
        twin = copy(self)
        twin.latest, twin.sampled = self.latest.copy(), self.sampled.copy()
        return twin

    def watch(self, now: float, *, queued: int, cpus: int) -> None:
        """Note how many jobs wait, and how many CPUs there are."""
        if not queued:
            self.busy_since = None
        elif self.busy_since is None or cpus != self._cpus or now < self.busy_since:
            self.busy_since = now
        self._cpus = cpus

    def p95_sec(self) -> float | None:
        """Return the 95th percentile of the latest durations, ``None`` if no job has finished."""
        self._sort()
        return self._p95

    def median_sec(self) -> float | None:
        """Return the median of the latest durations, ``None`` if no job has finished."""
        self._sort()
        return self._median

    def _sort(self) -> None:
        if self._is_stale:
            ordered = sorted(duration_sec for _, duration_sec in self.latest)
            self._p95 = ordered[int(0.95 * (len(ordered) - 1))]
            self._median = ordered[len(ordered) // 2]
            self._is_stale = False

    def stragglers(self, running: Iterable[Job], now: float) -> list[Job]:
        """Return the jobs that take far longer; *running* is in the order in which they started."""
        p95 = self.p95_sec()
        if p95 is None:
            return []
        started_before = now - max(_LEAST_STRAGGLER_SEC, 3 * p95)
        found = []
        for job in running:
            if job.started_at is None or job.started_at >= started_before:
                break
            found.append(job)
        return found
