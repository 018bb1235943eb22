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

    def note(self, job: Job, sign: int = 1) -> None:
        """Count a job that has just ended.

        :param sign: -1 undoes that, before the job changes because it goes on or is released.
        """
        word, started_at, ended_at = job.word, job.started_at, job.ended_at
        tallies = self._tallies(job.node)
        counted = [tally.enter(word) for tally in tallies] if word in TIMED_WORDS else []
        for times in counted:
            jobs = times.jobs + sign
            times.jobs = jobs if jobs > 0 else 0
        if started_at is None or ended_at is None:
            return
        ran_sec = ended_at - started_at if ended_at > started_at else 0.0
        _add_used(tallies, sign * ran_sec, lost=word in _LOST)
        if not counted:
            return
        waited_sec = max(0.0, started_at - job.submitted_at)
        ran, waited = bucket_of(ran_sec), bucket_of(waited_sec)
        for times in counted:
            if sign > 0:
                times.ran.add(ran, ran_sec)
                times.waited.add(waited, waited_sec)
            else:
                times.ran.remove(ran)
                times.waited.remove(waited)

    def count_lost_attempt(self, job: Job, at: float) -> None:
        """Note that an attempt of a running job ends at *at* and that it will run again."""
        if job.started_at is not None:
            _add_used(self._tallies(job.node), max(0.0, at - job.started_at), lost=True)

    def note_all(self, jobs: Iterable[Job], sign: int = 1) -> None:
        """Count jobs that another cluster released, or that a history kept.

        :param sign: -1 undoes that, because another cluster adopts the jobs.
        """
        for job in jobs:
            for node, lost_sec in _lost_attempts(job):
                _add_used(self._tallies(node), sign * lost_sec, lost=True)
            self.note(job, sign)

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
