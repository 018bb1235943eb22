"""A cluster's tally and those of its nodes, folded as jobs end.

They cover the whole run, however many of its jobs are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from .jobs import Job
from .nodes import Node
from .spread import bucket_of
from .tally import TIMED_WORDS, Tally

__all__ = ["Tallies"]


class Tallies:
    """The tallies of a cluster's jobs, in total (``total``) and by node (``Node.tally``).

    Nodes that the cluster has forgotten are only in the total.

    :param nodes: the cluster's nodes by address, which change.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self.total = Tally()

    def note(self, job: Job) -> None:
        """Count a job that has just ended."""
        word, started_at, ended_at = job.word, job.started_at, job.ended_at
        tallies = self._tallies(job.node)
        if word in TIMED_WORDS:
            counted = [tally.enter(word) for tally in tallies]
            for times in counted:
                times.jobs += 1
            if started_at is None or ended_at is None:
                return
            ran_sec = ended_at - started_at if ended_at > started_at else 0.0
            waited_sec = max(0.0, started_at - job.submitted_at)
            ran, waited = bucket_of(ran_sec), bucket_of(waited_sec)
            for times in counted:
                times.ran.add(ran, ran_sec)
                times.waited.add(waited, waited_sec)
        if started_at is not None and ended_at is not None:
            _add_used(tallies, max(0.0, ended_at - started_at), lost=word in _LOST)

    def uncount(self, job: Job) -> None:
        """Undo :meth:`note` before the job changes, because it goes on or is released."""
        word, started_at, ended_at = job.word, job.started_at, job.ended_at
        tallies = self._tallies(job.node)
        if started_at is not None and ended_at is not None:
            _add_used(tallies, -max(0.0, ended_at - started_at), lost=word in _LOST)
        if word not in TIMED_WORDS:
            return
        for tally in tallies:
            times = tally.enter(word)
            times.jobs = max(0, times.jobs - 1)
            if started_at is not None and ended_at is not None:
                times.ran.remove(bucket_of(max(0.0, ended_at - started_at)))
                times.waited.remove(bucket_of(max(0.0, started_at - job.submitted_at)))

    def count_lost_attempt(self, job: Job, at: float) -> None:
        """Note that an attempt of a running job ends at *at* and that it will run again."""
        if job.started_at is not None:
            _add_used(self._tallies(job.node), max(0.0, at - job.started_at), lost=True)

    def adopt(self, jobs: Iterable[Job]) -> None:
        """Count jobs that another cluster released, or that a history kept."""
        for job in jobs:
            for node, lost_sec in _lost_attempts(job):
                _add_used(self._tallies(node), lost_sec, lost=True)
            self.note(job)

    def release(self, jobs: Iterable[Job]) -> None:
        """Undo :meth:`adopt`, because another cluster adopts the jobs."""
        for job in jobs:
            for node, lost_sec in _lost_attempts(job):
                _add_used(self._tallies(node), -lost_sec, lost=True)
            self.uncount(job)

    def _tallies(self, ip_addr: str | None) -> tuple[Tally, ...]:
        node = self._nodes.get(ip_addr) if ip_addr else None
        if node is None:
            return (self.total,)
        if node.tally is None:
            node.tally = Tally()
        return self.total, node.tally


_LOST = ("failed", "abandoned")


def _add_used(tallies: Iterable[Tally], seconds: float, *, lost: bool) -> None:
    for tally in tallies:
        tally.add_used(seconds, lost=lost)


def _lost_attempts(job: Job) -> list[tuple[str | None, float]]:
    """Return the nodes where earlier attempts of a job were abandoned, with the seconds lost."""
    return [
        (node, max(0.0, ended_at - started_at))
        for (state, started_at, node), (_, ended_at, _) in pairwise(job.past or ())
        if state == "running"
    ]
