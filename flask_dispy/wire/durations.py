"""How long jobs ran and waited, as the API, the pages and the report read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from ..core.spread import Spread, edge_sec
from ..core.tally import TIMED_WORDS, Tally, TimedWord
from .comparison import rounded
from .shapes.base import Count

__all__ = ["DurationsRow", "FunctionRow", "SpreadRow", "durations_row"]

# Digits that tell apart what lies within a bucket's tenth.
_DIGITS = 6


class SpreadRow(TypedDict):
    """A histogram of durations, and its figures.

    Bucket *i* holds durations above ``edges_sec[i]``, up to ``edges_sec[i + 1]``; ``counts`` has
    the jobs in each, by how they ended.
    """

    jobs: Count
    median_sec: float | None
    p95_sec: float | None
    longest_sec: float | None
    edges_sec: list[float]
    counts: dict[TimedWord, list[Count]]


class FunctionRow(TypedDict):
    """One function's figures: a cluster's, whose name is usually that of the function it runs."""

    cluster: str
    jobs: Count
    median_sec: float | None
    p95_sec: float | None
    longest_sec: float | None
    waited_median_sec: float | None
    waited_p95_sec: float | None
    waited_longest_sec: float | None


class DurationsRow(TypedDict):
    """How long jobs ran and waited."""

    node: str | None
    state: list[TimedWord]
    ran: SpreadRow
    waited: SpreadRow
    functions: list[FunctionRow]


def durations_row(
    tallies: Mapping[str, Tally | None], words: Sequence[TimedWord], node: str | None
) -> DurationsRow:
    """Return how long the jobs that *tallies* count, by cluster, ran and waited.

    :param words: only jobs that ended so; all if empty.
    :param node: the address of the node whose tallies they are.
    """
    words = [word for word in TIMED_WORDS if not words or word in words]
    known = {cluster: tally for cluster, tally in tallies.items() if tally is not None}
    return {
        "node": node,
        "state": words,
        "ran": _row({word: _merged(known.values(), [word], "ran") for word in words}),
        "waited": _row({word: _merged(known.values(), [word], "waited") for word in words}),
        "functions": [_function(cluster, tally, words) for cluster, tally in known.items()],
    }


def _merged(tallies: Iterable[Tally], words: Iterable[TimedWord], which: str) -> Spread:
    """Return how long the jobs that ended so *ran*, or *waited*, together."""
    found = (tally.times(word) for tally in tallies for word in words)
    return Spread.merged([getattr(times, which) for times in found if times is not None])


def _row(spreads: Mapping[TimedWord, Spread]) -> SpreadRow:
    whole = Spread.merged(list(spreads.values()))
    first, length = whole.first, len(whole.counts)
    counts: dict[TimedWord, list[Count]] = {}
    for word, spread in spreads.items():
        before = spread.first - first if spread.counts else 0
        after = length - before - len(spread.counts)
        counts[word] = [*[0] * before, *spread.counts, *[0] * after]
    edges = [edge_sec(bucket) for bucket in range(first - 1, first + length)] if length else []
    return {
        "jobs": whole.total,
        "median_sec": rounded(whole.quantile(0.5), _DIGITS),
        "p95_sec": rounded(whole.quantile(0.95), _DIGITS),
        "longest_sec": rounded(whole.longest_sec, _DIGITS) if length else None,
        "edges_sec": [float(f"{edge:.{_DIGITS}g}") for edge in edges],
        "counts": counts,
    }


def _function(cluster: str, tally: Tally, words: Sequence[TimedWord]) -> FunctionRow:
    ran, waited = (_merged([tally], words, which) for which in ("ran", "waited"))
    known = bool(ran.counts)
    return {
        "cluster": cluster,
        "jobs": ran.total,
        "median_sec": rounded(ran.quantile(0.5), _DIGITS),
        "p95_sec": rounded(ran.quantile(0.95), _DIGITS),
        "longest_sec": rounded(ran.longest_sec, _DIGITS) if known else None,
        "waited_median_sec": rounded(waited.quantile(0.5), _DIGITS),
        "waited_p95_sec": rounded(waited.quantile(0.95), _DIGITS),
        "waited_longest_sec": rounded(waited.longest_sec, _DIGITS) if known else None,
    }
