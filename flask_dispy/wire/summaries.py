"""What clients ask of summaries: whose they are, and whether the jobs are over."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from .shapes.clusters import Summary

__all__ = ["is_over", "summary_of"]


def summary_of(summaries: Sequence[Summary], cluster: str) -> Summary:
    """Return the summary of the cluster that a dashboard was asked for; of all together for ``*``.

    The dashboard reads a name that it does not know as an encoded one, and so does this.

    :raises LookupError: it is not among them.
    """
    for name in (cluster, unquote(cluster)):
        for summary in summaries:
            if summary["combined"] if name == "*" else summary["name"] == name:
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
