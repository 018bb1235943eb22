"""Runs whose history is kept, for tests of what the file holds and how it shows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from dispy import DispyJob, DispyNode
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of

__all__ = ["rows", "run_once", "run_some"]


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def run_some(cluster: FakeCluster, node: DispyNode, count: int = 10) -> None:
    """Let jobs run, of which every fifth fails."""
    for number in range(count):
        job = cluster.submit(number, job_id=f"id {number}")
        cluster.start(job, node)
        if number % 5:
            cluster.end(job, node, result=number * 2)
        else:
            trace = f"Traceback\nValueError: bad {number}"
            cluster.end(job, node, DispyJob.Terminated, exception=trace)


def run_once(path: Path, name: str = "compute", count: int = 10, **settings: Any) -> None:
    registry = ClusterRegistry(history=path, **settings)
    cluster = FakeCluster(name)
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1", "alpha"), count)
    cluster.pulse(cluster._dispy_nodes["10.0.0.1"])
    board_of(registry).fold()
    registry.close()
