"""The nodes of one cluster, including those that left, and which of them changed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from . import events
from .jobs import Job
from .journal import EntryKind, Journal
from .loads import Loads, percent_of
from .meter import CpuHourPrice, Meter, price_at
from .nodes import GONE_STATES, Census, Node, NodeChange

__all__ = ["CLOCK_OFF_SEC", "Roster"]

# A node's clock that is off by more needs attention: files that its jobs write get wrong times.
CLOCK_OFF_SEC: Final = 60.0

# dispy reports the death of a node so soon after it has noticed it.
_DEATH_SEC: Final = 30.0

_ENTRIES: Final[dict[NodeChange, EntryKind]] = {
    "joined": "node_joined",
    "silent": "node_silent",
    "heard": "node_heard",
    "lost": "node_lost",
    "closed": "node_closed",
    "deallocated": "node_deallocated",
}


class Roster:
    """The nodes of one cluster. Guarded by the hub's lock.

    ``nodes`` has them by address; ``census`` has their sums. Since changes were last published,
    the rows of the nodes in ``dirty`` changed, and those in ``dropped`` were forgotten.
    ``clocks_off`` has the present nodes whose clocks are off by over a minute. ``meter`` adds up
    what the nodes offer, those that are silent among them: they are still the cluster's.

    :param journal: is given what happens to them.
    :param started_at: when watching began, in epoch seconds.
    :param price: what CPU time costs, ``None`` if that is not known.
    :param most_gone: how many nodes stay listed after they left. If nodes come and go with new
        addresses for weeks, those that left first are forgotten; their jobs are not.
    """

    def __init__(
        self,
        journal: Journal,
        started_at: float = 0.0,
        *,
        price: CpuHourPrice | None = None,
        most_gone: int = 10_000,
    ) -> None:
        self._most_gone = most_gone
        self.nodes: dict[str, Node] = {}
        self.census = Census()
        self.meter = Meter(started_at)
        self.price = price
        self.loads = Loads()
        self.dirty: dict[str, None] = {}  # an ordered set
        self.dropped: set[str] = set()
        self.clocks_off: set[str] = set()
        self._gone: OrderedDict[str, None] = OrderedDict()  # in the order they left
        self._journal = journal

    def enter(self, ip_addr: str) -> Node:
        """Return the node with that address; add it if it is new."""
        node = self.nodes.get(ip_addr)
        if node is None:
            node = self.nodes[ip_addr] = Node(ip_addr)
            node.meter.at = self.meter.at
            self._count(node)
        return node

    def _count(self, node: Node) -> None:
        """Count a node as it is now, and what it offers and costs from now on."""
        if self.price is not None:
            node.price = price_at(self.price, node.ip_addr, node.name)
        self.census.count(node)
        own = node.meter
        if own.at:  # what a past run did not measure stays unknown
            own.pass_time(self.meter.at)
        own.cpus = 0 if node.state in GONE_STATES else node.cpus
        own.per_hour = own.cpus * (node.price or 0.0)
        self._count_load(node)
        self._count_all()

    def _count_load(self, node: Node) -> None:
        gone = node.state in GONE_STATES
        percent = None if gone else percent_of(len(node.running), node.cpus)
        if percent != node.busy_percent:
            self.loads.replace(node.busy_percent, percent)
            node.busy_percent = percent

    def _count_all(self) -> None:
        self.meter.cpus, self.meter.per_hour = self.census.cpus, self.census.per_hour

    def changed(self, node: Node) -> None:
        """Note that a node's figures changed."""
        self.dirty[node.ip_addr] = None
        self._count(node)
        offset = node.clock_offset_sec
        if offset is not None and abs(offset) > CLOCK_OFF_SEC and node.state not in GONE_STATES:
            self.clocks_off.add(node.ip_addr)
        elif self.clocks_off:
            self.clocks_off.discard(node.ip_addr)

    # -- what happens ------------------------------------------------------------------------

    def see(self, event: events.NodeSeen, otherwise_at: float) -> None:
        """Update a node from its figures.

        :param otherwise_at: the figures' time, in epoch seconds, if the node gave no sign of life.
        """
        node = self.nodes.get(event.ip_addr)
        if node is None:
            if event.cpus <= 0 and event.avail_cpus <= 0:
                # A SharedJobCluster reports jobs that were cancelled in the queue with a fake node
                # that has the scheduler's address and no CPUs; no job can run there.
                return
            node = self.enter(event.ip_addr)
        if event.joined:
            self._gone.pop(event.ip_addr, None)
        before = node.cpus if node.is_reported and node.state not in GONE_STATES else None
        if node.update(event):
            node.sample(node.updated_at or otherwise_at)
            self.changed(node)
        if node.news is not None:
            self._log(node)
        elif before is not None and event.cpus != before:
            at = event.at or self._journal.now or node.updated_at
            self._journal.add("cpus_set", at, node=node.ip_addr, name=node.name,
                              cpus=event.cpus, cpus_before=before)  # fmt: skip

    def _log(self, node: Node) -> None:
        """Give the journal what happened to a node, unless its cluster's end says as much."""
        news, node.news = node.news, None
        if news is None or (node.left == "ended" and news[1] == "closed"):
            return
        at, change = news
        self._take_back(node, at, change)
        detail: dict[str, Any] = {}
        if change == "joined":
            detail["cpus"] = node.cpus
        elif change == "lost":
            detail["jobs"] = len(node.running)
        asked = node.left in ("closed", "deallocated")
        self._journal.add(_ENTRIES[change], at, node=node.ip_addr, name=node.name,
                          source="program" if asked else None, **detail)  # fmt: skip

    def _take_back(self, node: Node, at: float, change: NodeChange) -> None:
        """Remove the entry that a later report shows to be wrong."""
        last = self._journal.last_of
        closed = last("node_closed", node.ip_addr) if change == "lost" else None
        if closed is not None and closed.at == at:
            self._journal.retract(closed)  # its jobs were abandoned, but that was reported later
        if change in ("joined", "lost", "closed"):
            zero = last("cpus_set", node.ip_addr)
            # dispy takes a dead node's CPUs away some time before it reports the node.
            if zero and not zero.source and not zero.detail["cpus"] and at - zero.at < _DEATH_SEC:
                self._journal.retract(zero)

    def leave(
        self, ip_addr: str, at: float, why: events.Departure, *, jobs_wait: bool = False
    ) -> None:
        """Note that a node left the cluster; see :meth:`.nodes.Node.leave`."""
        node = self.nodes.get(ip_addr)
        if node is None or node.state in GONE_STATES:
            return
        node.leave(at, why, jobs_wait=jobs_wait)
        self._log(node)
        if node.series is not None:
            node.sample(at)  # it will give no more signs of life
        self.changed(node)
        self._gone[ip_addr] = None
        self._gone.move_to_end(ip_addr)
        while len(self._gone) > self._most_gone:
            self.drop(self._gone.popitem(last=False)[0])

    def note_abandoned(self, ip_addr: str | None, at: float) -> None:
        """Note that dispy abandoned a job on a node."""
        node = self.nodes.get(ip_addr) if ip_addr else None
        if node is not None and node.note_abandoned(at):
            self._log(node)
            self.changed(node)

    def drop(self, ip_addr: str) -> None:
        """Forget a node."""
        self.clocks_off.discard(ip_addr)
        node = self.nodes.pop(ip_addr, None)
        if node is not None:
            self.census.replace(node.counted, None)
            self.loads.replace(node.busy_percent, None)
            self._count_all()
            self.dirty.pop(ip_addr, None)
            self.dropped.add(ip_addr)

    def add_running(self, job: Job) -> None:
        """Add a running job to its node's list."""
        if job.node:
            node = self.enter(job.node)
            node.running[job.serial] = job
            self._count_load(node)
            self.dirty[node.ip_addr] = None

    def remove_running(self, job: Job) -> None:
        """Remove a job from its node's list."""
        node = self.nodes.get(job.node) if job.node else None
        if node is not None and node.running.pop(job.serial, None) is not None:
            self.dirty[node.ip_addr] = None
            self._count_load(node)
            if node.state in GONE_STATES and node.series is not None:
                node.series.amend_running(len(node.running))

    def mark_silent(
        self, now: float, pulse_sec: float | None, update_sec: float, *, jobs_wait: bool
    ) -> bool:
        """Mark nodes as silent if a sign of life is overdue; return whether any is new.

        A node that sends pulses owes a sign every *pulse_sec*, or as often as it sent pulses so far
        if that interval is unknown. A node without pulses says nothing while it works or has
        nothing to do; if it has free CPUs while jobs wait, it owes a sign every *update_sec*. It
        is silent after five such intervals without a sign.
        """
        found = False
        for node in self.nodes.values():
            if node.state != "up" or not node.updated_at:
                continue
            # A node that reports its load sends pulses, if its cluster has an interval for them;
            # without psutil it sends pulses that dispy does not report.
            due_sec = pulse_sec if pulse_sec and node.load else node.pulse_sec
            if due_sec is not None:
                overdue = now - node.updated_at > 5 * due_sec
            else:
                idle = len(node.running) < node.cpus and jobs_wait
                overdue = idle and now - node.updated_at > 5 * update_sec
            if overdue:
                found = True
                node.fall_silent(now)
                self._log(node)
                self.changed(node)
        return found

    # -- publishing --------------------------------------------------------------------------

    def forget_encodings(self) -> None:
        """Drop the encoded rows of nodes that changed, before anybody reads them."""
        for ip_addr in self.dirty:
            self.nodes[ip_addr].texts = None

    def published(self) -> None:
        """Forget which nodes changed, because the changes were published."""
        self.dirty.clear()
        self.dropped.clear()
