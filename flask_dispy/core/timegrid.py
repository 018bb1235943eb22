"""The aggregate of a timeline: how busy CPUs were, and how jobs ended, by lane and time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from operator import add
from typing import Any, Final, NamedTuple, TypeAlias

from .yielding import yield_now

__all__ = ["Run", "TimeGrid"]

_MOST_BUCKETS: Final = 400
_LEAST_BUCKETS: Final = 10
_LEAST_BUCKET_SEC: Final = 0.001  # below it, the floats of today's times have too few digits

# A bucket counts how jobs ended, in the words that people read.
_OUTCOMES: Final = ("finished", "failed", "terminated", "cancelled", "abandoned")

Run: TypeAlias = tuple[float, "float | None", str, str, int, str, str]
"""One attempt of a job: start, end (``None`` while it runs), node, word for its state, serial, id,
key of its colour. A plain tuple, because a hundred thousand named ones take 30 ms more to make."""


class _Busy(NamedTuple):
    """CPUs busy with one kind of run, by bucket.

    ``through`` holds steps: up in the bucket in which a run begins, down in the one in which it
    ends. ``partly`` corrects the first bucket, and holds the run's share of the last. ``ended``
    counts the runs that ended, except by state.
    """

    through: list[int]
    partly: list[float]
    ended: list[int]

    def of(self, first: int, until: int) -> list[float]:
        """Return the mean number of busy CPUs in each of these buckets."""
        through = accumulate(self.through[first:until])
        busy = map(add, through, self.partly[first:until])
        # To four digits. There are a hundred thousand cells, and round() takes four times as long.
        return [(cpus * 1e4 + 0.5) // 1 / 1e4 for cpus in busy]


class TimeGrid:
    """Equal buckets over a window, for each of several lanes.

    They begin at round times, so that columns stay the same while the window moves.

    :param lane_of: the lane of each node that ran something; nodes may share one.
    :param cells: the most buckets of all lanes together, but at least ten for each.
    :param by_state: whether runs are coloured by state, so that the outcomes are the colours.
    """

    def __init__(
        self,
        start: float,
        end: float,
        lane_of: Mapping[str, str],
        cells: int,
        *,
        by_state: bool,
    ) -> None:
        lanes = set(lane_of.values())
        self._window = (start, end)
        count = max(_LEAST_BUCKETS, min(_MOST_BUCKETS, cells // max(1, len(lanes))))
        self.bucket_sec = _round_step(max(_LEAST_BUCKET_SEC, (end - start) / count))
        self.origin = math.floor(start / self.bucket_sec) * self.bucket_sec
        self.count = max(1, math.ceil((end - self.origin) / self.bucket_sec))
        # One more, for runs that end with the window, if that is the end of a bucket.
        self._width = self.count + 1
        self._base_of_lane = {lane: place * self._width for place, lane in enumerate(lanes)}
        self._base = {node: self._base_of_lane[lane] for node, lane in lane_of.items()}
        self._size = len(lanes) * self._width
        self._by_state = by_state
        self._busy: dict[str, _Busy] = {}  # by colour, of those that occur
        self._ended = {word: [0] * self._size for word in _OUTCOMES}

    def add(self, runs: Iterable[Run], *, counted_until: float, now: float) -> None:
        """Add the part of each run that lies in the window, in constant time for each."""
        origin, per_sec, count = self.origin, 1.0 / self.bucket_sec, self.count
        lowest, highest = ((time - origin) * per_sec for time in self._window)
        base_of, ended_as = self._base, self._ended
        for start, end, node, word, _, _, color in runs:
            base = base_of.get(node)
            if base is None:
                continue  # meanwhile the job was requeued and started on another node
            left = (start - origin) * per_sec
            if left < lowest:
                left = lowest
            right = ((now if end is None else end) - origin) * per_sec
            if right < left:
                right = left
            if right > highest:
                right = highest
                if left > highest:
                    left = highest
            through, partly, ended = self._busy.get(color) or self._busy_with(color)
            first, last = int(left), int(right)
            if first == last:
                partly[base + first] += right - left
            else:
                through[base + first] += 1
                through[base + last] -= 1
                partly[base + first] -= left - first
                partly[base + last] += right - last
            if end is not None and end <= counted_until and word in ended_as:
                at = base + (last if last < count else count - 1)
                ended_as[word][at] += 1
                if ended:
                    ended[at] += 1

    def _busy_with(self, color: str) -> _Busy:
        size = self._size
        ended = [0] * (0 if self._by_state else size)
        busy = self._busy[color] = _Busy([0] * size, [0.0] * size, ended)
        return busy

    def busy_sec(self) -> dict[str, float]:
        """Return the CPU time that was used in each lane."""
        return {
            lane: self.bucket_sec
            * sum(
                sum(accumulate(busy.through[base : base + self.count]))
                + sum(busy.partly[base : base + self._width])
                for busy in self._busy.values()
            )
            for lane, base in self._base_of_lane.items()
        }

    def columns(
        self, lanes: Sequence[str]
    ) -> tuple[dict[str, list[Any]], dict[str, list[Any]], dict[str, list[Any]]]:
        """Return the buckets in which jobs ran or ended, lane by lane, as columns.

        These are: lane (its place among *lanes*), bucket and ends by outcome; busy CPUs by colour;
        ends by colour, none by state, because the outcomes are these colours.
        """
        by_color = [busy.ended for busy in self._busy.values() if busy.ended]
        counted = [*self._ended.values(), *by_color]
        first: dict[str, list[Any]] = {name: [] for name in ("lane", "bucket", *self._ended)}
        ended_by: dict[str, list[Any]] = {key: [] for key, of in self._busy.items() if of.ended}
        busy_by: dict[str, list[Any]] = {key: [] for key in self._busy}
        columns = [*first.values(), *ended_by.values(), *busy_by.values()]
        for lane, name in enumerate(lanes):
            base = self._base_of_lane.get(name)
            if base is None:
                continue
            yield_now()
            until = base + self.count
            cells: list[Sequence[float]] = [counts[base:until] for counts in counted]
            cells += (busy.of(base, until) for busy in self._busy.values())
            kept = [bucket for bucket, each in enumerate(zip(*cells, strict=True)) if any(each)]
            values = ([lane] * len(kept), kept, *(map(of.__getitem__, kept) for of in cells))
            for column, some in zip(columns, values, strict=True):
                column.extend(some)
        return first, busy_by, ended_by


def _round_step(rough_sec: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough_sec))
    step = next((f for f in (1.0, 2.0, 5.0) if f * power >= rough_sec * (1 - 1e-9)), 10.0)
    return step * power
