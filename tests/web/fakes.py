"""What the web's tests see of clusters: the fake one, watched, and nodes that have sent a pulse."""

from __future__ import annotations

import time

import dispy_objects
from dispy import DispyNode
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.events import JobEnded, JobStarted

__all__ = ["FakeCluster", "make_node", "stall", "watched_cluster"]


def make_node(ip_addr: str, name: str = "", *, cpus: int = 4, load: bool = True) -> DispyNode:
    return dispy_objects.make_node(ip_addr, name, cpus=cpus, load=load)


def watched_cluster(registry: ClusterRegistry, name: str = "compute") -> FakeCluster:
    """Return a cluster that *registry* watches."""
    cluster = FakeCluster(name)
    registry.add(cluster)
    return cluster


def stall(registry: ClusterRegistry, name: str) -> None:
    """Watch a cluster that has stalled: three jobs have run for long since one ended."""
    watched_cluster(registry, name)
    state, now = registry.view(name)._state, time.time()  # type: ignore[attr-defined]
    nothing = (None,) * 4
    state.apply(JobEnded("q", now - 100, now - 101, now - 101, "n", "finished", "q", *nothing))
    for key in "abc":
        state.apply(JobStarted(key, now - 90, now - 90, "n", key, None, None))
