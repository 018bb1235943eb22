"""A search over several clusters' jobs: how many match, and one page of them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cluster import ClusterState
from ..jobs import JOB_WORDS, Job
from ..yielding import yield_now
from .blocks import JobBlock
from .matching import Known, matching_rows
from .order import NEWEST, JobOrder, Place, in_order
from .query import JobQuery

__all__ = ["Candidates", "Found", "find"]

Candidates = tuple[ClusterState, list[JobBlock], Mapping[str, Collection[int]]]
"""A cluster, its jobs, and which of these ``is:`` finds, see :class:`.matching.Known`."""

# A block of jobs, and the rows that match.
_Rows = tuple[JobBlock, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    ``total`` jobs match; ``counts`` says for each state, as people read it, how many would match if
    the search named no states; ``matches`` has the blocks of each cluster with the rows that match.
    """

    total: int
    counts: dict[str, int]
    matches: list[tuple[ClusterState, list[_Rows]]]

    def ordered(
        self, order: JobOrder, as_of: float, after: Place | None = None
    ) -> Iterator[tuple[Place, ClusterState, Job]]:
        """Return the jobs in order, each with its place, those behind *after* if that is given.

        :param as_of: epoch seconds; that of *after*, if there is one.
        """
        if order != NEWEST:
            return in_order(self.matches, order, as_of, after)
        before = None if after is None else after.serial
        newest = heapq.merge(
            *(_newest(state, matches, before) for state, matches in self.matches),
            key=lambda entry: -entry[1].serial,
        )
        return ((Place("newest", j.serial, j.serial, as_of), state, j) for state, j in newest)


def find(
    query: JobQuery,
    candidates: Iterable[Candidates],
    now: float,
    *,
    private: bool = False,
) -> Found:
    """Search the clusters' blocks of jobs. Needs no lock.

    :param private: the reader may not see arguments.
    """
    total = 0
    found: list[tuple[ClusterState, list[_Rows]]] = []
    counts: Counter[str] = Counter(dict.fromkeys(JOB_WORDS, 0))
    for state, blocks, kinds in candidates:
        known = Known(now, state.nodes, private, state.name, kinds)
        matches = matching_rows(query, blocks, known)
        for block, rows in matches:
            counts.update(_counts(block, rows))
            yield_now()
        if query.states:
            matches = [(block, block.rows_in_states(rows, query.states)) for block, rows in matches]
        total += sum(len(rows) for _, rows in matches)
        found.append((state, matches))
    return Found(total, dict(counts), found)


def _counts(block: JobBlock, rows: Sequence[int]) -> Mapping[Any, int]:
    """Return the number of rows by state."""
    if len(rows) == len(block.jobs):
        return block.counts
    return Counter(map(block.words.__getitem__, rows))


def _newest(
    state: ClusterState, matches: list[_Rows], before: int | None
) -> Iterable[tuple[ClusterState, Job]]:
    for block, rows in reversed(matches):
        if before is not None and block.jobs[0].serial >= before:
            continue
        for row in reversed(rows):
            job = block.jobs[row]
            if before is None or job.serial < before:
                yield state, job
