"""What the jobs that a search found have in common: how many of each state, node, kind of error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from ..yielding import yield_now
from .blocks import JobBlock
from .jobs import Found

__all__ = ["FACETS", "Facet", "FacetCounts", "count_facets"]

Facet = Literal["state", "node", "cluster", "error-kind"]

FACETS: Final[tuple[Facet, ...]] = get_args(Facet)
"""By what jobs are counted, each named after the qualifier that finds its jobs."""


class FacetCounts(NamedTuple):
    """How many jobs have each value of a facet, and how many of these failed."""

    jobs: Counter[str]
    failed: Counter[str]


def count_facets(found: Found) -> dict[Facet, FacetCounts]:
    """Return how many of the jobs that a search found have which values. Needs no lock.

    States are counted as if the search named none.
    """
    facets = {facet: FacetCounts(Counter(), Counter()) for facet in FACETS}
    facets["state"].jobs.update({word: jobs for word, jobs in found.counts.items() if jobs})
    facets["state"].failed["failed"] = found.counts["failed"]
    nodes, kinds, clusters = facets["node"], facets["error-kind"], facets["cluster"]
    for state, matches in found.matches:
        jobs, failed = 0, 0
        for block, rows in matches:
            jobs += len(rows)
            failed += _count(block, rows, nodes, kinds)
            yield_now()
        if jobs:
            clusters.jobs[state.name] += jobs
            clusters.failed[state.name] += failed
    return facets


def _count(block: JobBlock, rows: Sequence[int], nodes: FacetCounts, kinds: FacetCounts) -> int:
    """Count jobs of a block by node and kind of error; return how many of them failed."""
    if len(rows) < len(block.jobs):
        return _count_rows(block, rows, nodes, kinds)
    if block.counts_of_all is None:
        on, of = (FacetCounts(Counter(), Counter()) for _ in range(2))
        block.counts_of_all = (on, of, _count_rows(block, rows, on, of))
    on, of, failed = block.counts_of_all
    for total, some in zip((*nodes, *kinds), (*on, *of), strict=True):
        total.update(some)
    return int(failed)


def _count_rows(
    block: JobBlock, rows: Sequence[int], nodes: FacetCounts, kinds: FacetCounts
) -> int:
    words, nodes_of, kinds_of = block.words, block.nodes.__getitem__, block.kinds.__getitem__
    failed = [row for row in rows if words[row] == "failed"]
    for counts, value_of in ((nodes, nodes_of), (kinds, kinds_of)):
        counts.jobs.update(filter(None, map(value_of, rows)))
        counts.failed.update(filter(None, map(value_of, failed)))
    return len(failed)
