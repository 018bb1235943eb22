"""How busy the nodes are beside each other: the least, the quartiles and the most, over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

__all__ = ["LINES", "POINTS", "STEP_SEC", "Band", "Load", "Loads", "load_of", "percent_of"]

STEP_SEC: Final = 10.0
POINTS: Final = 120
"""Twenty minutes, as a node's own series has."""

LINES: Final = 12
"""Up to so many nodes each have a line of their own."""


class Band(NamedTuple):
    """How busy nodes are at one time: of a quarter at most ``low``, of half at most ``median``."""

    t: float
    least: int
    low: int
    median: int
    high: int
    most: int


class Load(NamedTuple):
    """How busy nodes were at one time: their band and, of up to twelve, the percent of each."""

    band: Band
    nodes: Mapping[str, int] | None


def percent_of(running: int, cpus: int) -> int | None:
    """Return how busy a node is, ``None`` without CPUs."""
    return min(100, 100 * running // cpus) if cpus > 0 else None


class Loads:
    """The bands of a view's nodes. Guarded by the hub's lock.

    A node counts for its whole percent, so one that changes costs the same however many there are,
    as does a band.
    """

    def __init__(self) -> None:
        self._nodes = [0] * 101  # that are so busy, by percent
        self._bands: deque[Band] = deque(maxlen=POINTS)

    @property
    def nodes(self) -> int:
        """How many nodes are there and have CPUs."""
        return sum(self._nodes)

    def replace(self, old: int | None, new: int | None) -> None:
        """Count a node at *new* percent in place of *old*."""
        if old is not None:
            self._nodes[old] -= 1
        if new is not None:
            self._nodes[new] += 1

    def sample(self, at: float) -> None:
        """Note the band of this moment, once in ten seconds."""
        if self._bands and at // STEP_SEC == self._bands[-1].t // STEP_SEC:
            return
        band = self.band(at)
        if band is not None:
            self._bands.append(band)

    def band(self, at: float) -> Band | None:
        """Return the band of now, ``None`` without nodes."""
        total = self.nodes
        if not total:
            return None
        wanted = [0, (total - 1) // 4, (total - 1) // 2, 3 * (total - 1) // 4, total - 1]
        found: list[int] = []
        below = 0
        for percent, nodes in enumerate(self._nodes):
            below += nodes
            while len(found) < len(wanted) and wanted[len(found)] < below:
                found.append(percent)
        return Band(at, *found)

    def bands(self, now: float) -> list[Band]:
        """Return the bands of the last twenty minutes and that of now."""
        last = self.band(now)
        kept = [band for band in self._bands if now - POINTS * STEP_SEC <= band.t < now]
        return kept if last is None else [*kept, last]


def load_of(at: float, percents: Iterable[tuple[str, int]]) -> Load | None:
    """Return what the *percents* of a few nodes, by address, come to; ``None`` without nodes."""
    nodes, loads = dict(percents), Loads()
    for percent in nodes.values():
        loads.replace(None, percent)
    band = loads.band(at)
    return None if band is None else Load(band, nodes)
