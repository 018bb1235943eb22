"""What clients ask of summaries: whose they are, and whether the jobs are over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .shapes.clusters import Summary

__all__ = ["SETTLED_SEC", "is_over", "summary_of"]

SETTLED_SEC: Final = 3.0
"""How long the jobs of an open cluster must be over before a display or command ends: the program
may be about to submit more. The event "done" takes as long."""


def summary_of(summaries: Iterable[Summary], cluster: str) -> Summary:
    """Return a cluster's summary among all; that of all together for ``*``.

    :raises LookupError: it is not among them.
    """
    for summary in summaries:
        if summary["combined"] if cluster == "*" else summary["name"] == cluster:
            return summary
    raise LookupError(f"there is no summary of {cluster!r}")


def is_over(summary: Summary) -> bool:
    """Whether no job is left that can end.

    Either all have ended, or the cluster was closed; one without jobs waits for the first.
    """
    outlook = summary["outlook"]
    if outlook["reason"] == "closed":
        return True
    has_begun = outlook["reason"] != "no_jobs" or summary["state"] == "closed"
    return outlook["state"] == "done" and has_begun
