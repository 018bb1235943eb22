"""The kinds of errors of one cluster or several, as the API, the pages and the report read them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal, TypedDict, get_args

from ..core.cluster import ClusterState
from ..core.errorkinds import Course, ErrorKind
from ..core.text import Cut
from ..core.yielding import yield_now
from .shapes.base import Count

__all__ = [
    "ERROR_ORDERS",
    "ErrorCourseRow",
    "ErrorGroup",
    "ErrorKindRow",
    "ErrorNodeRow",
    "ErrorOrder",
    "ErrorPage",
    "KnownErrors",
    "course_row",
]

ErrorOrder = Literal["count", "share", "first_at", "last_at"]
ERROR_ORDERS: Final[tuple[ErrorOrder, ...]] = get_args(ErrorOrder)
"""What kinds of errors can be sorted by: figures of an :class:`ErrorGroup`."""

# Nodes of a kind that are listed: those with most failures. Serials: those of the latest.
_NODES: Final = 10
_LATEST: Final = 5


class ErrorNodeRow(TypedDict):
    """How many failures of a kind a node had."""

    ip_addr: str
    count: Count


class ErrorCourseRow(TypedDict):
    """How many failures came when: in steps of ``step_sec``, from ``start_at`` on."""

    start_at: float
    step_sec: float
    counts: list[Count]


class ErrorKindRow(TypedDict):
    """Failures that agree in function, type, and message without its values."""

    id: str
    function: str
    clusters: list[str]
    type: str
    message: str | None
    count: Count
    share: float | None
    new: bool
    first_at: float
    last_at: float
    nodes: list[ErrorNodeRow]
    nodes_total: Count
    course: ErrorCourseRow
    sample: str | None
    sample_truncated: bool
    serials: list[int]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Some of the kinds of errors there are.

    ``total`` counts the kinds, ``failed`` the failures of all of them, ``other`` those failures
    besides that belong to no kind: there were too many kinds, or the text is still being made.
    """

    total: int
    failed: int
    other: int
    items: list[ErrorKindRow]


class ErrorGroup:
    """What several clusters know of one kind of error."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, ErrorKind]] = []
        self.done = 0

    @property
    def count(self) -> int:
        """How many failures there were."""
        return sum(kind.count for _, kind in self.parts)

    @property
    def share(self) -> float:
        """The share of its function's jobs that it is."""
        return self.count / self.done if self.done else 0.0

    @property
    def first_at(self) -> float:
        """When it was first seen."""
        return self.first.first_at

    @property
    def last_at(self) -> float:
        """When it was last seen."""
        return max(kind.last_at for _, kind in self.parts)

    @property
    def first(self) -> ErrorKind:
        """The cluster's in which it was first seen."""
        return min((kind for _, kind in self.parts), key=lambda kind: kind.first_at)


class KnownErrors:
    """The kinds of errors of some clusters, as they are now. The caller holds the board's lock.

    Clusters of the same function share their kinds.
    """

    def __init__(self, states: Iterable[ClusterState]) -> None:
        self._states = list(states)
        self._known = [
            (state, state.ledger.done, list(state.error_kinds.kinds.items()))
            for state in self._states
        ]
        self._total = 0

    def chosen(
        self, *, sort: ErrorOrder, descending: bool, limit: int, offset: int
    ) -> list[ErrorGroup]:
        """Return some of the kinds, in order. Needs no lock, because it only reads numbers."""
        groups: dict[str, ErrorGroup] = {}
        done: Counter[str] = Counter()
        for state, ended, kinds in self._known:
            done[state.error_kinds.function] += ended
            for id_, kind in kinds:
                groups.setdefault(id_, ErrorGroup()).parts.append((state.name, kind))
            yield_now()
        for group in groups.values():
            group.done = done[group.parts[0][1].function]
        self._total = len(groups)
        choose = heapq.nlargest if descending else heapq.nsmallest
        by = attrgetter(sort, "last_at")
        return choose(offset + limit, groups.values(), key=by)[offset:]

    def page(self, chosen: Iterable[ErrorGroup], now: float) -> ErrorPage:
        """Return those that were chosen as a page. The caller holds the board's lock."""
        failed = sum(state.ledger.failed for state in self._states)
        other = sum(state.error_kinds.uncounted for state in self._states)
        return ErrorPage(self._total, failed, other, [_row(group, now) for group in chosen])


def _row(group: ErrorGroup, now: float) -> ErrorKindRow:
    first = group.first
    kinds = [kind for _, kind in group.parts]
    nodes: Counter[str] = Counter()
    for kind in kinds:
        nodes.update(kind.nodes)
    return {
        "id": first.id,
        "function": first.function,
        "clusters": [name for name, _ in group.parts],
        "type": first.failure.type,
        "message": first.failure.message,
        "count": group.count,
        "share": round(group.share, 6) if group.done else None,
        "new": first.is_new(now),
        "first_at": first.first_at,
        "last_at": group.last_at,
        "nodes": [{"ip_addr": ip, "count": n} for ip, n in nodes.most_common(_NODES)],
        "nodes_total": len(nodes),
        "course": _course(kinds),
        "sample": first.sample,
        "sample_truncated": isinstance(first.sample, Cut),
        "serials": sorted((s for kind in kinds for s in kind.latest), reverse=True)[:_LATEST],
    }


def _course(kinds: Sequence[ErrorKind]) -> ErrorCourseRow:
    course = kinds[0].course
    if len(kinds) > 1:
        steps = [kind.course.step_sec for kind in kinds]
        course = Course(min(kind.course.start for kind in kinds), max(steps))
        for kind in kinds:
            for at, count in kind.course:
                course.add(at, count)
    return course_row(course)


def course_row(course: Course) -> ErrorCourseRow:
    """Return a course as the API has it."""
    return {
        "start_at": course.start,
        "step_sec": course.step_sec,
        "counts": list(course.counts),
    }
