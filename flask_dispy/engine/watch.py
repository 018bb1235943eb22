"""What dispy tells of one cluster, turned into events.

dispy calls :attr:`Watch.callback` on threads that it needs for other things, so that call only
puts a tuple into a deque. All the rest happens later, on the pump's or a reader's thread:
:meth:`Watch.drain` takes what waits and makes events of it, with every text rendered.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from dispy import DispyJob, DispyNode

from ..core import events
from ..core.events import EndState, JobEnded, JobKey, JobQueued, JobStarted
from ..core.text import ending, plain_call, plain_text, type_name
from .faultlog import FaultLog
from .figures import NAME_LIMIT, figures_of, moment, name_text, relied_upon
from .render import TextRequest
from .turn import Report, Turn

__all__ = ["Callback", "Drained", "Later", "Watch", "job_key", "requests"]

logger = logging.getLogger("flask_dispy.engine")

Callback: TypeAlias = Callable[[int, Any, Any], None]

# dispy's numbers, as names that are looked up fast: each report is compared with several.
_CREATED: Final[int] = DispyJob.Created
_RUNNING: Final[int] = DispyJob.Running
_PROVISIONAL: Final[int] = DispyJob.ProvisionalResult
_ABANDONED: Final[int] = DispyJob.Abandoned
_NODE_NEWS: Final = frozenset((DispyNode.Initialized, DispyNode.Closed, DispyNode.AvailInfo))

_END_STATES: Final[dict[int, EndState]] = {
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}


# An event of its fields in their order, in half the time that the class itself takes.
_make: Final = tuple.__new__


def job_key(job: Any) -> JobKey:
    """Return what tells a job from any other: its address and the time it was submitted.

    dispy's ``_uid`` alone is a memory address, which a later job may get again.
    """
    return (job._uid, job.submit_time)


Later: TypeAlias = tuple[tuple[str, object], ...]
"""Texts that only a value's own ``__str__`` can make, as (field, value)."""

# A plain tuple, for several are made of every job that runs.
Drained: TypeAlias = tuple[events.Event, Any, Later]
"""An event; the job to hold while it lives (``None``: let go); the texts to be made later."""


