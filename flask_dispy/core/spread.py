"""The distribution of durations: a histogram that is small, exact in its counts, and mergeable."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import log
from typing import Final

__all__ = ["BUCKETS", "RELATIVE_ERROR", "Spread", "bucket_of", "edge_sec"]

# Powers of ten are edges of buckets, so that axes and fixed limits can use edges.
_A_DECADE: Final = 24
_GROWTH: Final = 10.0 ** (1 / _A_DECADE)

RELATIVE_ERROR: Final = (_GROWTH - 1) / (_GROWTH + 1)
"""The largest relative error of a quantile: 4.8 %."""

# Shorter durations are in the first bucket; jobs are measured less precisely.
_LEAST_SEC: Final = 1e-4

BUCKETS: Final = 13 * _A_DECADE + 1
"""The number of buckets: up to a billion seconds. Longer durations are in the last."""

_PER_LOG: Final = _A_DECADE / log(10)
_OFFSET: Final = 1 - log(_LEAST_SEC) * _PER_LOG


def bucket_of(seconds: float) -> int:
    """Return the number of a duration's bucket."""
    if seconds <= _LEAST_SEC:
        return 0
    bucket = int(log(seconds) * _PER_LOG + _OFFSET)
    return bucket if bucket < BUCKETS else BUCKETS - 1


def edge_sec(bucket: int) -> float:
    """Return the longest duration of a bucket, in seconds; that of bucket -1 is 0."""
    return 10.0 ** (bucket / _A_DECADE) * _LEAST_SEC if bucket >= 0 else 0.0


class Spread:
    """Durations in buckets whose edges grow by a tenth, as in DDSketch (Masson et al., 2019).

    Quantiles above a tenth of a millisecond are off by 4.8 % at most; counts and ``longest_sec``
    are exact. Spreads can be merged, and a duration can be removed again. A spread takes some
    hundred bytes: it keeps the buckets from the first to the last that is in use.

    ``first`` is the number of the first bucket that is kept. Not thread-safe.
    """

    __slots__ = ("counts", "first", "longest_sec")

    def __init__(self, first: int = 0, counts: Iterable[int] = (), longest_sec: float = 0.0):
        self.first = first
        self.counts = array("I", counts)
        self.longest_sec = longest_sec

    @property
    def total(self) -> int:
        """How many durations there are."""
        return sum(self.counts)

    def add(self, bucket: int, seconds: float) -> None:
        """Count a duration.

        :param bucket: its :func:`bucket_of`, which callers often need for more than one spread.
        """
        place = bucket - self.first
        if 0 <= place < len(self.counts):
            self.counts[place] += 1
        else:
            self._reach(bucket)
            self.counts[bucket - self.first] += 1
        if seconds > self.longest_sec:
            self.longest_sec = seconds

    def remove(self, bucket: int) -> None:
        """Uncount a duration. After that, ``longest_sec`` may be the edge of its bucket."""
        place = bucket - self.first
        if not 0 <= place < len(self.counts) or not self.counts[place]:
            return
        self.counts[place] -= 1
        while self.counts and not self.counts[-1]:
            self.counts.pop()
        while self.counts and not self.counts[0]:
            self.counts.pop(0)
            self.first += 1
        last = self.first + len(self.counts) - 1
        self.longest_sec = min(self.longest_sec, edge_sec(last)) if self.counts else 0.0

    def merge(self, other: Spread) -> None:
        """Add all durations of another spread."""
        if not other.counts:
            return
        self._reach(other.first)
        self._reach(other.first + len(other.counts) - 1)
        place = other.first - self.first
        for count in other.counts:
            self.counts[place] += count
            place += 1
        self.longest_sec = max(self.longest_sec, other.longest_sec)

    def _reach(self, bucket: int) -> None:
        """Extend the counts to that bucket."""
        if not self.counts:
            self.first = bucket
            self.counts = array("I", (0,))
        elif bucket < self.first:
            self.counts[:0] = array("I", bytes(4 * (self.first - bucket)))
            self.first = bucket
        else:
            beyond = bucket - self.first - len(self.counts) + 1
            self.counts.frombytes(bytes(4 * max(0, beyond)))

    def quantile(self, share: float) -> float | None:
        """Return the duration, in seconds, that *share* of them (0 to 1) do not exceed.

        ``None`` if there are none.
        """
        total = self.total
        if not total:
            return None
        wanted = int(share * (total - 1))
        for bucket, count in self:
            wanted -= count
            if wanted < 0:
                return min(self.longest_sec, _middle_sec(bucket))
        return self.longest_sec

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield (bucket, count) from the shortest to the longest."""
        return enumerate(self.counts, self.first)

    @classmethod
    def merged(cls, spreads: Sequence[Spread]) -> Spread:
        """Return one spread with the durations of all of these."""
        found = cls()
        for spread in spreads:
            found.merge(spread)
        return found


def _middle_sec(bucket: int) -> float:
    """Return the duration with the same relative distance to both edges of a bucket."""
    return edge_sec(bucket) * (1 - RELATIVE_ERROR) if bucket else 0.0
