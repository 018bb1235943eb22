"""The kinds of errors of a cluster's jobs, counted over the whole run, including dropped jobs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .failures import Failure, failure_of, kind_id
from .jobs import Job

__all__ = ["MOST_KINDS", "NEW_SEC", "Course", "ErrorKind", "ErrorKinds"]

MOST_KINDS: Final = 500
"""How many kinds of errors are kept for one cluster; failures of further kinds count as other."""

NEW_SEC: Final = 600.0
"""A kind is new for this long, if the run had gone on for a while without it."""

# After this, a run has shown the errors that it had from the start.
_SETTLED_JOBS: Final = 100
_SETTLED_SEC: Final = 60.0

# How many nodes of a kind are counted, and how many serial numbers of its latest jobs are kept.
_MOST_NODES: Final = 100
_LATEST: Final = 5

_BUCKETS: Final = 48
_LEAST_STEP_SEC: Final = 1.0


@dataclass(slots=True, eq=False)
class Course:
    """Counts over time, in at most 48 equal steps, whose length doubles as time goes on.

    :param start: when the first step begins, in epoch seconds.
    """

    start: float
    step_sec: float = _LEAST_STEP_SEC
    counts: list[int] = field(default_factory=list)

    def add(self, at: float, count: int = 1) -> None:
        """Count an occurrence at *at*; one before the start belongs to the first step."""
        step = max(0, int((at - self.start) / self.step_sec))
        while step >= _BUCKETS:
            self.double()
            step //= 2
        if step >= len(self.counts):
            self.counts.extend([0] * (step + 1 - len(self.counts)))
        self.counts[step] = max(0, self.counts[step] + count)

    def double(self) -> None:
        """Make each step twice as long."""
        counts = [*self.counts, 0]
        self.counts = [counts[i] + counts[i + 1] for i in range(0, len(self.counts), 2)]
        self.step_sec *= 2

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """Yield (middle of the step, count) for each step with occurrences."""
        for step, count in enumerate(self.counts):
            if count:
                yield self.start + (step + 0.5) * self.step_sec, count


@dataclass(slots=True, eq=False)
class ErrorKind:
    """Failures with the same function, exception type, and message without its values.

    ``nodes`` counts failures by node, for the first hundred nodes; ``late`` is whether the run had
    gone on for a while before the first failure; ``sample`` is that failure's text; ``latest`` has
    the newest serial numbers, the latest one last.
    """

    id: str
    function: str
    failure: Failure
    first_at: float
    sample: str
    course: Course
    count: int = 0
    last_at: float = 0.0
    late: bool = False
    nodes: dict[str, int] = field(default_factory=dict)
    latest: deque[int] = field(default_factory=lambda: deque(maxlen=_LATEST))

    def add(self, serial: int, node: str | None, at: float) -> None:
        """Count a failure."""
        self.count += 1
        self.first_at, self.last_at = min(self.first_at, at), max(self.last_at, at)
        if node is not None and (node in self.nodes or len(self.nodes) < _MOST_NODES):
            self.nodes[node] = self.nodes.get(node, 0) + 1
        self.course.add(at)
        self.latest.append(serial)

    def remove(self, serial: int, node: str | None, at: float) -> None:
        """Uncount a failure."""
        self.count -= 1
        if node in self.nodes:
            self.nodes[node] -= 1
            if not self.nodes[node]:
                del self.nodes[node]
        self.course.add(at, -1)
        if serial in self.latest:
            self.latest.remove(serial)

    def is_new(self, now: float) -> bool:
        """Whether it first occurred lately, in a run that had gone on for a while without it."""
        return self.late and now - self.first_at < NEW_SEC


class ErrorKinds:
    """The failures of one cluster by kind. Guarded by the hub's lock.

    :param function: the name of the jobs' function.
    :param started_at: when watching began, in epoch seconds.

    Each failed job counts in one of ``kinds``, in ``other`` if these are full, or in ``unread``
    while its text is being rendered, so their sum is the number of failed jobs. ``unread`` has the
    job's node, its end, and whether it was late, by serial number; ``dirty`` has the ids of kinds
    that changed since the history stored them.
    """

    def __init__(self, function: str, started_at: float) -> None:
        self.function = function
        self.kinds: dict[str, ErrorKind] = {}
        self.other = 0
        self.unread: dict[int, tuple[str | None, float, bool]] = {}
        self.dirty: dict[str, None] = {}
        self._started_at = started_at

    def note(self, job: Job, *, ended: int = 0, since: float | None = None) -> None:
        """Count a job that failed.

        :param ended: how many of the cluster's jobs have ended.
        :param since: when the first of them had; ``None`` if it is not known.
        """
        at = job.ended_at or 0.0
        late = since is not None and ended > _SETTLED_JOBS and at - since >= _SETTLED_SEC
        if job.exception:
            job.error_kind = self._count(job.serial, job.node, at, late, job.exception)
        else:
            self.unread[job.serial] = (job.node, at, late)

    def count_text(self, serial: int, text: str) -> str | None:
        """Return the kind of a job whose text was rendered, ``None`` if it was not waited for."""
        waited = self.unread.pop(serial, None)
        return None if waited is None else self._count(serial, *waited, text)

    def _count(self, serial: int, node: str | None, at: float, late: bool, text: str) -> str:
        failure = failure_of(text)
        id_ = kind_id(self.function, failure)
        kind = self.kinds.get(id_)
        if kind is None:
            if len(self.kinds) >= MOST_KINDS:
                self.other += 1
                return id_
            course = Course(self._started_at)
            kind = self.kinds[id_] = ErrorKind(id_, self.function, failure, at, text, course)
            kind.late = late
        kind.add(serial, node, at)
        self.dirty[id_] = None
        return id_

    def release(self, jobs: Iterable[Job]) -> None:
        """Uncount the failed ones of these jobs, because another cluster adopts them."""
        for job in jobs:
            if not job.failed or self.unread.pop(job.serial, None) is not None:
                continue
            kind = self.kinds.get(job.error_kind or "")
            if kind is None:
                self.other -= 1
                continue
            kind.remove(job.serial, job.node, job.ended_at or 0.0)
            if not kind.count:
                del self.kinds[kind.id]
            self.dirty[kind.id] = None

    @property
    def uncounted(self) -> int:
        """Failed jobs that are in none of ``kinds``."""
        return self.other + len(self.unread)