class Watch:
    """The engine's end of one watched cluster.

    :param cluster: dispy's object, ``None`` for what arrives from clusters nobody added.
    :param text_limit: characters that a text keeps.
    :param inbox_limit: calls that may wait; what comes on top is counted and dropped.
    :param plain: render built-in values here; off when a redaction hook must see every text.

    ``jobs`` holds the live jobs by serial, to cancel them and to learn of ends that dispy does not
    report; whoever folds enters them, and lets them go when they ended.

    ``callback`` may be called from any thread; the other methods by one thread at a time, which
    the registry sees to.
    """

    def __init__(
        self, cluster: Any, *, text_limit: int, inbox_limit: int, plain: bool = True
    ) -> None:
        self.cluster = cluster
        self.text_limit = text_limit
        self.plain = plain
        self.inbox: deque[Report] = deque()
        self.nodes: dict[str, Any] = {}
        self.jobs: dict[int, Any] = {}
        self.faults = 0
        self._fault_log = FaultLog(logger)
        self._dropped = itertools.count()
        self._touched: dict[str, Any] = {}
        self._pulsed: dict[str, float] = {}
        # What was last told of each node: most of the time there is nothing new.
        self._told: dict[str, tuple[Any, ...]] = {}
        # The _uid of live jobs whose arguments are known from their first report.
        self._described: set[int] = set()
        self.callback: Callback = self._make_callback(inbox_limit)

    def _make_callback(self, limit: int) -> Callback:
        inbox, append, drop = self.inbox, self.inbox.append, self._dropped

        # dispy checks that a callback takes exactly these three arguments. The names are bound
        # here once, for dispy's thread waits while this runs.
        def cluster_status(status: int, node: Any, job: Any) -> None:
            if len(inbox) < limit:
                append((status, node, job))
            else:
                next(drop)

        cluster_status.at_once = cluster_status  # type: ignore[attr-defined]  # see compat

        def retire() -> None:
            nonlocal append
            append = _ignore
            inbox.clear()

        self.retire = retire
        return cluster_status

    retire: Callable[[], None]
    """Make the callback do nothing from now on, for somebody may go on calling it."""

    @property
    def dropped(self) -> int:
        """Calls that were dropped because the inbox was full."""
        # An itertools.count counts in one indivisible step, whatever thread calls; only its
        # repr, "count(7)", tells where it stands without taking a step.
        return int(repr(self._dropped)[len("count(") : -1])

    # -- draining ----------------------------------------------------------------------------

    def drain(self, limit: int, *, figures: bool = True) -> list[Drained]:
        """Return what the next *limit* calls come to.

        :param figures: with those of the nodes that were heard of, as they are now, at the end;
            without, a later turn brings them.
        """
        touched, readers = self._touched, _JOB_READERS
        found: list[Drained] = []
        turn = self._take(limit)
        told = turn.told
        for status, node, job in turn.reports:
            try:
                if job is not None and status in readers:
                    if status != _CREATED and job._uid in told:
                        continue
                    drained = readers[status](self, status, node, job, turn)
                    if drained is not None:
                        found.append(drained)
                elif status in _NODE_NEWS:
                    self._saw_node(status, node, found, turn.now)
                    continue
                if node is not None:
                    touched[node.ip_addr] = node
            except Exception:
                self.left_out()
        if figures:
            found.extend(self._node_figures())
        return found

    def _take(self, limit: int) -> Turn:
        reports: list[Report] = []
        take = self.inbox.popleft
        with contextlib.suppress(IndexError):  # a handler of signals may empty it meanwhile
            for _ in range(min(limit, len(self.inbox))):
                reports.append(take())
        return Turn(reports, time.time())

    def left_out(self) -> None:
        """Count and log the exception at hand, for which a report was left out."""
        self.faults += 1
        self._fault_log.exception("A status report of dispy's could not be read and was left out.")

    def refresh(self) -> list[Drained]:
        """Return the figures of all nodes, for dispy changes some without saying so."""
        self._touched.update(self.nodes)
        return self._node_figures()

    # -- nodes -------------------------------------------------------------------------------

    def _saw_node(self, status: int, node: Any, found: list[Drained], now: float) -> None:
        ip_addr = node.ip_addr
        if status == DispyNode.Closed:
            self._touched.pop(ip_addr, None)
            self._forget(ip_addr)
            found.append((self._node_seen(node), None, ()))
            found.append((events.NodeClosed(name_text(ip_addr), now), None, ()))
        elif status == DispyNode.Initialized:
            self._forget(ip_addr)
            self.nodes[ip_addr] = node
            found.append((self._node_seen(node, joined=True, at=now), None, ()))
        else:
            if status == DispyNode.AvailInfo:
                self._pulsed[ip_addr] = now
            self._touched[ip_addr] = node

    def _node_figures(self) -> list[Drained]:
        touched, self._touched = self._touched, {}
        pulsed, self._pulsed = self._pulsed, {}
        found: list[Drained] = []
        told, known = self._told, self.nodes
        for ip_addr, node in touched.items():
            try:
                pulsed_at = pulsed.get(ip_addr)
                now_told = figures_of(node)
                if ip_addr not in known:
                    told.pop(ip_addr, None)
                    if node.cpus > 0:
                        known[ip_addr] = node
                elif pulsed_at is None and told.get(ip_addr) == now_told:
                    continue
                else:
                    told[ip_addr] = now_told
                seen = self._node_seen(
                    node, now_told, pulse=pulsed_at is not None, at=pulsed_at or 0.0
                )
                found.append((seen, None, ()))
            except Exception:
                self.left_out()
        return found

    def adopt_nodes(self, nodes: list[Any]) -> list[Drained]:
        """Return the figures of *nodes*, which ``cluster.status()`` lists.

        Those that were not known join by it. The others are listed whether they live or not.
        """
        found: list[Drained] = []
        for node in nodes:
            if not node.update_time:
                continue  # dispy is setting it up, and reports it when that has come to an end
            joined = node.ip_addr not in self.nodes
            self.nodes[node.ip_addr] = node
            found.append((self._node_seen(node, joined=joined), None, ()))
        return found

    def gone(self, node: Any, now: float) -> Drained:
        """Return the event that a node is no longer listed."""
        self._forget(node.ip_addr)
        return (events.NodeClosed(name_text(node.ip_addr), now), None, ())

    def _forget(self, ip_addr: str) -> None:
        self.nodes.pop(ip_addr, None)
        self._told.pop(ip_addr, None)

    @staticmethod
    def _node_seen(
        node: Any,
        told: tuple[Any, ...] | None = None,
        *,
        joined: bool = False,
        pulse: bool = False,
        at: float = 0.0,
    ) -> events.NodeSeen:
        # In the order of the fields: by name it takes twice as long.
        return events.NodeSeen(
            name_text(node.ip_addr),
            *relied_upon(told or figures_of(node)),
            joined,
            pulse,
            at,
        )

    # -- jobs --------------------------------------------------------------------------------

    def _queued(self, _status: int, _node: Any, job: Any, turn: Turn) -> Drained:
        uid, submitted_at = job._uid, job.submit_time
        if uid in turn.ends:
            lived = self._lived(job, turn)
            if lived is not None:
                return lived
        live = _original(job)
        later: list[tuple[str, object]] = []
        job_id = self._id(live, later)
        args, kwargs = self._arguments(job, later)
        self._described.add(uid)
        event = _make(JobQueued, ((uid, submitted_at), submitted_at, job_id, args, kwargs, False))
        return (event, live, tuple(later) if later else ())

    def _lived(self, job: Any, turn: Turn) -> Drained | None:
        """Return the end of a job that is over in the turn in which it was submitted."""
        end = turn.end_of(job)
        if end is None or not self._has(end[1]):
            return None
        status, node, ended = end
        try:
            drained = self.ended(_END_STATES[status], node, ended, turn.now, submitted=job)
        except Exception:
            return None  # it is told when its turn comes
        turn.told.add(job._uid)
        self._touched[node.ip_addr] = node
        return drained

    def requeued(self, job: Any, now: float) -> Drained:
        """Return the event that *job* is back in the queue."""
        live = _original(job)
        later: list[tuple[str, object]] = []
        event = events.JobQueued(job_key(job), now, self._id(live, later), None, None, True)
        return (event, live, tuple(later))

    def _started(self, _status: int, node: Any, job: Any, turn: Turn) -> Drained | None:
        uid, submitted_at = job._uid, job.submit_time
        if uid in turn.ends and self._is_over(node, job, turn):
            return None
        live = _original(job)
        later: list[tuple[str, object]] = []
        job_id = self._id(live, later)
        args = kwargs = None
        if uid not in self._described:
            args, kwargs = self._arguments(job, later)
        event = _make(
            JobStarted,
            (
                (uid, submitted_at),
                moment(job.start_time, turn.now),
                submitted_at,
                name_text(node.ip_addr if node is not None else job.ip_addr),
                job_id,
                args,
                kwargs,
            ),
        )
        return (event, live, tuple(later) if later else ())

    def _is_over(self, node: Any, job: Any, turn: Turn) -> bool:
        """Whether a run that began ended in the same turn, and nothing else is to be learnt."""
        if not turn.covers(node, job):
            return False
        return job._uid in self._described and self._has(node)

    def _has(self, node: Any) -> bool:
        # Of a node that is new and has left again, only the run tells that it was there.
        return node.ip_addr in self.nodes and bool(node.cpus > 0)

    def _progressed(self, _status: int, node: Any, job: Any, turn: Turn) -> Drained:
        live = _original(job)
        later: list[tuple[str, object]] = []
        text = self._text("provisional_result", job.result, later)
        where = node.ip_addr if node is not None else job.ip_addr
        event = events.JobProgressed(
            job_key(job),
            moment(job.start_time, turn.now),
            job.submit_time,
            name_text(where) if where else None,
            self._id(live, later),
            text or "",
        )
        return (event, live, tuple(later))

    def _given_up(self, status: int, node: Any, job: Any, turn: Turn) -> Drained | None:
        if job.status == _CREATED:
            return self.requeued(job, turn.now)
        return self._ended(status, node, job, turn)

    def _ended(self, status: int, node: Any, job: Any, turn: Turn) -> Drained | None:
        return self.ended(_END_STATES[status], node, job, turn.now)

    def ended(
        self, state: EndState, node: Any, job: Any, now: float, *, submitted: Any = None
    ) -> Drained:
        """Return the event that *job* ended in *state*, with all that it left behind.

        :param submitted: the job as it was submitted, if that was not told: dispy drops its
            arguments when it ends.
        """
        later: list[tuple[str, object]] = []
        uid, submitted_at = job._uid, job.submit_time
        self._described.discard(uid)
        args, kwargs = (None, None) if submitted is None else self._arguments(submitted, later)
        where = node.ip_addr if node is not None else job.ip_addr
        result, stdout, stderr, exception = job.result, job.stdout, job.stderr, job.exception
        event = _make(
            JobEnded,
            (
                (uid, submitted_at),
                moment(job.end_time, now),
                submitted_at,
                moment(job.start_time, 0.0) or None,
                name_text(where) if where else None,
                state,
                self._id(job, later),
                args,
                kwargs,
                # None is what every function returns that returns nothing, and says nothing.
                None if result is None else self._text("result", result, later),
                self._output("stdout", stdout, later) if stdout else None,
                self._output("stderr", stderr, later) if stderr else None,
                self._output("exception", exception, later) if exception else None,
            ),
        )
        return (event, None, tuple(later) if later else ())

    # -- texts -------------------------------------------------------------------------------

    def _id(self, job: Any, later: list[tuple[str, object]]) -> str:
        job_id = job.id
        if type(job_id) is int and -(2**63) < job_id < 2**63:
            return str(job_id)
        text = plain_text(job_id, NAME_LIMIT)
        if text is None:
            later.append(("id", job_id))
            return f"<{type_name(job_id)}>"
        return text

    def _arguments(
        self, job: Any, later: list[tuple[str, object]]
    ) -> tuple[str | None, str | None]:
        args, kwargs = job._args, job._kwargs
        texts = plain_call(args, kwargs, self.text_limit) if self.plain else None
        if texts is not None:
            return texts
        later.append(("args", tuple(args)))
        if kwargs:
            later.append(("kwargs", dict(kwargs)))
        return None, None if kwargs else ""

    def _text(self, field: str, value: object, later: list[tuple[str, object]]) -> str:
        if self.plain:
            text = plain_text(value, self.text_limit)
            if text is not None:
                return text
        later.append((field, value))
        return ""

    def _output(self, field: str, value: Any, later: list[tuple[str, object]]) -> str | None:
        """Return what a job wrote; of much, the end, for there the error stands."""
        if not value:
            return None
        if type(value) is bytes:  # dispy hands out bytes for what a program wrote
            # A character takes four bytes at most.
            value = value[-4 * self.text_limit - 4 :].decode(errors="replace")
        if self.plain and type(value) is str:
            return ending(value, self.text_limit)
        return self._text(field, value, later)


# How each report of a job is read: by (watch, status, node, job, turn).
_JOB_READERS: Final[dict[int, Callable[[Watch, int, Any, Any, Turn], Drained | None]]] = {
    _CREATED: Watch._queued,
    _RUNNING: Watch._started,
    _PROVISIONAL: Watch._progressed,
    _ABANDONED: Watch._given_up,
    **dict.fromkeys(_END_STATES.keys() - {_ABANDONED}, Watch._ended),
}


def requests(later: Later, serial: int) -> list[TextRequest]:
    """Return the texts to be made for the job that got *serial*."""
    return [TextRequest(serial, field, value) for field, value in later]


def _ignore(_item: object) -> None:
    pass


def _original(job: Any) -> Any:
    """Return the job that the user holds, for the copy that a callback is given.

    The user's own job carries the id that was set after submitting, and its status goes on
    changing; dispy holds it as long as it is queued or runs.
    """
    try:
        original = job._dispy_job_.job
    except AttributeError:  # dispy has done with the job, or it is none of dispy's
        return job
    return job if original is None else original
