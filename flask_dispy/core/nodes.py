"""One node as one cluster sees it, and its row."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from .columns import ColumnValue
from .events import Departure, Load, NodeSeen
from .jobs import Job
from .series import NodeSeries
from .tally import Tally

__all__ = [
    "GONE_STATES",
    "NODE_CHANGES",
    "NODE_STATES",
    "Census",
    "Node",
    "NodeChange",
    "NodeState",
]

NodeState = Literal["up", "silent", "lost", "closed"]
NodeChange = Literal["joined", "silent", "heard", "lost", "closed", "deallocated"]

NODE_STATES: Final[tuple[NodeState, ...]] = get_args(NodeState)
"""The states of a node.

``up``: it is the cluster's. ``silent``: it is, but a sign of life is overdue. ``lost``: it died or
was cut off while it had work to do or a pulse to give. ``closed``: somebody closed or deallocated
it, it said goodbye with nothing left to do, or the cluster ended.
"""

NODE_CHANGES: Final[tuple[NodeChange, ...]] = get_args(NodeChange)
"""What can happen to a node."""

GONE_STATES: Final[frozenset[NodeState]] = frozenset(("lost", "closed"))
"""The states of a node that is no longer the cluster's."""

# Events of a node that are kept, the latest.
_MOST_PAST: Final = 30

# A node whose pulse is overdue by this many intervals when dispy gives it up had one to give.
_MISSED_PULSES: Final = 3

# Figures of a node's load that are older are old.
_OLD_SEC: Final = 60

# Reports are taken in a few times a second, so shorter gaps than this are not told apart.
_LEAST_PULSE_SEC: Final = 0.5


