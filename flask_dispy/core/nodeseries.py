"""A node's load over time: its latest signs of life, or in few points the whole run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from math import inf, isnan, nan
from struct import Struct
from typing import Any, Final

__all__ = ["OLD_SEC", "NodeCourse", "NodeSeries"]

OLD_SEC: Final = 60
"""How long a load is known after a node has reported it."""

# A point of a node's series: its time, which needs a double's precision, and five figures, which do
# not.
_POINT: Final = Struct("=d5f")
_RUNNING_AT: Final = Struct("=f")
_LOAD_END: Final = _POINT.size - _RUNNING_AT.size
_NO_LOAD: Final = (nan, nan, nan, nan)


class NodeSeries:
    """A node's load at its latest signs of life.

    A series takes 3.4 KB, 34 MB for 10,000 nodes, which is why it has few points.
    """

    POINTS: Final = 120
    STEP_SEC: Final = 10.0

    __slots__ = ("_count", "_last_at", "_points", "step_sec")

    NAMES: Final = ("t", "cpu_avail", "memory_avail_bytes", "disk_avail_bytes", "swap_avail",
                    "running")  # fmt: skip

    def __init__(self, step_sec: float = STEP_SEC) -> None:
        self.step_sec = step_sec
        self._count = 0
        self._last_at = -inf
        self._points = bytearray(_POINT.size * self.POINTS)

    def add(self, at: float, load: tuple[float, ...] | None, running: float) -> None:
        """Add a sign of life; it replaces an earlier one within the same step.

        Steps begin at round times, so that the points of several clusters coincide and
        their jobs on the node can be added up. Times never decrease: if the clock was set back, a
        point gets the time of the previous one.
        """
        at = max(at, self._last_at)
        place = self._count - (at // self.step_sec == self._last_at // self.step_sec)
        self._last_at = at
        _POINT.pack_into(self._points, self._offset(place), at, *(load or _NO_LOAD), running)
        self._count = place + 1  # at once: another thread may be reading

    def amend_running(self, running: int) -> None:
        """Set the number of running jobs in the last point."""
        if self._count:
            _RUNNING_AT.pack_into(self._points, self._offset(self._count - 1) + _LOAD_END, running)

    def as_dict(self, others: Iterable[NodeSeries] = ()) -> dict[str, Any]:
        """Return the columns, oldest first.

        :param others: what other clusters know of the same node; the jobs that run are theirs
            and ours.
        """
        points = self.points()
        columns = {
            name: [None if isnan(point[place]) else point[place] for point in points]
            for place, name in enumerate(self.NAMES)
        }
        running = columns["running"]
        for other in others:
            for place, at in enumerate(columns["t"]):
                running[place] = (running[place] or 0.0) + other.running_at(at or 0.0)
        # Figures are kept in four bytes, so that 0.1 comes back as 0.10000000149011612.
        return {
            name: [value if value is None else round(value, 3) for value in column]
            for name, column in columns.items()
        }

    def points(self) -> list[tuple[float, ...]]:
        """Return the points, oldest first, each in the order of ``NAMES``; NaN is unknown."""
        kept = self._points  # before the indexes: another thread may be making room
        return [_POINT.unpack_from(kept, self._offset(i)) for i in self._indexes()]

    def _indexes(self) -> range:
        return range(max(0, self._count - self.POINTS), self._count)

    def _offset(self, index: int) -> int:
        return index % self.POINTS * _POINT.size

    def _point(self, index: int) -> tuple[float, ...]:
        return _POINT.unpack_from(self._points, self._offset(index))

    def running_at(self, at: float) -> float:
        """Return how many jobs ran at the end of the step that *at* is in."""
        indexes, sec = self._indexes(), self.step_sec
        place = bisect_right(indexes, at // sec, key=lambda index: self._point(index)[0] // sec)
        return self._point(indexes[place - 1])[-1] if place else 0.0


class NodeCourse(NodeSeries):
    """A node's load over the whole run.

    When it is full, its steps become twice as long, and each keeps its last point.
    """

    __slots__ = ()

    def note(self, at: float, load: tuple[float, ...] | None, running: int) -> None:
        """Add the load at the time *at*.

        If fewer or more jobs run than before, a point just before says how many did until then:
        nodes may give no sign for as long as a job takes.
        """
        if self._count:
            known_at, *known, before = self._point(self._count - 1)
            if before != running and at - known_at > 2 * self.step_sec:
                self._make_room()
                until = at - self.step_sec
                self.add(until, None if until - known_at >= OLD_SEC else tuple(known), before)
        self._make_room()
        self.add(at, load, running)

    def _make_room(self) -> None:
        """Have room for a point.

        A thread that reads meanwhile gets the points from before, or the oldest of them.
        """
        if self._count < self.POINTS:
            return
        points, step_sec = self.points(), self.step_sec
        while len(points) == self.POINTS:
            step_sec *= 2
            points = [
                *(
                    one
                    for one, next in pairwise(points)
                    if one[0] // step_sec != next[0] // step_sec
                ),
                points[-1],
            ]
        thinned = bytearray(_POINT.size * self.POINTS)
        for index, point in enumerate(points):
            _POINT.pack_into(thinned, index * _POINT.size, *point)
        self._count, self._points, self.step_sec = len(points), thinned, step_sec
