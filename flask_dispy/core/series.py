"""Bounded time series: what the charts show.

Three rings of fixed size hold the same columns at three resolutions. Nothing is averaged away
that was not measured: a bucket without a sample is a gap.
"""

from __future__ import annotations

from array import array
from math import isnan, nan
from typing import Any, Final, NamedTuple

from .errors import BadRequest

__all__ = ["RESOLUTIONS", "NodeSeries", "Sample", "Series"]

# Seconds a bucket -> buckets: 10 minutes, 2 hours, a day.
RESOLUTIONS: Final[dict[int, int]] = {1: 600, 10: 720, 60: 1440}


class Sample(NamedTuple):
    """A cluster's figures at one moment; *done* and *failed* are totals since the beginning."""

    done: int
    failed: int
    queued: int
    running: int
    cpus_busy: int
    cpus_total: int


_RATES: Final = ("jobs_per_sec", "failed_per_sec")
_GAUGES: Final = ("queued", "running", "cpus_busy", "cpus_total")


class _Ring:
    """Buckets of *resolution_sec* seconds: sums of what was added, and how often it was."""

    __slots__ = ("first", "last", "resolution_sec", "samples", "size", "sums")

    def __init__(self, resolution_sec: int, size: int) -> None:
        self.resolution_sec = resolution_sec
        self.size = size
        self.first: int | None = None
        self.last = 0
        self.samples = array("L", [0]) * size
        self.sums = [array("d", [0.0]) * size for _ in _RATES + _GAUGES]

    def add(self, at: float, values: tuple[float, ...]) -> None:
        bucket = int(at // self.resolution_sec)
        if self.first is None:
            self.first = self.last = bucket
        elif bucket > self.last:
            self._clear(max(self.last + 1, bucket - self.size + 1), bucket)
            self.last = bucket
            self.first = max(self.first, bucket - self.size + 1)
        # A clock that was set back adds to the newest bucket rather than rewriting the past.
        index = self.last % self.size
        self.samples[index] += 1
        for column, value in zip(self.sums, values, strict=True):
            column[index] += value

    def _clear(self, start: int, end: int) -> None:
        for bucket in range(start, end + 1):
            index = bucket % self.size
            self.samples[index] = 0
            for column in self.sums:
                column[index] = 0.0

    def columns(self, now: float) -> tuple[int, dict[str, list[float | None]]]:
        """Return the first bucket's start and the columns; a rate is an amount by the second."""
        if self.first is None:
            return int(now), {name: [] for name in _RATES + _GAUGES}
        # The bucket that is still filling says nothing yet when it is a second long.
        last = self.last - 1 if self.resolution_sec == 1 else self.last
        indexes = [bucket % self.size for bucket in range(self.first, last + 1)]
        spans = [float(self.resolution_sec)] * len(indexes)
        if spans:
            elapsed = now - self.last * self.resolution_sec
            if self.resolution_sec > 1:
                spans[-1] = min(max(elapsed, 1.0), self.resolution_sec)
        found: dict[str, list[float | None]] = {}
        for name, sums in zip(_RATES + _GAUGES, self.sums, strict=True):
            rate = name in _RATES
            found[name] = [
                None
                if not self.samples[i]
                else round(sums[i] / (span if rate else self.samples[i]), 3)
                for i, span in zip(indexes, spans, strict=True)
            ]
        return self.first * self.resolution_sec, found

    def total(self, column: int, now: float, window_sec: float) -> float:
        """Return what was added to *column* in the last *window_sec* seconds."""
        if self.first is None:
            return 0.0
        since = int((now - window_sec) // self.resolution_sec) + 1
        sums = self.sums[column]
        start = max(since, self.first)
        return sum(sums[bucket % self.size] for bucket in range(start, self.last + 1))


class Series:
    """A cluster's figures over the last day. Not thread-safe: the registry's lock guards it."""

    __slots__ = ("_previous", "_rings", "started_at")

    def __init__(self, started_at: float) -> None:
        self.started_at = started_at
        self._previous: Sample | None = None
        self._rings = {sec: _Ring(sec, size) for sec, size in RESOLUTIONS.items()}

    def add(self, at: float, sample: Sample) -> None:
        """Take in the figures of the moment *at* (epoch seconds)."""
        before = self._previous or sample._replace(done=0, failed=0)
        self._previous = sample
        values = (
            # Abandoned jobs that come back lower the total; a rate is never negative.
            float(max(0, sample.done - before.done)),
            float(max(0, sample.failed - before.failed)),
            *(float(value) for value in sample[2:]),
        )
        for ring in self._rings.values():
            ring.add(at, values)

    def done_within(self, now: float, window_sec: float) -> float:
        """Return how many jobs ended in the last *window_sec* seconds, 7,200 at most."""
        ring = self._rings[1 if window_sec <= 600 else 10]
        return ring.total(0, now, window_sec)

    def as_dict(self, resolution_sec: int, now: float) -> dict[str, Any]:
        """Return all columns at one resolution, oldest first; ``None`` marks a gap.

        :raises BadRequest: no ring has that resolution.
        """
        ring = self._rings.get(resolution_sec)
        if ring is None:
            raise BadRequest(
                f"There is no series of {resolution_sec} s: resolution_sec is one of "
                f"{', '.join(map(str, RESOLUTIONS))}.",
                field="resolution_sec",
            )
        start, columns = ring.columns(now)
        return {"resolution_sec": resolution_sec, "from": start, "columns": columns}


class NodeSeries:
    """A node's load over the last signs of life it gave, a bounded number of them.

    3.4 KB a node: with 10,000 nodes 34 MB, which is why the points are few.
    """

    POINTS: Final = 120
    LEAST_GAP_SEC: Final = 10.0

    __slots__ = ("_columns", "_count")

    NAMES: Final = ("t", "cpu_avail", "memory_avail_bytes", "disk_avail_bytes", "swap_avail",
                    "running")  # fmt: skip

    def __init__(self) -> None:
        self._count = 0
        # Times need a double's precision, figures do not.
        kinds = "d" + "f" * (len(self.NAMES) - 1)
        self._columns = [array(kind, [nan]) * self.POINTS for kind in kinds]

    def add(self, at: float, load: tuple[float, ...] | None, running: int) -> None:
        """Take in a sign of life; one within 10 s of the last replaces it."""
        if self._count > 1 and at - self._columns[0][(self._count - 2) % self.POINTS] < (
            self.LEAST_GAP_SEC
        ):
            self._count -= 1
        index = self._count % self.POINTS
        self._count += 1
        values = (at, *(load or (nan, nan, nan, nan)), float(running))
        for column, value in zip(self._columns, values, strict=True):
            column[index] = value

    def as_dict(self) -> dict[str, Any]:
        """Return the columns, oldest first."""
        start = max(0, self._count - self.POINTS)
        indexes = [i % self.POINTS for i in range(start, self._count)]
        return {
            name: [None if isnan(column[i]) else column[i] for i in indexes]
            for name, column in zip(self.NAMES, self._columns, strict=True)
        }
