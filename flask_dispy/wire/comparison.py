"""Nodes and jobs compared, as the API and the report read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from ..core.cluster import ClusterState
from ..core.comparison import LEAST_JOBS, combined, standing_of
from ..core.spread import Spread
from ..core.standing import Standing
from ..core.tally import Times
from .shapes.base import Count
from .shapes.jobs import ComparedJob, ComparedTime, JobRow

__all__ = ["ComparedNode", "compared_job", "compared_nodes", "ranked", "rounded"]


class ComparedNode(TypedDict):
    """How a node's jobs did beside those of the other nodes, over the whole run.

    ``failed_share`` is of the jobs that finished or failed; ``median_sec`` and ``p95_sec`` are of
    those that finished. ``rank`` is 1 for the largest ``times_others``.
    """

    ip_addr: str
    name: str
    jobs: Count
    failed: Count
    failed_share: float | None
    median_sec: float | None
    p95_sec: float | None
    times_others: float | None
    rank: Count | None
    lost_sec: float
    slow: bool
    failing: bool


def compared_nodes(states: Sequence[ClusterState], addresses: Iterable[str]) -> list[ComparedNode]:
    """Return how nodes did in some clusters, as it is now, without a rank.

    The verdicts are those that were last drawn. Called under the lock that guards the states.
    """
    rows = []
    for ip_addr in addresses:
        name, found = "", []
        for state in states:
            node = state.nodes.get(ip_addr)
            if node is not None and node.tally is not None:
                name = node.name
                standing = standing_of(node.tally, state.tallies.total)
                if node.standing is not None:
                    slow, failing = node.standing.slow, node.standing.failing
                    standing = standing._replace(slow=slow, failing=failing)
                found.append((standing, node.tally))
        whole = combined(found)
        if whole is not None:
            rows.append(_row(ip_addr, name, whole))
    return rows


def _row(ip_addr: str, name: str, standing: Standing) -> ComparedNode:
    return {
        "ip_addr": ip_addr,
        "name": name,
        "jobs": standing.jobs,
        "failed": standing.failed,
        "failed_share": rounded(standing.failed_share, 6),
        "median_sec": rounded(standing.median_sec, 6),
        "p95_sec": rounded(standing.p95_sec, 6),
        "times_others": rounded(standing.times_others, 3),
        "rank": None,
        "lost_sec": round(standing.lost_sec, 3),
        "slow": standing.slow,
        "failing": standing.failing,
    }


def rounded(value: float | None, digits: int) -> float | None:
    """Return a figure with so many digits behind the point; ``None`` for one that is unknown."""
    return None if value is None else round(value, digits)


def ranked(rows: list[ComparedNode]) -> list[ComparedNode]:
    """Return rows with their ranks: those that are slow or failing first, then the slower first."""
    known = sorted((row["times_others"] or 0.0 for row in rows), reverse=True)
    places = {times: place for place, times in reversed(list(enumerate(known, 1)))}
    for row in rows:
        row["rank"] = None if row["times_others"] is None else places[row["times_others"]]
    return sorted(rows, key=_worse_first)


def _worse_first(row: ComparedNode) -> tuple[bool, float]:
    return not (row["slow"] or row["failing"]), -(row["times_others"] or 0.0)


def compared_job(job: JobRow, state: ClusterState) -> ComparedJob:
    """Return a job's times beside those of its cluster's finished jobs, and those on its node."""
    node = state.nodes.get(job["node"] or "")
    whole = state.tallies.total.finished or Times()
    there = (node.tally.finished if node and node.tally else None) or Times()
    return {
        "function": state.error_kinds.function,
        "ran": _beside(job["duration_sec"], whole.ran, there.ran),
        "waited": _beside(job["waited_sec"], whole.waited, there.waited),
    }


def _beside(sec: float | None, whole: Spread, there: Spread) -> ComparedTime:
    medians = [s.quantile(0.5) if s.total >= LEAST_JOBS else None for s in (whole, there)]
    times = [sec / median if median and sec is not None else None for median in medians]
    return {
        "median_sec": rounded(medians[0], 6),
        "times": rounded(times[0], 3),
        "node_median_sec": rounded(medians[1], 6),
        "node_times": rounded(times[1], 3),
    }
