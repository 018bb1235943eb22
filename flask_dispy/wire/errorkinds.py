"""The kinds of errors of one cluster or several, as the API, the pages and the report read them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypedDict

from ..core.cluster import ClusterState
from ..core.errorkinds import Course, ErrorKind
from ..core.text import Cut

__all__ = [
    "ERROR_ORDERS",
    "ErrorCourseRow",
    "ErrorKindRow",
    "ErrorNodeRow",
    "ErrorOrder",
    "ErrorPage",
    "course_row",
    "error_page",
]

Count = Annotated[int, ("minimum", 0)]

ErrorOrder = Literal["count", "share", "first_at", "last_at"]
ERROR_ORDERS: Final[tuple[ErrorOrder, ...]] = ("count", "share", "first_at", "last_at")
"""What kinds of errors can be sorted by."""

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


class _Group:
    """What several clusters know of one kind of error."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, ErrorKind]] = []
        self.done = 0

    @property
    def count(self) -> int:
        return sum(kind.count for _, kind in self.parts)

    @property
    def share(self) -> float:
        return self.count / self.done if self.done else 0.0

    @property
    def first_at(self) -> float:
        return self.first.first_at

    @property
    def last_at(self) -> float:
        return max(kind.last_at for _, kind in self.parts)

    @property
    def first(self) -> ErrorKind:
        """The cluster's in which it was first seen."""
        return min((kind for _, kind in self.parts), key=lambda kind: kind.first_at)


_ORDERS: Final[dict[ErrorOrder, Callable[[_Group], float]]] = {
    "count": lambda group: group.count,
    "share": lambda group: group.share,
    "first_at": lambda group: group.first_at,
    "last_at": lambda group: group.last_at,
}


def error_page(
    states: Iterable[ClusterState],
    now: float,
    *,
    sort: ErrorOrder = "count",
    descending: bool = True,
    limit: int,
    offset: int = 0,
) -> ErrorPage:
    """Return some of the clusters' kinds of errors. The caller holds the board's lock.

    Clusters of the same function share their kinds.
    """
    groups: dict[str, _Group] = {}
    done: Counter[str] = Counter()
    failed = other = 0
    for state in states:
        kinds = state.error_kinds
        done[kinds.function] += state.ledger.done
        failed += state.ledger.failed
        other += kinds.uncounted
        for id_, kind in kinds.kinds.items():
            groups.setdefault(id_, _Group()).parts.append((state.name, kind))
    for group in groups.values():
        group.done = done[group.parts[0][1].function]
    choose = heapq.nlargest if descending else heapq.nsmallest
    by = _ORDERS[sort]
    chosen = choose(offset + limit, groups.values(), key=lambda group: (by(group), group.last_at))
    return ErrorPage(len(groups), failed, other, [_row(group, now) for group in chosen[offset:]])


def _row(group: _Group, now: float) -> ErrorKindRow:
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
