"""Bounded time series: what the charts show.

Three rings of fixed size hold the same columns at three resolutions. A bucket without a sample is
a gap, not a zero.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from .errors import BadRequest

__all__ = [
    "PAST_RESOLUTIONS", "RESOLUTIONS", "WHOLE_SEC", "Measured", "Sample", "Series",
]  # fmt: skip

# Seconds a bucket -> buckets: 10 minutes, 2 hours, a day.
RESOLUTIONS: Final[dict[int, int]] = {1: 600, 10: 720, 60: 1440}

WHOLE_SEC: Final = 600
"""A past run is also shown as a whole, at this resolution: a month of it."""

PAST_RESOLUTIONS: Final[dict[int, int]] = {**RESOLUTIONS, WHOLE_SEC: 4320}
"""The rings of a past run."""

# After a clock is set back by no more than this (NTP corrects a drift), samples go into the newest
# bucket until the clock catches up; after a larger step, the buckets that lie ahead are cleared.
_SMALL_STEP_SEC: Final = 5.0

# Throughput is read over the last half minute: shorter flickers, longer hides that a run stalls.
_RATE_WINDOW_SEC: Final = 30.0

# A shorter time, at the start or after the clock stood still, gives no rate yet.
_LEAST_SPAN_SEC: Final = 1.0


class Sample(NamedTuple):
    """A cluster's figures at one moment; *done* and *failed* are totals since the start."""

    done: int
    failed: int
    queued: int
    running: int
    cpus_busy: int
    cpus_total: int


class Measured(NamedTuple):
    """A bucket that begins at *start*, with samples for *span_sec* seconds.

    *done* and *failed* are amounts, the others means.
    """

    start: float
    span_sec: float
    done: float
    failed: float
    queued: float
    running: float
    cpus_busy: float
    cpus_total: float


_RATES: Final = ("jobs_per_sec", "failed_per_sec")
_GAUGES: Final = ("queued", "running", "cpus_busy", "cpus_total")
_COLUMNS: Final = _RATES + _GAUGES
_DONE: Final = _COLUMNS.index("jobs_per_sec")


