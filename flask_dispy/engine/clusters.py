"""dispy's kinds of cluster, and what can be read from each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from dispy import JobCluster, SharedJobCluster

__all__ = [
    "Kind",
    "cluster_name",
    "compute_id",
    "engine_of",
    "is_closed",
    "is_ending",
    "kind_of",
    "machines_of",
    "membership_test",
    "nodes_of",
    "pulse_sec",
]

Kind = Literal["JobCluster", "SharedJobCluster", "scheduler", "other", "history"]

_NEEDED: Final = ("name", "cluster_status")


def kind_of(cluster: Any) -> Kind:
    """Return which kind of cluster dispy's object is.

    :raises TypeError: it is no cluster.
    """
    if isinstance(cluster, SharedJobCluster):
        return "SharedJobCluster"
    if isinstance(cluster, JobCluster):
        return "JobCluster"
    if all(hasattr(cluster, name) for name in _NEEDED):
        # dispyscheduler's own class, which lives in a script.
        return "scheduler" if hasattr(cluster, "scheduler") else "JobCluster"
    raise TypeError(
        f"{type(cluster).__name__} object is no dispy cluster: give a JobCluster or "
        "SharedJobCluster, and add it before it is closed."
    )


def cluster_name(cluster: Any) -> str | None:
    """Return the cluster's name, ``None`` once it is closed."""
    try:
        name = cluster.name
    except AttributeError:
        return None
    return name if isinstance(name, str) else str(name)


def is_closed(cluster: Any) -> bool:
    """Whether the cluster was closed; it then has neither a computation nor a name."""
    return cluster_name(cluster) is None


def is_ending(cluster: Any) -> bool:
    """Whether dispy is closing the cluster, or has closed it.

    dispy first removes it from its list, then closes its nodes.
    """
    if is_closed(cluster):
        return True
    open_clusters = getattr(engine_of(cluster), "_clusters", None)
    number = compute_id(cluster)
    if not isinstance(open_clusters, dict) or number is None:
        return False
    return open_clusters.get(number) is not cluster


def engine_of(cluster: Any) -> Any:
    """Return dispy's own object that schedules the cluster's jobs, and those of other clusters."""
    return getattr(cluster, "scheduler", None) or getattr(cluster, "_cluster", None)


def nodes_of(cluster: Any) -> dict[str, Any]:
    """Return dispy's objects of the cluster's nodes, by address."""
    return getattr(cluster, "_dispy_nodes", None) or {}


def machines_of(cluster: Any) -> dict[str, Any]:
    """Return dispy's objects of the machines that run nodes, for this cluster or another."""
    return getattr(engine_of(cluster), "_nodes", None) or {}


def membership_test(cluster: Any) -> Callable[[Any], bool | None] | None:
    """Return a function that tests whether dispy sends the cluster's jobs to a node.

    It takes dispy's object of the node, and returns ``None`` if that can't be known now. There is
    no such function for a cluster that ends, nor for a SharedJobCluster, because only its scheduler
    knows.
    """
    if isinstance(cluster, SharedJobCluster) or is_ending(cluster):
        return None
    known, machines = nodes_of(cluster), machines_of(cluster)

    def is_member(node: Any) -> bool | None:
        machine = machines.get(node.ip_addr)
        being_set_up = not node.update_time
        if machine is None or known.get(node.ip_addr) is not node or being_set_up:
            return None
        return cluster in machine.clusters

    return is_member


def compute_id(cluster: Any) -> Any:
    """Return the computation's id, which its jobs carry, ``None`` once the cluster is closed."""
    return getattr(getattr(cluster, "_compute", None), "id", None)


def pulse_sec(cluster: Any) -> float | None:
    """Return the interval of the nodes' pulses, ``None`` if there are none or it is unknown."""
    value = getattr(cluster, "pulse_interval", None)
    return float(value) if isinstance(value, (int, float)) and value > 0 else None
