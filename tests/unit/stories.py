"""Events as short as they can be told: keys are letters, times are seconds after 1,000."""

from __future__ import annotations

import itertools
from typing import Any

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.jobs import ENDED_STATES, JOB_STATES, Job
from flask_dispy.core.nodes import GONE_STATES, NODE_STATES, NodeState

__all__ = [
    "check",
    "counts",
    "ended",
    "gone",
    "job",
    "new_state",
    "progressed",
    "queued",
    "seen",
    "started",
    "state_of",
    "tell",
]


def new_state(history_limit: int = 100) -> ClusterState:
    return ClusterState("compute", 1_000.0, serials=itertools.count(1), history_limit=history_limit)


def queued(key: str, at: float = 0.0, *, requeued: bool = False, job_id: str = "1") -> Any:
    args, kwargs = (None, None) if requeued else ("a, b", "n=1")
    return events.JobQueued(key, 1_000 + at, job_id, args, kwargs, requeued)


def started(key: str, node: str = "n1", at: float = 1.0, *, job_id: str = "1") -> Any:
    return events.JobStarted(key, 1_000 + at, 1_000.0, node, job_id, None, None)


def progressed(key: str, text: str = "half", *, node: str | None = "n1", at: float = 2.0) -> Any:
    return events.JobProgressed(key, 1_000 + at, 1_000.0, node, "1", text)


def ended(
    key: str,
    state: events.EndState = "finished",
    *,
    node: str | None = "n1",
    start: float | None = 1.0,
    at: float = 5.0,
    result: str | None = None,
    exception: str | None = None,
) -> Any:
    began = None if start is None else 1_000 + start
    return events.JobEnded(
        key,
        1_000 + at,
        1_000.0,
        began,
        node,
        state,
        "1",
        result,
        None,
        None,
        exception,
    )


def seen(ip_addr: str = "n1", *, updated: float = 0.0, **figures: Any) -> Any:
    values: dict[str, Any] = {
        "name": "alpha", "cpus": 2, "avail_cpus": 2, "busy": 0, "jobs_done": 0, "cpu_time": 0.0,
        "tx": 0, "rx": 0, "load": None, "joined": False, "pulse": False,
    }  # fmt: skip
    return events.NodeSeen(
        ip_addr, updated_at=1_000 + updated if updated else 0.0, **(values | figures)
    )


def counts(state: ClusterState) -> dict[str, int]:
    """Return the counters that are not zero."""
    return {name: count for name, count in state.ledger.counts.items() if count}


def gone(ip_addr: str = "n1", why: events.Departure = "given_up", *, at: float = 5.0) -> Any:
    return events.NodeClosed(ip_addr, 1_000 + at, why)


def state_of(state: ClusterState, key: str) -> str:
    job = state.ledger.named.get(key)
    assert job is not None
    return job.state


def check(state: ClusterState) -> None:
    """Assert all that must hold of a state, whatever happened to it."""
    ledger = state.ledger
    live = [job for job in ledger.jobs.values() if job.state not in ENDED_STATES]
    kept = [job for job in ledger.jobs.values() if job.state in ENDED_STATES]
    assert ledger.submitted == sum(ledger.counts[name] for name in JOB_STATES)
    assert all(count >= 0 for count in ledger.counts.values())
    assert ledger.done + ledger.pending == ledger.submitted
    assert ledger.pending == len(live)
    assert ledger.done == len(kept) + ledger.evicted
    assert ledger.retained == len(kept) <= ledger.history_limit
    assert sorted(ledger.jobs) == list(ledger.jobs)
    assert set(ledger.running) == {job.serial for job in live if job.state == "running"}
    for name in ("queued", "running"):
        assert ledger.counts[name] == sum(job.state == name for job in live)
    total = state.tallies.total
    assert total.jobs("finished") == ledger.counts["finished"]
    assert total.jobs("failed") == ledger.failed
    assert total.jobs("terminated") == ledger.counts["terminated"] - ledger.failed
    assert abs(state.ledger.running_sec(2e9) - sum(
        2e9 - (job.started_at or 0.0) for job in ledger.running.values()
    )) < 1e-3 * (1 + len(ledger.running))  # fmt: skip
    kinds = state.error_kinds
    counts = [kind.count for kind in kinds.kinds.values()]
    assert sum(counts) + kinds.uncounted == ledger.failed
    assert all(count > 0 for count in counts)
    assert min(kinds.other, 0) == 0
    for kind in kinds.kinds.values():
        assert sum(kind.nodes.values()) <= kind.count == sum(kind.course.counts)
    if not ledger.evicted:
        assert ledger.failed == sum(job.failed for job in kept)
        for name in ENDED_STATES:
            assert ledger.counts[name] == sum(job.state == name for job in kept)
    _check_nodes(state, live)


def _check_nodes(state: ClusterState, live: list[Job]) -> None:
    running = {(job.node, job.serial) for job in live if job.state == "running"}
    assert {(n.ip_addr, s) for n in state.nodes.values() for s in n.running} == running
    states: dict[NodeState, int] = dict.fromkeys(NODE_STATES, 0)
    for node in state.nodes.values():
        states[node.state] += 1
    census = state.roster.census
    assert census.states == states
    assert census.cpus == sum(n.cpus for n in state.nodes.values() if n.state not in GONE_STATES)
    assert abs(census.cpu_time - sum(n.totals[1] for n in state.nodes.values())) < 1e-6


def tell(state: ClusterState, *story: Any) -> None:
    """Apply events one by one; the counts are right after each."""
    for event in story:
        state.apply(event)
        check(state)


def job(state: ClusterState, key: str = "a") -> Any:
    """Return the job of that name."""
    found = state.ledger.named.get(key)
    assert found is not None
    return found
