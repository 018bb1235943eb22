"""What the history keeps of the kinds of errors: a kind as a row of its table, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..core.cluster import ClusterState
from ..core.errorkinds import MOST_KINDS, Course, ErrorKind
from ..core.failures import Failure, failure_of, kind_id
from ..core.text import Cut
from .checking import count, figure, json_of, moment, serial, text

__all__ = ["ErrorKindRow", "ErrorKindsDue", "enter_error_kinds", "error_kind_of"]

_EVERY_SEC: Final = 5.0

# Steps of a course that a file may hold.
_MOST_STEPS: Final = 1_000


class ErrorKindRow:
    """A kind of error.

    Its text is made when it is written, without the registry's lock. If the kind changes
    meanwhile, it is written again.
    """

    def __init__(self, kind: str, state: ClusterState) -> None:
        self._kind = kind
        self._state = state

    def __iter__(self) -> Iterator[str]:
        """Yield the columns, but for the run's."""
        kind = self._state.error_kinds.kinds.get(self._kind)
        yield self._kind
        yield json.dumps(
            {"count": 0} if kind is None else _error_kind_json(kind), separators=(",", ":")
        )


def _error_kind_json(kind: ErrorKind) -> dict[str, Any]:
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
    """Which kinds of errors of a cluster have changed since they were last taken."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._taken_at = 0.0

    def take(self, now: float) -> Iterator[ErrorKindRow]:
        """Yield what is due at a beat: each changed kind every five seconds."""
        if abs(now - self._taken_at) >= _EVERY_SEC:
            self._taken_at = now
            yield from self.take_all()

    def take_all(self) -> Iterator[ErrorKindRow]:
        """Yield all that changed."""
        dirty = self._state.error_kinds.dirty
        for kind in list(dirty):
            del dirty[kind]
            yield ErrorKindRow(kind, self._state)


def error_kind_of(row: tuple[Any, ...], shift: int) -> ErrorKind:
    """Return the kind that a row says.

    Its id is made anew: the rules may be others than when it was written.

    :param shift: what to add to serial numbers.
    :raises Exception: one of :data:`~flask_dispy.history.checking.DAMAGE`: it can't be read.
    """
    said = json_of(row[1], dict)
    number = count(said["count"])
    if not number:
        return ErrorKind("", "", Failure("", ""), 0.0, "", Course(0.0))
    function, sample = text(said["function"]), text(said["sample"])
    failure = failure_of(sample) if sample else Failure(text(said["type"]), text(said["message"]))
    start, step_sec, *counts = said["course"]
    if not figure(step_sec) > 0 or len(counts) > _MOST_STEPS:
        raise ValueError("that is no course")
    course = Course(moment(start), step_sec, map(count, counts))
    sample = Cut(sample) if said["cut"] else sample
    kind = ErrorKind(
        kind_id(function, failure), function, failure, moment(said["first_at"]), sample, course
    )
    kind.last_at = moment(said["last_at"])
    kind.count, kind.late = number, bool(said["late"])
    kind.nodes = {text(ip_addr): count(n) for ip_addr, n in dict(said["nodes"]).items()}
    kind.latest.extend(serial(one) + shift for one in said["latest"])
    return kind


def enter_error_kinds(state: ClusterState, kept: Iterable[ErrorKind]) -> None:
    """Put kinds that were kept in the place of those of the jobs that were loaded.

    Where more jobs were loaded than one counts, it is of a moment before the run's last.
    """
    known = state.error_kinds
    kinds = known.kinds
    for kind in kept:
        there = kinds.get(kind.id)
        if there is None and len(kinds) >= MOST_KINDS:
            continue
        if kind.count and (there is None or kind.count >= there.count):
            kinds[kind.id] = kind
    counted = sum(kind.count for kind in kinds.values()) + len(known.unread)
    state.ledger.failed = max(state.ledger.failed, counted)
    known.other = state.ledger.failed - counted
