"""What commands look up in a hub: which of dispy's objects a name or serial stands for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from ..core.cluster import ClusterState
from ..core.errors import UnknownNode, UnknownOffer
from ..core.events import Departure, JobKey
from ..core.jobs import Job
from ..core.journal import EntryKind
from ..core.offers import Allocation, Offer
from ..core.text import Cut
from ..engine.commands.outcomes import JobTarget, Target
from ..engine.commands.rerunning import MOST_MESSAGE
from ..wire.shapes.jobs import JobRow
from .board import shown_name
from .hosts import address_of
from .hub import Hub
from .watched import Watched

__all__ = ["Lookup"]

# How often we look whether dispy has reported a job that was just submitted.
_LOOK_SEC: Final = 0.02


class Lookup:
    """The :class:`~flask_dispy.engine.commands.control.Targets` of a hub. Thread-safe."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def targets(self, name: str) -> list[Target]:
        """Return the clusters that *name* stands for; those nobody added take no commands.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        return [w.target() for w in self._hub.named(name) if w.cluster is not None]

    def targets_of_node(self, name: str, host: str) -> tuple[str, list[Target]]:
        """Return a node's address and the clusters, of those that *name* stands for, it serves.

        :raises UnknownNode: none of them knows such a node.
        :raises AmbiguousNode: several nodes have that name.
        """
        watched_list = self._hub.named(name)
        with self._hub.lock:
            ip_addr = address_of([w.state for w in watched_list], shown_name(name), host)
            found = [
                watched.target()
                for watched in watched_list
                if watched.cluster is not None and ip_addr in watched.state.nodes
            ]
        if not found:
            raise UnknownNode(
                f"{host[:80]!r} belongs to clusters that were not added, which take no commands.",
                field="node",
            )
        return ip_addr, found

    def targets_of_jobs(self, serials: Iterable[int]) -> dict[int, JobTarget]:
        """Return those of the jobs with these serials that are retained."""
        found: dict[int, JobTarget] = {}
        with self._hub.folded():
            for watched, job in self._retained(serials):
                live = watched.watch.jobs.get(job.serial)
                reruns = job.rerun.times if job.rerun else 0
                found[job.serial] = JobTarget(watched.target(), live, job.word, job.id, reruns)
        return found

    def _retained(self, serials: Iterable[int]) -> Iterator[tuple[Watched, Job]]:
        """Yield the jobs among those that are retained. The caller holds the lock."""
        watched_list = self._hub.members()
        for serial in serials:
            for watched in watched_list:
                job = watched.state.ledger.jobs.get(serial)
                if job is not None:
                    yield watched, job
                    break

    def node_left(self, name: str, ip_addr: str) -> Departure | None:
        """Return why a node is no longer a cluster's; ``None`` for one that is, or never was."""
        watched = self._hub.member(name)
        with self._hub.folded():
            node = watched.state.nodes.get(ip_addr) if watched is not None else None
            return node.left if node is not None else None

    def node_closed(self, name: str, ip_addr: str, why: Departure) -> None:
        """Note that a node was closed for a cluster, whose name may be gone by now."""
        watched = self._hub.member(name)
        if watched is not None:
            with self._hub.folding:
                left = watched.watch.nodes.release(ip_addr, time.time(), why)
                self._hub.apply(watched, [left])

    def node_rejoined(self, name: str, ip_addr: str) -> None:
        """Note that a node that was deallocated is the cluster's again."""
        watched = self._hub.member(name)
        if watched is not None:
            with self._hub.folding:
                joined = watched.watch.nodes.reclaim(ip_addr, time.time())
                self._hub.apply(watched, joined)

    @contextmanager
    def _changing(self, name: str) -> Iterator[ClusterState | None]:
        """Hold the lock, and publish what is changed of a cluster, which may be gone by now."""
        watched = self._hub.member(name)
        if watched is None:
            yield None
            return
        with self._hub.changing(watched):
            yield watched.state

    def offered(self, name: str, host: str, offered: Allocation, by: str | None) -> None:
        """Note that somebody offered a node to a cluster."""
        with self._changing(name) as state:
            if state is not None:
                now = time.time()
                state.offers.ask(host, offered, now, by=by)
                state.journal.add("node_asked", now, node=host, source="command", by=by)

    def ordered(self, name: str, kind: EntryKind, ip_addr: str, by: str | None) -> None:
        """Note that somebody asks for something that will happen to a node."""
        with self._hub.lock:
            for state in self._knowing(name, ip_addr):
                state.journal.order(kind, ip_addr, by, time.time())

    def called_off(self, name: str, kind: EntryKind, ip_addr: str) -> None:
        """Note that nothing of it happened."""
        with self._hub.lock:
            for state in self._knowing(name, ip_addr):
                state.journal.call_off(kind, ip_addr)

    def _knowing(self, name: str, ip_addr: str) -> list[ClusterState]:
        """Return those of the named clusters that know a node. The caller holds the lock."""
        return [
            state
            for state in self._hub.states()
            if name in ("*", state.name) and ip_addr in state.nodes
        ]

    def cancelled(self, name: str, serials: Sequence[int], by: str | None) -> None:
        """Note that somebody cancelled jobs."""
        self._log_jobs("jobs_cancelled", name, serials, by)

    def _log_jobs(self, kind: EntryKind, name: str, serials: Sequence[int], by: str | None) -> None:
        if not serials:
            return
        job = serials[0] if len(serials) == 1 else None
        with self._changing(name) as state:
            if state is not None:
                state.journal.add(kind, time.time(), source="command", by=by,
                                  jobs=len(serials), job=job)  # fmt: skip

    # -- jobs that are run again -------------------------------------------------------------

    def rows_of_jobs(self, serials: Iterable[int]) -> dict[int, JobRow]:
        """Return the rows of the retained jobs among those, without classes of our own."""
        table = self._hub.tables.jobs
        with self._hub.folded() as now:
            rows = [table.row(job, watched.name, now) for watched, job in self._retained(serials)]
        return {row["serial"]: _plain(row) for row in rows}

    def newest_job(self) -> int:
        """Return the serial number of the newest job that is retained, 0 without any."""
        with self._hub.folded():
            ledgers = [state.ledger for state in self._hub.states()]
            return max((next(reversed(ledger.jobs), 0) for ledger in ledgers), default=0)

    def relate(self, name: str, serial: int, made: JobKey | None, newest: int) -> bool:
        """Note that a job was run again; false if the job that this *made* was there before.

        :param newest: the newest job before it was run again.
        """
        old = self._hub.member(name)
        if old is None:
            return True
        with self._hub.lock:
            new = None
            if made is not None:
                try:
                    new = self._hub.relations.relate(old, serial, made, newest, self._hub.members())
                except ValueError:
                    return False
            old.state.note_rerun(serial)
            for watched in {old, new or old}:
                self._hub.publish(watched)
        return True

    def serials_of(self, made: Iterable[JobKey]) -> dict[JobKey | None, int]:
        """Return the serial numbers of jobs that were just submitted, as far as they are known."""
        wanted = set(made)
        deadline = time.monotonic() + self._hub.intervals.new_job_sec
        while True:
            with self._hub.folded():
                version = self._hub.version
                ledgers = [state.ledger for state in self._hub.states()]
                found: dict[JobKey | None, int] = {
                    key: ledger.named[key].serial
                    for ledger in ledgers
                    for key in wanted
                    if key in ledger.named
                }
            left = deadline - time.monotonic()
            if len(found) == len(wanted) or left <= 0 or self._hub.closed:
                return found
            self._hub.wait_for_change(version, min(left, _LOOK_SEC))

    def reran(self, name: str, serials: Sequence[int], by: str | None) -> None:
        """Note that somebody ran jobs again."""
        self._log_jobs("jobs_rerun", name, serials, by)

    def redacted(self, text: str) -> str:
        """Return what the program's hook lets be shown of an error's text."""
        return self._hub.redacted(text, "exception", MOST_MESSAGE)

    # -- offers ------------------------------------------------------------------------------

    def offer(self, name: str, number: int) -> tuple[Target, Offer]:
        """Return an offer that waits, and its cluster.

        :raises UnknownCluster: no cluster of that name is watched.
        :raises UnknownOffer: none of that number waits there.
        """
        watched_list = self._hub.named(name)
        with self._hub.lock:
            for watched in watched_list:
                offer = watched.state.offers.waiting.get(number)
                if offer is not None:
                    return watched.target(), offer
        raise UnknownOffer(f"No offer {number} waits: its node has joined, or it was withdrawn.")

    def withdrawn(self, name: str, number: int, by: str | None) -> None:
        """Note that somebody withdrew an offer."""
        with self._changing(name) as state:
            offer = state and state.offers.withdraw(number)
            if state and offer:
                state.journal.add("node_withdrawn", time.time(), node=offer.host,
                                  source="command", by=by)  # fmt: skip


def _plain(row: JobRow) -> JobRow:
    """Return a row that a user's function may send to a node, which has no classes of ours."""
    values: dict[str, Any] = {
        name: str.__str__(value) if isinstance(value, Cut) else value for name, value in row.items()
    }
    return cast(JobRow, values)
