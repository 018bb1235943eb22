"""How long a cluster's jobs take, and which of those that run take far longer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from .jobs import Job

__all__ = ["Durations"]

# The durations that the 95th percentile is taken over: enough for a steady figure, few enough to
# sort in a tenth of a millisecond.
_LATEST: Final = 1_000

# A running job is a straggler past three times the 95th percentile, and at least this long.
_LEAST_STRAGGLER_SEC: Final = 10.0


class Durations:
    """The durations of the latest finished jobs of one cluster, in seconds.

    ``count`` is how many have finished.
    """

    def __init__(self) -> None:
        self.count = 0
        self._latest: deque[float] = deque(maxlen=_LATEST)
        self._p95: float | None = None
        self._median: float | None = None
        self._is_stale = False

    def note(self, duration_sec: float) -> None:
        """Take in that a job finished, after so long; less than none counts as none."""
        self.count += 1
        self._latest.append(duration_sec if duration_sec > 0.0 else 0.0)
        self._is_stale = True

    def mean_sec(self) -> float | None:
        """Return their mean, ``None`` if none has finished."""
        return sum(self._latest) / len(self._latest) if self._latest else None

    def p95_sec(self) -> float | None:
        """Return their 95th percentile, ``None`` if none has finished."""
        self._sort()
        return self._p95

    def median_sec(self) -> float | None:
        """Return their median, ``None`` if none has finished."""
        self._sort()
        return self._median

    def _sort(self) -> None:
        if self._is_stale:
            ordered = sorted(self._latest)
            self._p95 = ordered[int(0.95 * (len(ordered) - 1))]
            self._median = ordered[len(ordered) // 2]
            self._is_stale = False

    def stragglers(self, running: Iterable[Job], now: float) -> list[Job]:
        """Return those of *running*, in the order they started, that take far longer."""
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
