"""What the jobs that a search found have in common: how many of each state, node, kind of error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args

from ..events import JobWord
from ..yielding import chunks, yield_now
from .blocks import JobBlock
from .jobs import Found

__all__ = ["FACETS", "Facet", "FacetCounts", "count_facets"]

Facet = Literal["state", "node", "cluster", "error-kind"]

FACETS: Final[tuple[Facet, ...]] = get_args(Facet)
"""By what jobs are counted, each named after the qualifier that finds its jobs."""

_Traits = tuple[JobWord, str | None, str | None]


class FacetCounts(NamedTuple):
    """How many jobs have each value of a facet, and how many of these failed."""

    jobs: Counter[str]
    failed: Counter[str]

    def add(self, value: str | None, jobs: int, failed: int) -> None:
        """Count jobs with this value; those without a value are not counted."""
        if value is not None:
            self.jobs[value] += jobs
            if failed:
                self.failed[value] += failed


def count_facets(found: Found) -> dict[Facet, FacetCounts]:
    """Return how many of the jobs that a search found have which values. Needs no lock.

    States are counted as if the search named none.
    """
    facets = {facet: FacetCounts(Counter(), Counter()) for facet in FACETS}
    for word, jobs in found.counts.items():
        if jobs:
            facets["state"].add(word, jobs, jobs if word == "failed" else 0)
    for state, matches in found.matches:
        counted = _counted(matches)
        for some in chunks(list(counted.items())):
            for (word, node, kind), jobs in some:
                failed = jobs if word == "failed" else 0
                facets["cluster"].add(state.name, jobs, failed)
                facets["node"].add(node, jobs, failed)
                facets["error-kind"].add(kind, jobs, failed)
    return facets


def _counted(matches: Iterable[tuple[JobBlock, Iterable[int]]]) -> Counter[_Traits]:
    counted: Counter[_Traits] = Counter()
    for block, rows in matches:
        traits = block.traits
        if isinstance(rows, range) and 2 * len(block.trait_counts) < len(traits):
            counted.update(block.trait_counts)
        else:
            counted.update(map(traits.__getitem__, rows))
        yield_now()
    return counted
