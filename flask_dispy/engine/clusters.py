"""The kinds of cluster that dispy has, and what can be asked of each."""

from __future__ import annotations

from typing import Any, Final, Literal

from dispy import JobCluster, SharedJobCluster

__all__ = ["Kind", "cluster_name", "compute_id", "is_closed", "kind_of", "pulse_sec"]

Kind = Literal["JobCluster", "SharedJobCluster", "scheduler", "other", "history"]

_NEEDED: Final = ("name", "cluster_status")


def kind_of(cluster: Any) -> Kind:
    """Return what kind of cluster dispy's object is.

    :raises TypeError: it is none.
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
    """Whether the cluster was closed: its name goes with its computation."""
    return cluster_name(cluster) is None


def compute_id(cluster: Any) -> Any:
    """Return the id that the cluster's jobs carry, ``None`` once it is closed."""
    return getattr(getattr(cluster, "_compute", None), "id", None)


def pulse_sec(cluster: Any) -> float | None:
    """Return how often the cluster's nodes send pulses, ``None`` if not or not known."""
    value = getattr(cluster, "pulse_interval", None)
    return float(value) if isinstance(value, (int, float)) and value > 0 else None
