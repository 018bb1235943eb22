"""The nodes' load over a run in the history: a course as a row of its table, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from math import isnan, nan
from typing import Any, Final

from ..core.cluster import ClusterState
from ..core.nodeseries import NodeCourse
from .checking import figure, json_of, moment
from .records import LateRow

__all__ = ["CourseRow", "CoursesDue", "course_of"]

# How often a changed course is taken: what a killed run lacks is a small part of it.
_SHARE: Final = 1 / 20
_SHORTEST_SEC: Final = 10.0
_LONGEST_SEC: Final = 300.0

# Courses taken at a time, twice a second.
_AT_A_BEAT: Final = 50

# The figures in the order of a point's, with the unit and the digits that the file has: with bytes,
# a row would take twice as much.
_FIGURES: Final = (
    ("cpu_avail", 1.0, 1),
    ("memory_avail_mb", 1e6, None),
    ("disk_avail_mb", 1e6, None),
    ("swap_avail", 1.0, 1),
    ("running", 1.0, None),
)


class CourseRow(LateRow):
    """A node's course, of up to 4 KB."""


class CoursesDue:
    """The courses of a cluster's nodes, and which have changed since they were last taken."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._courses: dict[str, NodeCourse] = {}
        self._changed: dict[str, None] = {}  # an ordered set
        self._due: list[str] = []  # of these, those that are taken now
        self._taken_at = 0.0

    def note(self, addresses: Iterable[str], now: float) -> None:
        """Add how busy these nodes are now."""
        for ip_addr in addresses:
            node = self._state.nodes.get(ip_addr)
            if node is None:
                continue
            course = self._courses.get(ip_addr)
            if course is None:
                course = self._courses[ip_addr] = NodeCourse()
            course.note(now, node.load_then(now), len(node.running))
            self._changed[ip_addr] = None

    def forget(self, addresses: Iterable[str]) -> None:
        """Forget nodes that are no longer listed, once their courses have been taken."""
        for ip_addr in addresses:
            if ip_addr not in self._changed:
                self._courses.pop(ip_addr, None)

    def take(self, now: float, *, last: bool = False) -> Iterator[CourseRow]:
        """Yield the courses that are due, some at a time; at *last* all changed ones."""
        wanted_sec = max(_SHORTEST_SEC, (now - self._state.started_at) * _SHARE)
        is_time = abs(now - self._taken_at) >= min(wanted_sec, _LONGEST_SEC)
        if last or (is_time and self._changed and not self._due):
            self._taken_at, self._due = now, list(self._changed)
        most = len(self._due) if last else _AT_A_BEAT
        due, self._due = self._due[:most], self._due[most:]
        for ip_addr in due:
            course = self._courses[ip_addr]
            del self._changed[ip_addr]
            self.forget(() if ip_addr in self._state.nodes else (ip_addr,))
            yield CourseRow(ip_addr, partial(_course_json, course))


def _course_json(course: NodeCourse) -> dict[str, Any]:
    times, *columns = zip(*course.points(), strict=True)
    start = int(times[0])
    found: dict[str, Any] = {"step_sec": course.step_sec, "start": start}
    # Rounded up, a time could be in the next step, whose own point would replace this one.
    found["t"] = [int(at) - start for at in times]
    for (name, unit, digits), column in zip(_FIGURES, columns, strict=True):
        found[name] = [None if isnan(value) else round(value / unit, digits) for value in column]
    return found


def course_of(row: tuple[Any, ...]) -> NodeCourse:
    """Return the course that a row contains."""
    said = json_of(row[0], dict)
    start, times, course = said["start"], said["t"], NodeCourse(figure(said["step_sec"]))
    if not course.step_sec > 0 or len(times) > course.POINTS:
        raise ValueError("that is no course")
    columns = [[_figure(value, unit) for value in said[name]] for name, unit, _ in _FIGURES]
    for after_sec, *load, running in zip(times, *columns, strict=True):
        course.add(moment(figure(start) + figure(after_sec)), tuple(load), running)
    return course


def _figure(value: Any, unit: float) -> float:
    return nan if value is None else figure(value) * unit
