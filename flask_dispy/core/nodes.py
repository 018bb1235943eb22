"""One node as one cluster sees it, and its row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

from .columns import ColumnValue
from .events import Departure, Load, NodeSeen
from .jobs import Job
from .meter import Meter
from .nodeseries import OLD_SEC, NodeSeries
from .standing import Standing
from .tally import Tally

__all__ = [
    "GONE_STATES",
    "NODE_CHANGES",
    "NODE_STATES",
    "Census",
    "Counted",
    "Node",
    "NodeChange",
    "NodeState",
]

NodeState = Literal["up", "silent", "lost", "closed"]
NodeChange = Literal["joined", "silent", "heard", "lost", "closed", "deallocated"]

NODE_STATES: Final[tuple[NodeState, ...]] = get_args(NodeState)
"""The states of a node.

``up``: it belongs to the cluster. ``silent``: it does, but a sign of life is overdue. ``lost``: it
died or was cut off while it had work or a pulse was due. ``closed``: somebody closed or deallocated
it, it said goodbye with nothing left to do, or the cluster ended.
"""

NODE_CHANGES: Final[tuple[NodeChange, ...]] = get_args(NodeChange)
"""What can happen to a node."""

GONE_STATES: Final[frozenset[NodeState]] = frozenset(("lost", "closed"))
"""The states of a node that is no longer the cluster's."""

# How many of a node's latest events are kept.
_MOST_PAST: Final = 30

# When dispy gives a node up, its pulse is missed if it is overdue by this many intervals.
_MISSED_PULSES: Final = 3

# Reports are read a few times a second, so shorter gaps can't be distinguished.
_LEAST_PULSE_SEC: Final = 0.5


