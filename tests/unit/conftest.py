"""A registry and clusters at our seam, without dispy running.

``HYPOTHESIS_PROFILE=thorough`` looks ten times longer for a counterexample.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dispy_objects import FakeCluster
from hypothesis import HealthCheck, settings
from unit.stories import check, new_state

from flask_dispy import ClusterRegistry
from flask_dispy.core.cluster import ClusterState
from flask_dispy.watching.past import PastRegistry

_SLOW = [HealthCheck.too_slow]
settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("thorough", max_examples=1_000, deadline=None,
                          suppress_health_check=_SLOW)  # fmt: skip
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a history may be kept."""
    return tmp_path / "runs.sqlite"


@pytest.fixture
def state() -> Iterator[ClusterState]:
    """The state of one cluster, whose counts are right at the end as well."""
    state = new_state()
    yield state
    check(state)


@pytest.fixture
def cluster(registry: ClusterRegistry) -> FakeCluster:
    """A cluster that the registry watches."""
    cluster = FakeCluster("compute")
    registry.add(cluster)
    return cluster


@pytest.fixture
def past() -> Iterator[Any]:
    """Return a function that opens a history; what it opened is closed with the test."""
    opened: list[PastRegistry] = []

    def open_past(path: Path, **options: Any) -> PastRegistry:
        opened.append(PastRegistry(path, **options))
        return opened[-1]

    yield open_past
    for one in opened:
        one.close()
