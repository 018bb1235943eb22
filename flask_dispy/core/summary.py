"""The summary of one cluster: the figures above its nodes and jobs."""

from __future__ import annotations

from typing import Any

from .cluster import ClusterState
from .meter import cost_row
from .prospects import ALONE, Surroundings

__all__ = ["summary_of"]


def summary_of(state: ClusterState, now: float, around: Surroundings = ALONE) -> dict[str, Any]:
    """Return a cluster's summary, as the pages and the JSON API show it."""
    ledger, census = state.ledger, state.roster.census
    found = state.outlook(now, around)
    row, confidence = state.prospects.as_dict(found, state.name, now, around)
    slow, failing = state.comparison.need_attention(gone=state.closed_at is not None)
    of = ledger.submitted + ledger.before_watching
    return {
        "name": state.name,
        "kind": state.kind,
        "combined": False,
        "state": "open" if state.closed_at is None else "closed",
        "jobs": ledger.as_dict(),
        "job_changes": state.job_changes,
        "cpus": {"total": census.cpus, "busy": state.cpus_busy()},
        "nodes": census.as_dict(),
        "jobs_per_sec": round(state.series.jobs_per_sec(now), 3),
        "cpu_time_sec": round(census.cpu_time, 3),
        "cost": cost_row(state.usage(now), row),
        "progress": round(ledger.done / of, 6) if of else None,
        "outlook": row,
        "eta_sec": row["eta_sec"],
        "eta_confidence": confidence,
        "started_at": state.started_at,
        "closed_at": state.closed_at,
        "job_p95_sec": state.durations.p95_sec(),
        "attention": {
            "failed": ledger.failed,
            "abandoned": ledger.counts["abandoned"],
            "silent": census.states["silent"],
            "lost": census.states["lost"],
            "stragglers": len(state.stragglers(now)),
            "slow": len(slow),
            "failing": len(failing),
            "clocks_off": len(state.roster.clocks_off),
            "offers": state.offers.overdue,
        },
        "offers": state.offers.as_dict(),
        "events": {"latest": state.journal.latest},
        "history": {
            "retained": ledger.retained,
            "limit": ledger.history_limit,
            "evicted": ledger.evicted,
        },
    }
