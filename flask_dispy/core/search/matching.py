"""Finding the jobs that match a parsed search, block by block."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from ..nodes import Node
from ..yielding import yield_now
from .blocks import JobBlock
from .order import JobSort, rows_between
from .query import JobQuery
from .values import pattern_test, serial_named, value_test

__all__ = ["Known", "matching_rows"]


class Known(NamedTuple):
    """What a search depends on besides its words and the jobs.

    :param now: epoch seconds, to know how long running jobs have taken.
    :param nodes: the cluster's nodes by address, whose names ``node:`` takes, too.
    :param private: the reader may not see arguments and errors: they are not searched, and
        ``arg:`` and ``error:`` match nothing.
    :param cluster: the name of the jobs' cluster.
    :param kinds: the serial numbers of the jobs that ``is:`` finds, by its value.
    """

    now: float
    nodes: Mapping[str, Node] = MappingProxyType({})
    private: bool = False
    cluster: str = ""
    kinds: Mapping[str, Collection[int]] = MappingProxyType({})


def matching_rows(
    query: JobQuery, blocks: Iterable[JobBlock], known: Known
) -> list[tuple[JobBlock, Sequence[int]]]:
    """Return the blocks with matching jobs, whatever their state, and the rows of these."""
    search = _Search(query, known)
    found = []
    for block in blocks:
        rows = search.rows(block)
        if rows:
            found.append((block, rows))
        yield_now()
    return found


class _Search:
    """One search, block by block."""

    def __init__(self, query: JobQuery, known: Known) -> None:
        self._query = query
        self._known = known
        self._groups = [
            [(excluded, _Search(one, known)) for excluded, one in group] for group in query.groups
        ]
        self._nodes = [_node_matcher(pattern, known.nodes) for pattern in query.nodes]
        self._ids = [(_literal(p), pattern_test(p), serial_named(p)) for p in query.ids]
        self._texts = [*query.args, *query.words]
        self._serials = [frozenset(known.kinds.get(kind, ())) for kind in query.kinds]
        if query.serials:
            self._serials.append(query.serials)
        self._columns = [(place, value_test(text)) for place, text in query.columns]
        self._bounds: dict[JobSort, tuple[float, float]] = {}
        for column, span in query.spans:
            low, high = self._bounds.get(column, (-inf, inf))
            least, most = span.bounds(known.now)
            self._bounds[column] = max(low, least), min(high, most)
        is_hidden = known.private and bool(query.args or query.errors)
        self._finds_nothing = is_hidden or not query.wants_cluster(known.cluster)

    def rows(self, block: JobBlock) -> Sequence[int]:
        """Return the rows of a block that match, in order."""
        if self._finds_nothing:
            return ()
        query, jobs = self._query, block.jobs
        # Searching one text of all jobs takes a fraction of the time of searching each job.
        if not all(map(block.holds, self._texts)):
            return ()
        if any(wanted.isdisjoint(block.serials) for wanted in self._serials):
            return ()
        if not all(block.holds(text) or number in block.serials for text, _, number in self._ids):
            return ()
        rows: Sequence[int] = range(len(jobs))
        for matches in self._nodes:
            rows = _both(rows, _on_nodes(block, matches))
        if query.error_kinds:
            rows = _both(rows, block.rows_of_kinds(query.error_kinds))
        for wanted in self._serials:
            rows = [row for row in rows if block.serials[row] in wanted]
        for text, is_id, number in self._ids:
            texts, serials = block.texts, block.serials
            rows = [
                row
                for row in rows
                if (text in texts[row] and is_id(jobs[row].id)) or serials[row] == number
            ]
        for text in query.args:
            rows = block.rows_with_argument(text, rows)
        for text in query.errors:
            rows = _both(rows, block.rows_with_error(text))
        for place, matches_value in self._columns:
            values = block.columns
            rows = [row for row in rows if values[row] and matches_value(values[row][place])]
        for column, bounds in self._bounds.items():
            rows = rows_between(block, rows, column, *bounds, self._known.now)
        rows = self._with_words(block, rows)
        for group in self._groups:
            if rows:
                rows = _of_group(group, block, rows)
        return rows

    def rows_in_states(self, block: JobBlock) -> Sequence[int]:
        """Return the rows of a block that match, their state included."""
        states, rows = self._query.states, self.rows(block)
        return block.rows_in_states(rows, states) if states else rows

    def _with_words(self, block: JobBlock, rows: Sequence[int]) -> Sequence[int]:
        for word in self._query.words:
            rows = _both(rows, block.rows_with_word(word))
            if self._known.private:
                jobs = block.jobs
                rows = [
                    row for row in rows if word in f"{jobs[row].id}\n{jobs[row].node}".casefold()
                ]
        return rows


def _of_group(
    group: Sequence[tuple[bool, _Search]], block: JobBlock, rows: Sequence[int]
) -> Sequence[int]:
    """Return those of the rows that match one of a group."""
    found = set[int]()
    for excluded, search in group:
        some = search.rows_in_states(block)
        some = _without(rows, some) if excluded else _both(rows, some)
        if len(group) == 1:
            return some
        found.update(some)
    return rows if len(found) == len(rows) else sorted(found)


def _without(rows: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    """Return the rows that are not among these."""
    if not others:
        return rows
    excluded = frozenset(others)
    return [row for row in rows if row not in excluded]


def _literal(pattern: str) -> str:
    """Return the longest part of *pattern* without wildcards."""
    return max(re.split(r"[*?]", pattern.casefold()), key=len)


def _node_matcher(pattern: str, nodes: Mapping[str, Node]) -> Callable[[str], bool]:
    """Return a test of a node's address or name, evaluated once for each node."""
    matches = pattern_test(pattern)

    @cache
    def test(address: str) -> bool:
        node = nodes.get(address)
        return matches(address) or (node is not None and matches(node.name))

    return test


def _on_nodes(block: JobBlock, matches: Callable[[str], bool]) -> list[int]:
    return sorted(
        chain.from_iterable(rows for node, rows in block.by_node.items() if matches(node))
    )


def _both(rows: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    """Return the rows that are in both; a range stands for all rows."""
    if isinstance(rows, range):
        return others
    if isinstance(others, range):
        return rows
    wanted = frozenset(others)
    return [row for row in rows if row in wanted]
