"""What the web's tests see of clusters: the fake one, watched, and nodes that have sent a pulse."""

from __future__ import annotations

import dispy_objects
from dispy import DispyNode
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry

__all__ = ["FakeCluster", "make_node", "watched_cluster"]


def make_node(ip_addr: str, name: str = "", *, cpus: int = 4, load: bool = True) -> DispyNode:
    return dispy_objects.make_node(ip_addr, name, cpus=cpus, load=load)


def watched_cluster(registry: ClusterRegistry, name: str = "compute") -> FakeCluster:
    """Return a cluster that *registry* watches."""
    cluster = FakeCluster(name)
    registry.add(cluster)
    return cluster
