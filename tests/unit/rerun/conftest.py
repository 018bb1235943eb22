"""A registry whose clusters can run their jobs again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster
from impatience import SOON

from flask_dispy import ClusterRegistry
from flask_dispy.engine.commands.outcomes import Outcome


@pytest.fixture
def registry() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(engine_timeout_sec=5, _intervals=SOON)
    yield registry
    registry.close()


def failed(cluster: FakeCluster, *args: Any, **options: Any) -> DispyJob:
    """Submit a job that fails."""
    job = cluster.submit(*args, **options)
    cluster.end(job, None, exception="ValueError: no")
    return job


def watched(registry: ClusterRegistry, rerun: Any = None, name: str = "compute") -> FakeCluster:
    cluster = FakeCluster(name)
    registry.add(cluster, rerun=rerun or (lambda job: cluster.submit(job["id"])))
    return cluster


def row(registry: ClusterRegistry, serial: int) -> Any:
    return registry.view("*").job(serial)


def codes(outcomes: list[Outcome]) -> list[tuple[str, bool]]:
    return [(outcome.code, outcome.ok) for outcome in outcomes]
