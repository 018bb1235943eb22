"""The kinds of errors in the history: a kind as a row of its table, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

from ..core.cluster import ClusterState
from ..core.errorkinds import MOST_KINDS, Course, ErrorKind, ErrorKinds
from ..core.failures import Failure, failure_of, kind_id
from ..core.text import Cut
from .checking import count, course, json_of, moment, serial, text
from .records import LateRow

__all__ = [
    "ErrorKindRow",
    "ErrorKindsDue",
    "enter_error_kinds",
    "error_kind_of",
    "error_kind_row",
]

_EVERY_SEC: Final = 5.0


class ErrorKindRow(LateRow):
    """A kind of error, by its id."""


def error_kind_row(kinds: ErrorKinds, id_: str) -> ErrorKindRow:
    """Return the row of a kind, as it is when it is written."""
    return ErrorKindRow(id_, partial(_error_kind_json, kinds, id_))


def _error_kind_json(kinds: ErrorKinds, id_: str) -> dict[str, Any]:
    kind = kinds.kinds.get(id_)
    if kind is None:
        return {"count": 0}
    course = kind.course
    return {
        "function": kind.function,
        "type": kind.failure.type,
        "message": kind.failure.message,
        "count": kind.count,
        "first_at": kind.first_at,
        "last_at": kind.last_at,
        "late": kind.late,
        "nodes": dict(kind.nodes),
        "course": [course.start, course.step_sec, *course.counts],
        "sample": kind.sample,
        "cut": isinstance(kind.sample, Cut),
        "latest": list(kind.latest),
    }


class ErrorKindsDue:
    """The kinds of errors of a cluster that have changed since they were last taken."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._taken_at = 0.0

    def take(self, now: float, *, last: bool = False) -> Iterator[ErrorKindRow]:
        """Yield the kinds that are due, each changed one every five seconds; at *last* all."""
        if abs(now - self._taken_at) < _EVERY_SEC and not last:
            return
        self._taken_at = now
        dirty = self._state.error_kinds.dirty
        for kind in list(dirty):
            del dirty[kind]
            yield error_kind_row(self._state.error_kinds, kind)


def error_kind_of(row: tuple[Any, ...], shift: int) -> ErrorKind:
    """Return the kind that a row describes.

    Its id is made anew, because the rules may have changed since it was written.

    :param shift: what to add to serial numbers.
    """
    said = json_of(row[1], dict)
    number = count(said["count"])
    if not number:
        return ErrorKind("", "", Failure("", ""), 0.0, "", Course(0.0))
    function, sample = text(said["function"]), text(said["sample"])
    failure = failure_of(sample) if sample else Failure(text(said["type"]), text(said["message"]))
    sample = Cut(sample) if said["cut"] else sample
    kind = ErrorKind(
        kind_id(function, failure),
        function,
        failure,
        moment(said["first_at"]),
        sample,
        course(said["course"]),
    )
    kind.last_at = moment(said["last_at"])
    kind.count, kind.late = number, bool(said["late"])
    kind.nodes = {text(ip_addr): count(n) for ip_addr, n in dict(said["nodes"]).items()}
    kind.latest.extend(serial(one) + shift for one in said["latest"])
    return kind


def enter_error_kinds(state: ClusterState, kept: Iterable[ErrorKind]) -> None:
    """Replace the kinds that were counted from loaded jobs with those that the file keeps.

    A kept kind with a lower count was written before the run's end, so it replaces nothing.
    """
    known = state.error_kinds
    kinds = known.kinds
    for kind in kept:
        there = kinds.get(kind.id)
        if there is None and len(kinds) >= MOST_KINDS:
            continue
        if there is None or kind.count >= there.count:
            kinds[kind.id] = kind
    counted = sum(kind.count for kind in kinds.values()) + len(known.unread)
    state.ledger.failed = max(state.ledger.failed, counted)
    known.other = state.ledger.failed - counted
