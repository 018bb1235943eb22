"""The tallies of jobs in the history: a tally as a row of its table, and back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from ..core.cluster import ClusterState
from ..core.spread import BUCKETS, Spread
from ..core.tally import TIMED_WORDS, Tally, Times
from .checking import count, figure, json_of, text
from .records import LateRow

__all__ = ["TalliesDue", "TallyRow", "enter_tally", "tally_of", "tally_row"]

_EVERY_SEC: Final = 10.0

# Tallies taken at a time, twice a second.
_AT_A_BEAT: Final = 500


class TallyRow(LateRow):
    """A node's tally, or with the address "" its cluster's."""


def tally_row(ip_addr: str, tally: Tally) -> TallyRow:
    """Return the row of a tally, as it is when it is written."""
    return TallyRow(ip_addr, partial(_tally_json, tally))


class TalliesDue:
    """The tallies of a cluster that have changed since they were last taken."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._addresses: dict[str, None] = {}  # an ordered set: those that wait longest come first
        self._taken_at = 0.0

    def note_ends(self) -> None:
        """Mark the tallies of the jobs whose ends are about to be published."""
        for job in self._state.dirty_ends.values():
            self._addresses[job.node or ""] = None

    def take(self, now: float, *, last: bool = False) -> Iterator[TallyRow]:
        """Yield the tallies that are due: each changed one every ten seconds, some at a time.

        At *last* yield all changed ones.
        """
        if last:
            self._addresses.setdefault("")  # jobs may have gone to another cluster
        elif abs(now - self._taken_at) < _EVERY_SEC:
            return
        due = list(self._addresses)[: None if last else _AT_A_BEAT]
        if len(due) == len(self._addresses):
            self._taken_at = now
        for ip_addr in due:
            del self._addresses[ip_addr]
            node = self._state.nodes.get(ip_addr)
            if node is not None and node.tally is not None:
                yield tally_row(ip_addr, node.tally)
        if due:
            yield tally_row("", self._state.tallies.total)


def _tally_json(tally: Tally) -> dict[str, Any]:
    found: dict[str, Any] = {"used_sec": tally.used_sec, "lost_sec": tally.lost_sec}
    for word in TIMED_WORDS:
        times = tally.times(word)
        if times is not None:
            found[word] = {
                "jobs": times.jobs,
                "ran": _listed(times.ran),
                "waited": _listed(times.waited),
            }
    return found


def _listed(spread: Spread) -> list[Any]:
    return [spread.longest_sec, spread.first, *spread.counts]


def tally_of(row: tuple[Any, ...]) -> tuple[str, Tally]:
    """Return the address and the tally that a row contains."""
    ip_addr, said = row
    found = json_of(said, dict)
    tally = Tally()
    tally.lost_sec = figure(found["lost_sec"])
    tally.used_sec = figure(found.get("used_sec", tally.lost_sec))
    for word in TIMED_WORDS:
        if word in found:
            setattr(tally, word, _times_of(found[word]))
    return text(ip_addr), tally


def _times_of(said: Any) -> Times:
    times = Times()
    times.jobs = count(said["jobs"])
    times.ran, times.waited = _spread_of(said["ran"]), _spread_of(said["waited"])
    return times


def _spread_of(said: Any) -> Spread:
    longest_sec, first, *counts = said
    if count(first) + len(counts) > BUCKETS:
        raise ValueError("there are no such buckets")
    return Spread(first, map(count, counts), figure(longest_sec))


def enter_tally(state: ClusterState, ip_addr: str, tally: Tally) -> None:
    """Replace the tally that was counted from loaded jobs with one that the file keeps.

    A kept tally with a lower count was written before the run's end, so it replaces nothing.
    """
    if not ip_addr:
        if tally.total >= state.tallies.total.total:
            state.tallies.total = tally
        return
    node = state.nodes.get(ip_addr)
    if node is not None and (node.tally is None or tally.total >= node.tally.total):
        node.tally = tally