class _Ring:
    """Buckets of *resolution_sec* seconds: the sums of their samples, and the number of samples.

    ``spans`` holds the seconds that a bucket's samples stand for, each since the previous sample.
    Rates are amounts divided by these, so they are right even in a bucket that is half full, and in
    the first one after a gap, which holds all that ended meanwhile.
    """

    __slots__ = ("first", "last", "resolution_sec", "samples", "size", "spans", "sums")

    def __init__(self, resolution_sec: int, size: int) -> None:
        self.resolution_sec = resolution_sec
        self.size = size
        self.first: int | None = None
        self.last = 0
        self.samples = array("L", [0]) * size
        self.spans = array("d", [0.0]) * size
        self.sums = [array("d", [0.0]) * size for _ in _COLUMNS]

    def add(self, at: float, span_sec: float, values: tuple[float, ...]) -> None:
        self._turn(at)
        index = self.last % self.size
        self.samples[index] += 1
        self.spans[index] += span_sec
        for column, value in zip(self.sums, values, strict=True):
            column[index] += value

    def _turn(self, at: float) -> None:
        """Make the bucket of the time *at* the newest one."""
        bucket = int(at // self.resolution_sec)
        ahead_sec = self.last * self.resolution_sec - at
        if self.first is None or (bucket < self.first and ahead_sec > _SMALL_STEP_SEC):
            self._clear(0, self.size - 1)
            self.first = self.last = bucket
        elif bucket > self.last:
            self._clear(max(self.last + 1, bucket - self.size + 1), bucket)
            self.last = bucket
            self.first = max(self.first, bucket - self.size + 1)
        elif ahead_sec > _SMALL_STEP_SEC:
            self._clear(bucket + 1, self.last)
            self.last = bucket

    def _clear(self, start: int, end: int) -> None:
        for bucket in range(start, end + 1):
            index = bucket % self.size
            self.samples[index] = 0
            self.spans[index] = 0.0
            for column in self.sums:
                column[index] = 0.0

    def shown(self, now: float) -> range:
        """Return the buckets to show: up to *now*, with or without samples.

        Gaps never displace samples, so the series stands still once sampling has ended.
        """
        if self.first is None:
            return range(0)
        end = max(int(now // self.resolution_sec), self.last)
        # A bucket of one second is not shown while it fills.
        end += 0 if self.resolution_sec == 1 else 1
        return range(self.first, min(end, self.first + self.size))

    def column(self, name: str, buckets: range) -> list[float | None]:
        """Return a column's means, or amounts per second; ``None`` marks a gap."""
        sums = self.sums[_COLUMNS.index(name)]
        divisors: array[Any] = self.spans if name in _RATES else self.samples
        found: list[float | None] = []
        for bucket in buckets:
            divisor = divisors[bucket % self.size] if bucket <= self.last else 0
            found.append(round(sums[bucket % self.size] / divisor, 3) if divisor else None)
        return found

    def measured(self, since: float) -> list[Measured]:
        if self.first is None:
            return []
        start = min(int(since // self.resolution_sec), self.last)
        found: list[Measured] = []
        for bucket in range(max(start, self.first), self.last + 1):
            index = bucket % self.size
            if samples := self.samples[index]:
                sums = [column[index] for column in self.sums]
                amounts, means = sums[: len(_RATES)], sums[len(_RATES) :]
                found.append(
                    Measured(
                        bucket * self.resolution_sec,
                        self.spans[index],
                        *amounts,
                        *(mean / samples for mean in means),
                    )
                )
        return found

    def jobs_per_sec(self, now: float) -> float:
        if self.first is None:
            return 0.0
        since = int((now - _RATE_WINDOW_SEC) // self.resolution_sec) + 1
        indexes = [b % self.size for b in range(max(since, self.first), self.last + 1)]
        span_sec = sum(self.spans[i] for i in indexes)
        return sum(self.sums[_DONE][i] for i in indexes) / max(span_sec, _LEAST_SPAN_SEC)


class Series:
    """A cluster's figures over the last day. Not thread-safe: the hub's lock guards it.

    :param resolutions: the seconds of a bucket, and the number of such buckets that are kept.
    """

    __slots__ = ("_previous", "_rings", "_sampled_at")

    def __init__(self, started_at: float, resolutions: Mapping[int, int] = RESOLUTIONS) -> None:
        self._sampled_at = started_at
        self._previous = Sample(0, 0, 0, 0, 0, 0)
        self._rings = {sec: _Ring(sec, size) for sec, size in resolutions.items()}

    def add(self, at: float, sample: Sample) -> None:
        """Add the figures at the time *at* (epoch seconds)."""
        before, self._previous = self._previous, sample
        span_sec = max(0.0, at - self._sampled_at)
        self._sampled_at = at
        values = (
            # Abandoned jobs that come back lower the totals, but a rate is never negative.
            float(max(0, sample.done - before.done)),
            float(max(0, sample.failed - before.failed)),
            *(float(value) for value in sample[2:]),
        )
        for ring in self._rings.values():
            ring.add(at, span_sec, values)

    def measured(self, resolution_sec: int, since: float) -> list[Measured]:
        """Return the buckets from the one at *since* on, oldest first; the newest still fills.

        If *since* lies ahead, because the clock was set back, return only the newest.
        """
        return self._rings[resolution_sec].measured(since)

    def refill(self, resolution_sec: int, bucket: Measured) -> None:
        """Add a bucket of another series with that resolution; call it for the oldest first.

        In a finer ring, the bucket's figures are spread over its parts. The ring of the whole run
        is filled only from buckets of its own resolution.
        """
        for ring in self._rings.values():
            if (ring.resolution_sec >= WHOLE_SEC) != (resolution_sec >= WHOLE_SEC):
                continue
            parts = max(1, resolution_sec // ring.resolution_sec)
            share = [value / parts for value in bucket[1:4]]
            for part in range(parts):
                at = bucket.start + part * ring.resolution_sec
                ring.add(at, share[0], (*share[1:], *bucket[4:]))

    def jobs_per_sec(self, now: float) -> float:
        """Return how many jobs ended per second over the last half minute."""
        return self._rings[1].jobs_per_sec(now)

    def gauge(
        self, name: str, start: float, end: float, *, now: float, points: int
    ) -> tuple[list[float], list[float | None]]:
        """Return times and values of a gauge between two times, at most *points* of them.

        Each value is the maximum of its interval, so that no peak is lost; ``None`` marks a gap.
        """
        ring = self._finest(start)
        sec = ring.resolution_sec
        shown = ring.shown(now)
        buckets = range(
            max(shown.start, int(min(start // sec, shown.stop))),
            min(shown.stop, int(max(end // sec + 1, shown.start))),
        )
        values = ring.column(name, buckets)
        group = max(1, -(-len(values) // points))
        times: list[float] = []
        highest: list[float | None] = []
        for first in range(0, len(values), group):
            known = [value for value in values[first : first + group] if value is not None]
            width = len(values[first : first + group])
            times.append(min(now, (buckets[first] + width / 2) * sec))
            highest.append(max(known) if known else None)
        return times, highest

    def _finest(self, start: float) -> _Ring:
        """Return the finest ring whose samples reach back to *start*."""
        coarsest = self._rings[max(self._rings)]
        begun_at = ((coarsest.first or 0) + 1) * coarsest.resolution_sec
        for ring in self._rings.values():
            if (ring.first or 0) * ring.resolution_sec <= max(start, begun_at):
                return ring
        return coarsest

    def as_dict(self, resolution_sec: int, now: float) -> dict[str, Any]:
        """Return all columns at one resolution, oldest bucket first; ``None`` marks a gap.

        :raises BadRequest: no ring has that resolution.
        """
        ring = self._rings.get(resolution_sec)
        if ring is None:
            raise BadRequest(
                f"There is no series of {resolution_sec} s: resolution_sec is one of "
                f"{', '.join(map(str, self._rings))}.",
                field="resolution_sec",
            )
        buckets = ring.shown(now)
        return {
            "resolution_sec": resolution_sec,
            "from": buckets.start * resolution_sec if buckets else int(now),
            "columns": {name: ring.column(name, buckets) for name in _COLUMNS},
        }