@dataclass(slots=True, eq=False)
class Node:
    """A node's figures as its cluster last reported them. Guarded by the hub's lock.

    dispy counts a node's jobs, time and bytes from zero when the node joins again. So when a total
    falls, a new life of the node began; the totals of earlier lives are carried over and added. The
    CPU time also falls a little when the node's clock is set back during a job, so its fall counts
    only if the number of jobs fell, too.

    ``updated_at`` is the last sign of life: dispy's own ``update_time``, or a pulse that dispy
    reported without noting it there, as a SharedJobCluster does. ``clock_offset_sec`` is how far
    the node's clock is ahead of ours, ``None`` if negligible or unknown; ``load_at`` is when its
    load was reported.
    """

    ip_addr: str
    name: str = ""
    cpus: int = 0
    avail_cpus: int = 0
    busy: int = 0
    updated_at: float = 0.0
    load: Load | None = None
    load_at: float = 0.0
    clock_offset_sec: float | None = None
    pulse_sec: float | None = None  # observed; None for a node that sends none
    counted: Counted | None = None
    meter: Meter = field(default_factory=Meter)
    busy_percent: int | None = None  # as it is counted beside the others
    price: float | None = None  # of an hour of one of its CPUs, if it is known
    state: NodeState = "up"
    left: Departure | None = None  # why it left; None if it has not
    abandoned: bool = False  # whether jobs were abandoned on it since it joined
    running: dict[int, Job] = field(default_factory=dict)
    # The latest events, as (at, event).
    past: list[tuple[float, NodeChange]] | None = None
    # The latest event, as (at, event), until the journal has it.
    news: tuple[float, NodeChange] | None = None
    series: NodeSeries | None = None
    # The custom columns' values, in their order; empty before there were any.
    columns: tuple[ColumnValue, ...] = ()
    standing: Standing | None = None  # how it did beside the others
    tally: Tally | None = None  # of the jobs that ended there; made with the first
    # jobs_done, cpu_time, tx, rx: of all lives, of earlier lives, and as last reported.
    totals: tuple[float, ...] = (0, 0.0, 0, 0)
    _carried: tuple[float, ...] = (0, 0.0, 0, 0)
    _last: tuple[float, ...] = (0, 0.0, 0, 0)
    _figures: tuple[object, ...] = ()  # as last reported, but for load and time
    _reported_at: float = 0.0
    _pulsed_at: float = 0.0
    # The encoded row, for those who encode: cleared here, and never read.
    texts: Any = None

    def update(self, seen: NodeSeen) -> bool:
        """Update the figures; return whether anything in the row changed."""
        # Unpacked in one step: reading a single field by name takes as long.
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
        # Not "later than": after the clock was set back, new signs of life have earlier times.
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
            self._pulsed_at = 0.0  # the gap before this pulse is not one between two pulses
        # A scheduler repeats a node's last pulse after each job, even if nodes send none; only a
        # real pulse brings new figures.
        if pulse and fresh:
            self._learn_pulse(at or self.updated_at)
        if joined:
            self.left = None
            self.abandoned = False
            self._become("up", "joined", at)
        elif self.state == "silent" and alive:
            self._become("up", "heard", self.updated_at)
        return changed or fresh or before != (self.updated_at, self.state, clock_offset_sec)

    @property
    def is_reported(self) -> bool:
        """Whether its figures were reported since it last joined."""
        return bool(self._figures)

    def leave(self, at: float, why: Departure, *, jobs_wait: bool) -> None:
        """Note that the node left the cluster.

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
        """Whether something was expected of the node when it left.

        dispy reports a node that died and one that was shut down alike, so what was expected of it
        decides: a node is missed if it leaves jobs behind, can't be reached when a job is sent to
        it, or has an overdue pulse. A node that leaves while there is nothing to do is not missed.
        """
        if why in ("closed", "deallocated"):
            return False
        silent = self.state == "silent"
        if why == "ended":
            # A node without pulses may look silent only because jobs of other clusters waited.
            return silent and (self.pulse_sec is not None or self.load is not None)
        unheard_sec = at - self.updated_at
        overdue = self.pulse_sec is not None and unheard_sec > _MISSED_PULSES * self.pulse_sec
        return silent or overdue or jobs_wait or self.abandoned or bool(self.running)

    def note_abandoned(self, at: float) -> bool:
        """Note that dispy abandoned a job on the node; return whether its state changed.

        The report on the job may arrive after the one on the node.
        """
        self.abandoned = True
        if self.state != "closed" or self.left != "given_up":
            return False
        past = self.past
        if past and past[-1][1] == "closed":
            at, _ = past.pop()  # that is when it was lost
        self._become("lost", "lost", at)
        return True

    def fall_silent(self, at: float) -> None:
        """Note that the node has given no sign of life for too long."""
        self._become("silent", "silent", at)

    def _become(self, state: NodeState, event: NodeChange, at: float) -> None:
        self.state = state
        if at:
            self.news = (at, event)
            self.note(at, event)

    def note(self, at: float, event: NodeChange) -> None:
        """Add an event to the node's past."""
        past = self.past = self.past or []
        past.append((at, event))
        del past[:-_MOST_PAST]

    def _learn_pulse(self, at: float) -> None:
        """Estimate the pulse interval: the longest gap lately.

        Not the latest gap, because setting CPUs causes a report that looks like a pulse.
        """
        if self._pulsed_at:
            gap = max(_LEAST_PULSE_SEC, at - self._pulsed_at)
            self.pulse_sec = max(gap, 0.9 * (self.pulse_sec or 0.0))
        self._pulsed_at = at

    def _count_up(self, reported: tuple[float, ...]) -> None:
        """Update the totals from those of the node's present life."""
        jobs_done, cpu_time, tx, rx = reported
        last = self._last
        if jobs_done < last[0] or cpu_time < last[1] or tx < last[2] or rx < last[3]:
            fell = [now < before for now, before in zip(reported, last, strict=True)]
            fell[1] = fell[1] and fell[0]
            self._carried = tuple(
                total if gone else carried
                for gone, total, carried in zip(fell, self.totals, self._carried, strict=True)
            )
        self._last = reported
        # Written out, because a node reports several times a second.
        carried = self._carried
        self.totals = (carried[0] + jobs_done, carried[1] + cpu_time, carried[2] + tx,
                       carried[3] + rx)  # fmt: skip

    def sample(self, at: float) -> None:
        """Add the node's load to its series."""
        if self.load is not None or self.running or self.series is not None:
            if self.series is None:
                self.series = NodeSeries()
            self.series.add(at, self.load_then(at), len(self.running))

    def load_then(self, at: float) -> tuple[float, ...] | None:
        """Return the load, ``None`` if it is out of date at the time *at*."""
        return None if at - self.load_at >= OLD_SEC else self.load

    def used_sec(self) -> float:
        """Return the CPU time that jobs have used, up to when its meter was read."""
        at, used_sec = self.meter.at, 0.0 if self.tally is None else self.tally.used_sec
        for job in self.running.values():
            used_sec += max(0.0, at - (job.started_at or at))
        return used_sec

    def load_age_sec(self) -> int | None:
        """Return how much older the load is than the last sign of life, in full minutes.

        ``None`` if no load is known. A node reports its load with its pulses; if it sends none, the
        load stays that of the time when it joined.
        """
        if self.load is None:
            return None
        return int(max(0.0, self.updated_at - self.load_at) // OLD_SEC * OLD_SEC)


Counted: TypeAlias = tuple[NodeState, int, float, float]
"""What a node counts for: its state, its CPUs, its CPU time, the price of an hour of a CPU."""


@dataclass(slots=True, eq=False)
class Census:
    """Sums over all nodes of a view, updated as they change: no reader walks 10,000 nodes.

    ``per_hour`` is what their CPUs cost in an hour.
    """

    cpus: int = 0
    cpu_time: float = 0.0
    per_hour: float = 0.0
    states: dict[NodeState, int] = field(default_factory=lambda: dict.fromkeys(NODE_STATES, 0))

    def count(self, node: Node) -> None:
        """Count *node* as it is now, in place of its previous figures."""
        counted = (node.state, node.cpus, node.totals[1], node.price or 0.0)
        if counted != node.counted:
            self.replace(node.counted, counted)
            node.counted = counted

    def replace(self, old: Counted | None, new: Counted | None) -> None:
        """Replace *old* by *new* in the sums. CPUs of nodes that are gone do not count."""
        for entry, sign in ((old, -1), (new, 1)):
            if entry is not None:
                state, cpus, cpu_time, price = entry
                self.states[state] += sign
                self.cpu_time += sign * cpu_time
                if state not in GONE_STATES:
                    self.cpus += sign * cpus
                    self.per_hour += sign * cpus * price

    def as_dict(self) -> dict[str, int]:
        """Return the summary's ``nodes``."""
        counts: dict[str, int] = {"known": sum(self.states.values())}
        counts.update((str(state), count) for state, count in self.states.items())
        return counts
