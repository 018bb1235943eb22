"""What is held: by a run without end, and by jobs that wait."""

from __future__ import annotations

import copy
import ctypes
import gc
from pathlib import Path

from dispy import DispyJob, DispyNode, _DispyJob_

from .scale import Scale
from .stage import Stage, staged
from .synthetic import life_of
from .table import Row, Target

__all__ = ["measure"]


def measure(scale: Scale) -> list[Row]:
    """Measure the growth over a million jobs, and the cost of jobs that have not ended."""
    jobs = scale.pick(1_000_000, 100_000, 200)
    waiting = scale.pick(100_000, 100_000, 500)
    with staged("ours", nodes=100) as (child,):
        grown = child.call("memory", "growth_mb", jobs)
    rows = [
        Row(f"memory: {jobs:,} jobs through one cluster, the second half adds", "MB", [grown],
            target=Target("value", 2, "MB")),
    ]  # fmt: skip
    for state in ("queued", "running"):
        with staged("ours", "theirs", nodes=100) as children:
            ours, theirs = (
                [child.call("memory", "job_bytes", waiting, state == "running")]
                for child in children
            )
        rows.append(
            Row(f"memory: {waiting:,} {state} jobs, beyond dispy's own objects, a job", "bytes",
                ours, theirs, Target("value", 1024, "bytes")),
        )  # fmt: skip
    return rows


# -- in the child ----------------------------------------------------------------------------


def growth_mb(stage: Stage, jobs: int) -> float:
    """Return by how much the second half of so many jobs makes the process larger."""
    nodes = list(stage.cluster._dispy_nodes.values())
    half = 0.0
    for number in range(jobs):
        held, reports = life_of(number, nodes[number % len(nodes)])
        for report in reports:
            stage.cluster.report(*report)
        del held
        if number % 1_000 == 999:
            stage.fold()
        if number == jobs // 2:
            half = _resident_bytes()
    return max(0.0, _resident_bytes() - half) / 1e6


def job_bytes(stage: Stage, jobs: int, running: bool) -> float:
    """Return by how much a job makes the process larger once dispy's objects are there.

    The first job of each node comes before: what it alone brings along is no job's cost, and
    would be most of what a few hundred jobs seem to take.
    """
    nodes = list(stage.cluster._dispy_nodes.values())
    first = len(nodes)
    held = [_DispyJob_(1, number, (number, "alpha"), {"n": 5}) for number in range(first + jobs)]
    _report(stage, held[:first], nodes, running)
    before = _resident_bytes()
    _report(stage, held[first:], nodes, running)
    return (_resident_bytes() - before) / jobs


def _report(stage: Stage, held: list[_DispyJob_], nodes: list[DispyNode], running: bool) -> None:
    for number, inner in enumerate(held):
        node = nodes[number % len(nodes)]
        job = inner.job
        stage.cluster.report(DispyJob.Created, None, copy.copy(job))
        if running:
            job.status, job.start_time, job.ip_addr = DispyJob.Running, 1.7e9, node.ip_addr
            stage.cluster.report(DispyJob.Running, node, copy.copy(job))
        if number % 1_000 == 999:
            stage.fold()
    stage.fold()


def _resident_bytes() -> int:
    """Return how large the process is, with nothing free in it that could be given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
