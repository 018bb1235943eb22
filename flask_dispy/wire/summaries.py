"""What clients ask of a summary: whether the jobs are over."""

from __future__ import annotations

from .shapes.clusters import Summary

__all__ = ["is_over"]


def is_over(summary: Summary) -> bool:
    """Whether no job is left that can end.

    Either all have ended, or the cluster was closed; one without jobs waits for the first.
    """
    outlook = summary["outlook"]
    if outlook["reason"] == "closed":
        return True
    has_begun = outlook["reason"] != "no_jobs" or summary["state"] == "closed"
    return outlook["state"] == "done" and has_begun
