"""Values of custom columns: for which nodes and jobs their functions are called, and how."""

from __future__ import annotations

import copy
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ...core import events
from ...core.columns import TEXT_LIMIT, Column, ColumnValue, plain_value
from ...core.events import JobKey
from ...core.text import type_name
from .render import Redact, redacted
from .usercode import Interrupted, Reason, UserCode

__all__ = ["ColumnReader", "JobSubject", "NodeSubject", "Subjects"]

logger = logging.getLogger("flask_dispy.engine")

# How many nodes and jobs may wait for their columns to be read.
_QUEUE_LIMIT: Final = 20_000

# A busy node is reported many times a second.
_LEAST_NODE_SEC: Final = 1.0

# A column that took too long is not read for this long; its source may be back then.
_REST_SEC: Final = 60.0

# A redacted text may be a little longer; if it is too long, the value is unknown.
_REDACTED_LIMIT: Final = 2 * TEXT_LIMIT


class NodeSubject(NamedTuple):
    """A node whose columns are read: dispy's live object, and the target of its values."""

    state: object
    ip_addr: str
    node: Any


class JobSubject(NamedTuple):
    """A job whose columns are read: a copy of dispy's object, and the target of its values."""

    serial: int
    job: Any


class Subjects:
    """The nodes and jobs of one cluster that were reported since they were last taken.

    One thread at a time uses it, while reports are read. ``nodes`` has dispy's live objects, by
    address; ``jobs`` has copies of its objects.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Any] = {}
        self.jobs: dict[JobKey, Any] = {}
        self._noted_at: dict[str, float] = {}
        # The arguments of jobs that have not ended, because dispy drops them earlier.
        self._arguments: dict[JobKey, tuple[Any, Any]] = {}

    def note_node(self, node: Any, *, joined: bool = False) -> None:
        """Note a report on a node, at most one a second."""
        now = time.monotonic()
        if joined or now - self._noted_at.get(node.ip_addr, -_LEAST_NODE_SEC) >= _LEAST_NODE_SEC:
            self._noted_at[node.ip_addr] = now
            self.nodes[node.ip_addr] = node

    def forget_node(self, ip_addr: str) -> None:
        """Note that a node left."""
        self._noted_at.pop(ip_addr, None)
        self.nodes.pop(ip_addr, None)

    def note_job(self, key: JobKey, job: Any, job_id: Any, *, ended: bool = False) -> None:
        """Note a report on a job, with the job's present state.

        :param job_id: the id that its program gave it meanwhile.
        """
        if ended:
            arguments = self._arguments.pop(key, None)
        else:
            arguments = self._arguments.setdefault(key, (job._args, job._kwargs))
        job = copy.copy(job)
        job.id = job_id
        if arguments is not None:
            job._args, job._kwargs = arguments
        self.jobs[key] = job

    def take(self) -> tuple[dict[str, Any], dict[JobKey, Any]]:
        """Return the nodes and jobs that were noted, and forget them."""
        nodes, self.nodes = self.nodes, {}
        jobs, self.jobs = self.jobs, {}
        return nodes, jobs


class ColumnReader(UserCode[NodeSubject | JobSubject, tuple[ColumnValue, ...]]):
    """Calls the functions of custom columns for nodes and jobs.

    :param deliver: called with an event and its state (``None``: the one that has the job), on any
        thread.
    :param redact: called with each text of a job's column, and the column's name.
    :param time_limit_sec: how long all columns of one node or job may take.

    ``failures`` counts the values of each column that are unknown because of its function.
    Thread-safe.
    """

    def __init__(
        self,
        deliver: Callable[[events.Event, object], None],
        nodes: Sequence[Column],
        jobs: Sequence[Column],
        *,
        redact: Redact | None = None,
        time_limit_sec: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("flask_dispy-columns", limit=_QUEUE_LIMIT, time_limit_sec=time_limit_sec)
        self._deliver = deliver
        self._nodes, self._jobs = tuple(nodes), tuple(jobs)
        self._redact = redact
        self._clock = clock
        self.failures = Counter[str]()
        self._resting: dict[Column, float] = {}
        self._asked: Column | None = None
        self._known: list[ColumnValue] = []
        self._pending: set[tuple[object, str]] = set()  # the nodes that wait

    def ask(self, subject: NodeSubject | JobSubject) -> bool:
        """Queue the columns of a node or job to be read. Called by one thread at a time.

        Return whether this adds an event: a node that waits already is read once.
        """
        if isinstance(subject, NodeSubject):
            if subject[:2] in self._pending:
                return False
            self._pending.add(subject[:2])
        self.submit(subject)
        return True

    def _columns(self, subject: NodeSubject | JobSubject) -> tuple[Column, ...]:
        return self._nodes if isinstance(subject, NodeSubject) else self._jobs

    def _answer(self, request: NodeSubject | JobSubject) -> tuple[ColumnValue, ...]:
        is_job = isinstance(request, JobSubject)
        about = request[-1]
        self._done(request)
        self._known = known = []
        for column in self._columns(request):
            self._asked = column
            known.append(self._value(column, about, is_job=is_job))
        self._asked = None
        return tuple(known)

    def _value(self, column: Column, about: Any, *, is_job: bool) -> ColumnValue:
        if self._resting.get(column, 0.0) > self._clock():
            return None
        try:
            value = plain_value(column.value(about), column.type)
            if is_job and self._redact is not None and type(value) is str:
                value = plain_value(redacted(self._redact, value, column.name, _REDACTED_LIMIT))
        except Interrupted:
            raise
        except BaseException as error:
            self.failures[column.name] += 1
            message = (
                f"The column {column.name} has no value: its function failed "
                f"({type_name(error)}). It shows as unknown."
            )
            self._faults.append((message, error))
            return None
        return value

    def _done(self, request: NodeSubject | JobSubject) -> None:
        if isinstance(request, NodeSubject):
            self._pending.discard(request[:2])

    def _take(self, request: NodeSubject | JobSubject, answer: tuple[ColumnValue, ...]) -> None:
        if isinstance(request, NodeSubject):
            self._deliver(events.NodeValues(request.ip_addr, answer), request.state)
        else:
            self._deliver(events.JobValues(request.serial, answer), None)

    def _give_up(self, request: NodeSubject | JobSubject, reason: Reason) -> None:
        self._done(request)
        names = [column.name for column in self._columns(request)]
        # Of one that is late, the columns before the one that hangs are known.
        known = self._known[: len(names)] if reason == "late" else []
        if reason != "late":
            self.failures.update(names)
        self._take(request, (*known, *[None] * (len(names) - len(known))))

    def _blame(self) -> None:
        column = self._asked
        if column is not None:
            self._resting[column] = self._clock() + _REST_SEC
            self.failures[column.name] += 1
            logger.warning(
                "The function of the column %s took more than %g s and was interrupted. It shows "
                "as unknown, and is not called for %g s.",
                column.name, self._time_limit_sec, _REST_SEC,
            )  # fmt: skip
