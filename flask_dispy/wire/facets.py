"""What the jobs that a search found have in common, as the API and the pages read it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import TypedDict

from ..core.cluster import ClusterState
from ..core.search.facets import Facet, FacetCounts
from .shapes.base import Count

__all__ = ["FacetRow", "FacetValueRow", "JobFacetsRow", "job_facets"]


class FacetValueRow(TypedDict):
    """How many of the jobs found have a value; ``label`` is its name for people, if any."""

    value: str
    label: str | None
    jobs: Count
    failed: Count


class FacetRestRow(TypedDict):
    """How many values are not listed, and the jobs that have them."""

    values: Count
    jobs: Count
    failed: Count


class FacetRow(TypedDict):
    """Jobs by one of their traits, the most frequent values first."""

    qualifier: Facet
    items: list[FacetValueRow]
    other: FacetRestRow


class JobFacetsRow(TypedDict):
    """The jobs that a search found by state, node, cluster and kind of error."""

    total: Count
    facets: list[FacetRow]


def job_facets(
    total: int,
    counts: Mapping[Facet, FacetCounts],
    states: Sequence[ClusterState],
    *,
    limit: int,
    private: bool = False,
) -> JobFacetsRow:
    """Return the counts with what people call their values. The caller holds the board's lock.

    :param limit: values of each facet that are listed.
    :param private: leave out the messages of errors.
    """
    facets = [_facet(facet, each, states, limit, private) for facet, each in counts.items()]
    return {"total": total, "facets": facets}


def _facet(
    facet: Facet, counts: FacetCounts, states: Sequence[ClusterState], limit: int, private: bool
) -> FacetRow:
    jobs, failed = counts
    listed = heapq.nsmallest(limit, jobs, key=lambda value: (-jobs[value], value))
    items: list[FacetValueRow] = [
        {
            "value": value,
            "label": _label(facet, value, states, private),
            "jobs": jobs[value],
            "failed": failed[value],
        }
        for value in listed
    ]
    rest: FacetRestRow = {
        "values": len(jobs) - len(items),
        "jobs": jobs.total() - sum(item["jobs"] for item in items),
        "failed": failed.total() - sum(item["failed"] for item in items),
    }
    return {"qualifier": facet, "items": items, "other": rest}


def _label(facet: Facet, value: str, states: Sequence[ClusterState], private: bool) -> str | None:
    for state in states:
        if facet == "node" and value in state.nodes:
            return state.nodes[value].name
        if facet == "error-kind" and value in state.error_kinds.kinds:
            failure = state.error_kinds.kinds[value].failure
            return ": ".join(filter(None, (failure.type, None if private else failure.message)))
    return None
