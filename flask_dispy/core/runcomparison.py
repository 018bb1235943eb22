"""Two runs side by side: what got worse, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log
from typing import Final, Literal, NamedTuple

from .chance import chance_of_failures, chance_of_times
from .failures import Failure
from .spread import Spread
from .tally import Tally

__all__ = ["Change", "RunData", "Side", "Subject", "Verdict", "What", "changes_between"]

What = Literal["ran", "waited", "failed"]
Subject = Literal["function", "error_kind", "node"]
Verdict = Literal["worse", "same", "better"]

# Buckets are a tenth apart, so times that hardly differ may seem to differ by as much.
_LEAST_TIMES: Final = 1.15

# The chance that any of all differences is called sure although the runs are alike.
_FALSE_ALARMS: Final = 0.01

# Nodes that are compared: those with most jobs. Each takes 100 us.
_MOST_NODES: Final = 1_000

_RANKS: Final[dict[tuple[Verdict, bool], int]] = {
    ("worse", True): 0, ("worse", False): 1, ("same", True): 2, ("same", False): 2,
    ("better", False): 3, ("better", True): 4,
}  # fmt: skip
_SUBJECTS: Final[tuple[Subject, ...]] = ("function", "error_kind", "node")


class RunData(NamedTuple):
    """What a run's jobs came to: in total, by the address of their node, and by kind of error."""

    total: Tally
    nodes: Mapping[str, Tally]
    kinds: Mapping[Failure, int]


class Side(NamedTuple):
    """One run's part of a difference.

    *jobs* are those that the figures are of: that finished, or that finished or failed. *share* is
    that of *failed* in these.
    """

    jobs: int
    median_sec: float | None = None
    p95_sec: float | None = None
    failed: int | None = None

    @property
    def share(self) -> float | None:
        """The share of failures."""
        return None if self.failed is None or not self.jobs else self.failed / self.jobs


class Change(NamedTuple):
    """A difference between two runs, the second beside the first.

    :param of: whose it is; *name* is the node's address, and *failure* the kind of error.
    :param times: the second run's median, or share of failures, over that of the first; ``None``
        if that is 0.
    :param chance: the chance of a difference as large in either direction, anywhere in the
        comparison, if the runs were alike.
    """

    what: What
    of: Subject
    name: str
    failure: Failure | None
    first: Side
    second: Side
    times: float | None
    verdict: Verdict
    chance: float

    @property
    def sure(self) -> bool:
        """Whether chance hardly explains it."""
        return self.verdict != "same" and self.chance < _FALSE_ALARMS


def changes_between(first: RunData, second: RunData) -> list[Change]:
    """Return all differences of *second* from *first*: what got worse for sure comes first."""
    found = [
        *_of_tallies("function", "", first.total, second.total),
        *_of_kinds(first, second),
        *_of_nodes(first, second),
    ]
    # Each looks at two directions, and all together share the false alarms (Bonferroni).
    looks = 2 * len(found)
    judged = [one._replace(chance=min(1.0, one.chance * looks)) for one in found]
    return sorted(judged, key=_worst_first)


def _worst_first(change: Change) -> tuple[int, int, float]:
    rank = _RANKS[change.verdict, change.sure]
    size = _size(change)
    return rank, _SUBJECTS.index(change.of), -size if rank < 3 else size


def _size(change: Change) -> float:
    """Return by how much it got worse, on a scale that a share of 0 has a place on."""
    a, b = change.first, change.second
    if change.what != "failed":
        return log(change.times) if change.times else 0.0
    return log(((b.failed or 0) + 0.5) / (b.jobs + 1)) - log(((a.failed or 0) + 0.5) / (a.jobs + 1))


def _of_nodes(first: RunData, second: RunData) -> Iterator[Change]:
    both = [ip_addr for ip_addr in second.nodes if ip_addr in first.nodes]
    both.sort(key=lambda ip: first.nodes[ip].total + second.nodes[ip].total, reverse=True)
    for ip_addr in both[:_MOST_NODES]:
        yield from _of_tallies("node", ip_addr, first.nodes[ip_addr], second.nodes[ip_addr])


def _of_tallies(of: Subject, name: str, first: Tally, second: Tally) -> Iterator[Change]:
    a, b = first.finished, second.finished
    if a is not None and b is not None:
        yield from _of_times("ran", of, name, a.ran, b.ran)
        if of == "function":
            yield from _of_times("waited", of, name, a.waited, b.waited)
    yield from _of_failures(of, name, None, _failed_of(first), _failed_of(second))


def _of_kinds(first: RunData, second: RunData) -> Iterator[Change]:
    a, b = _failed_of(first.total), _failed_of(second.total)
    for failure in {**first.kinds, **second.kinds}:
        yield from _of_failures(
            "error_kind",
            "",
            failure,
            a._replace(failed=first.kinds.get(failure, 0)),
            b._replace(failed=second.kinds.get(failure, 0)),
        )


def _of_times(
    what: What, of: Subject, name: str, first: Spread, second: Spread
) -> Iterator[Change]:
    a, b = _timed(first), _timed(second)
    if not a.jobs or not b.jobs:
        return
    times = b.median_sec / a.median_sec if a.median_sec and b.median_sec is not None else None
    longer = (b.median_sec or 0.0) >= (a.median_sec or 0.0)
    chance = chance_of_times(second, first) if longer else chance_of_times(first, second)
    verdict = _verdict(b.median_sec or 0.0, a.median_sec or 0.0)
    yield Change(what, of, name, None, a, b, times, verdict, chance)


def _of_failures(
    of: Subject, name: str, failure: Failure | None, a: Side, b: Side
) -> Iterator[Change]:
    if not a.jobs or not b.jobs or not (a.failed or b.failed):
        return
    share, before = b.share or 0.0, a.share or 0.0
    worse, base = (b, a) if share >= before else (a, b)
    # More of a kind than jobs: the file is damaged.
    known = [min(side.failed or 0, side.jobs) for side in (worse, base)]
    chance = chance_of_failures(known[0], worse.jobs, known[1], base.jobs)
    times = share / before if before else None
    yield Change("failed", of, name, failure, a, b, times, _verdict(share, before), chance)


def _verdict(now: float, before: float) -> Verdict:
    if now > before * _LEAST_TIMES:
        return "worse"
    return "better" if before > now * _LEAST_TIMES else "same"


def _timed(spread: Spread) -> Side:
    return Side(spread.total, spread.quantile(0.5), spread.quantile(0.95))


def _failed_of(tally: Tally) -> Side:
    failed = tally.jobs("failed")
    return Side(failed + tally.jobs("finished"), failed=failed)