class Node:
    """A node's figures as its cluster last told them. Guarded by the registry's lock.

    dispy counts a node's jobs, time and bytes from zero when it joins anew. A total that falls
    therefore ended a life, and what that life had reached is carried on, so that the row counts
    all lives of the node. The CPU time also falls, a little, when the node's clock is set back
    during a job; so only a fall in jobs done with it tells of a new life.

    ``updated_at`` is the last sign of life: dispy's own ``update_time``, or a pulse that dispy
    reported without noting it there, as a SharedJobCluster does. ``clock_offset_sec`` is by how
    much the node's clock is ahead of ours, ``None`` while that is next to nothing or not known;
    ``load_at`` is when it told its load.
    """

    __slots__ = (
        "_carried",
        "_figures",
        "_last",
        "_pulsed_at",
        "_reported_at",
        "abandoned",
        "avail_cpus",
        "busy",
        "cells",
        "clock_offset_sec",
        "columns",
        "counted",
        "cpus",
        "ip_addr",
        "left",
        "load",
        "load_at",
        "name",
        "past",
        "pulse_sec",
        "running",
        "series",
        "state",
        "tally",
        "texts",
        "totals",
        "updated_at",
    )

    def __init__(self, ip_addr: str) -> None:
        self.ip_addr = ip_addr
        self.name = ""
        self.cpus = 0
        self.avail_cpus = 0
        self.busy = 0
        self.updated_at = 0.0
        self.load: Load | None = None
        self.clock_offset_sec: float | None = None
        self.pulse_sec: float | None = None  # observed; None for a node that sends none
        self.counted: tuple[NodeState, int, float] | None = None
        self.state: NodeState = "up"
        self.left: Departure | None = None  # why it is gone; None while it is not
        self.abandoned = False  # whether jobs were abandoned on it since it joined
        self.running: dict[int, Job] = {}
        # What happened to it: (at, event), the last few.
        self.past: list[tuple[float, NodeChange]] | None = None
        self.series: NodeSeries | None = None
        # The custom columns' values, in their order; empty before there were any.
        self.columns: tuple[ColumnValue, ...] = ()
        self.tally: Tally | None = None  # of the jobs that ended there; made with the first
        # jobs_done, cpu_time, tx, rx: of all lives, of the lives before, as last reported
        self.totals: tuple[float, ...] = (0, 0.0, 0, 0)
        self._carried: tuple[float, ...] = (0, 0.0, 0, 0)
        self._last: tuple[float, ...] = (0, 0.0, 0, 0)
        self._figures: tuple[object, ...] = ()  # as last reported, but for load and time
        self._reported_at = 0.0
        self._pulsed_at = 0.0
        self.load_at = 0.0
        # What was made of the row, for those who make it: cleared here, and never looked into.
        self.texts: Any = None
        self.cells: Any = None

    def update(self, seen: NodeSeen) -> bool:
        """Take in what dispy tells; return whether anything in the row changed."""
        # All at once: by name each takes as long as unpacking them all.
        (_, name, cpus, avail_cpus, busy, jobs_done, cpu_time, tx, rx, updated_at, load, joined,
         pulse, at, clock_offset_sec) = seen  # fmt: skip
        before = self.updated_at, self.state, self.clock_offset_sec
        self.clock_offset_sec = clock_offset_sec
        figures = (name, cpus, avail_cpus, busy, jobs_done, cpu_time, tx, rx)
        changed = figures != self._figures
        if changed:
            self._figures = figures
            self.name, self.cpus, self.avail_cpus, self.busy = name, cpus, avail_cpus, busy
            self._count_up((jobs_done, cpu_time, tx, rx))
        # Not "later than": after the clock was set back, signs of life are earlier ones.
        alive = updated_at not in (0.0, self._reported_at)
        if alive:
            self.updated_at = self._reported_at = updated_at
        elif pulse:
            alive = True
            self.updated_at = max(at, self.updated_at)
        fresh = load is not None and load != self.load
        if fresh:
            self.load = load
        if fresh or (pulse and load is not None):
            self.load_at = at or self.updated_at
        if joined or self.state == "silent":
            self._pulsed_at = 0.0  # the gap before this pulse is none between two
        # A scheduler repeats a node's last pulse after each job, whether nodes pulse or not; a
        # pulse of the node's own brings figures of its own.
        if pulse and fresh:
            self._learn_pulse(at or self.updated_at)
        if joined:
            self.left = None
            self.abandoned = False
            self._become("up", "joined", at)
        elif self.state == "silent" and alive:
            self._become("up", "heard", self.updated_at)
        return changed or fresh or before != (self.updated_at, self.state, clock_offset_sec)

    def leave(self, at: float, why: Departure, *, jobs_wait: bool) -> None:
        """Note that the node is no longer the cluster's.

        :param jobs_wait: whether jobs waited in the cluster's queue.
        """
        lost = self._is_missed(at, why, jobs_wait=jobs_wait)
        self.left = why
        if lost:
            self._become("lost", "lost", at)
        else:
            self._become("closed", "deallocated" if why == "deallocated" else "closed", at)
        self.busy = 0
        self._figures = ()

    def _is_missed(self, at: float, why: Departure, *, jobs_wait: bool) -> bool:
        """Whether the node had work to do, or a pulse to give, when it left.

        dispy reports a node that died and one that was shut down alike. What was expected of the
        node tells them apart: one that leaves jobs behind, or that can't be reached when a job is
        to be sent there, or whose pulse is overdue, is missed; one that leaves while there is
        nothing to do is not.
        """
        if why in ("closed", "deallocated"):
            return False
        silent = self.state == "silent"
        if why == "ended":
            # A node without pulses may have been taken for silent because jobs of others waited.
            return silent and (self.pulse_sec is not None or self.load is not None)
        unheard_sec = at - self.updated_at
        overdue = self.pulse_sec is not None and unheard_sec > _MISSED_PULSES * self.pulse_sec
        return silent or overdue or jobs_wait or self.abandoned or bool(self.running)

    def note_abandoned(self, at: float) -> bool:
        """Note that dispy abandoned a job on the node; return whether that changed its state.

        The report of the job may come after that of the node.
        """
        self.abandoned = True
        if self.state != "closed" or self.left != "given_up":
            return False
        past = self.past
        if past and past[-1][1] == "closed":
            at, _ = past.pop()  # it was lost at that time
        self._become("lost", "lost", at)
        return True

    def fall_silent(self, at: float) -> None:
        """Note that the node has given no sign of life for too long."""
        self._become("silent", "silent", at)

    def _become(self, state: NodeState, event: NodeChange, at: float) -> None:
        self.state = state
        if at:
            self.note(at, event)

    def note(self, at: float, event: NodeChange) -> None:
        """Keep in mind that something happened to the node."""
        past = self.past = self.past or []
        past.append((at, event))
        del past[:-_MOST_PAST]

    def _learn_pulse(self, at: float) -> None:
        """Learn how often pulses come: the longest gap lately.

        Not the latest: what looks like a pulse may come between two, when CPUs are set.
        """
        if self._pulsed_at:
            gap = max(_LEAST_PULSE_SEC, at - self._pulsed_at)
            self.pulse_sec = max(gap, 0.9 * (self.pulse_sec or 0.0))
        self._pulsed_at = at

    def _count_up(self, reported: tuple[float, ...]) -> None:
        """Take in the totals of the node's present life."""
        if reported == self._last:
            return
        jobs_done, cpu_time, tx, rx = reported
        last, carried = self._last, self._carried
        if jobs_done >= last[0] and cpu_time >= last[1] and tx >= last[2] and rx >= last[3]:
            # None fell, as almost always.
            self._last = reported
            self.totals = (carried[0] + jobs_done, carried[1] + cpu_time, carried[2] + tx,
                           carried[3] + rx)  # fmt: skip
            return
        fell = [now < before for now, before in zip(reported, self._last, strict=True)]
        fell[1] = fell[1] and fell[0]
        if any(fell):
            self._carried = tuple(
                total if gone else carried
                for gone, total, carried in zip(fell, self.totals, self._carried, strict=True)
            )
        self._last = reported
        self.totals = tuple(a + b for a, b in zip(self._carried, reported, strict=True))

    def sample(self, at: float) -> None:
        """Add the node's load to its series."""
        if self.load is not None or self.running or self.series is not None:
            if self.series is None:
                self.series = NodeSeries()
            is_old = at - self.load_at >= _OLD_SEC
            self.series.add(at, None if is_old else self.load, len(self.running))

    def amend_running(self) -> None:
        """Have the last point of its series say how many jobs run there now."""
        if self.series is not None:
            self.series.amend_running(len(self.running))

    def load_age_sec(self) -> int | None:
        """Return how much older the load is than the last sign of life, in whole minutes.

        0 for less than one; ``None`` where no load is known. A node tells its load with its
        pulses; where it sends none, it is of the time it joined, for ever.
        """
        if self.load is None:
            return None
        return int(max(0.0, self.updated_at - self.load_at) // _OLD_SEC * _OLD_SEC)

    def forget_encoding(self) -> None:
        """Drop what was made of the row, because the row changed."""
        self.texts = self.cells = None


class Census:
    """What all nodes of a view come to, kept as they change: no reader walks 10,000 nodes."""

    __slots__ = ("cpu_time", "cpus", "states")

    def __init__(self) -> None:
        self.cpus = 0
        self.cpu_time = 0.0
        self.states: dict[NodeState, int] = dict.fromkeys(NODE_STATES, 0)

    def count(self, node: Node) -> None:
        """Count *node* as it is now, in place of what it counted for before."""
        counted = (node.state, node.cpus, node.totals[1])
        if counted != node.counted:
            self.replace(node.counted, counted)
            node.counted = counted

    def replace(
        self,
        old: tuple[NodeState, int, float] | None,
        new: tuple[NodeState, int, float] | None,
    ) -> None:
        """Take *old* out of the sums and put *new* in. A node's CPUs go with it."""
        for entry, sign in ((old, -1), (new, 1)):
            if entry is not None:
                state, cpus, cpu_time = entry
                self.states[state] += sign
                self.cpu_time += sign * cpu_time
                if state not in GONE_STATES:
                    self.cpus += sign * cpus

    def as_dict(self) -> dict[str, int]:
        """Return the summary's ``nodes``."""
        counts: dict[str, int] = {"known": sum(self.states.values())}
        counts.update((str(state), count) for state, count in self.states.items())
        return counts
