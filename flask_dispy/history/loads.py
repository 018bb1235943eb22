"""What the history keeps of how busy a run's nodes were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ..core.cluster import ClusterState
from ..core.loads import LINES, STEP_SEC, Band, Load, load_of
from .checking import count, moment, text

__all__ = ["LoadRow", "LoadsDue", "load_from"]

# The longer a run has gone on, the less often: a month takes some 6,000 rows, of up to 300 bytes.
_STEPS: Final = ((7_200.0, STEP_SEC), (86_400.0, 60.0), (float("inf"), 600.0))

# A few nodes are sought among so many, those that left included.
_LOOKED_AT: Final = 1_000


class LoadRow(NamedTuple):
    """How busy the nodes were at one time, in percent, as JSON.

    Of up to twelve nodes an object with each one's percent by its address; of more a list of the
    five of a band.
    """

    at: float
    load: str


class LoadsDue:
    """Says what is to be written of a run's load, and when."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._at = self._next_at = 0.0

    def take(self, now: float, *, last: bool = False) -> Iterator[LoadRow]:
        """Yield the load of now if it is due, or in any case as the *last*."""
        if self._at <= now < self._next_at and not last:
            return
        roster = self._state.roster
        band = roster.loads.band(now)
        if band is None:
            return
        age_sec = now - self._state.started_at
        self._at = now
        self._next_at = now + next(step for until, step in _STEPS if age_sec < until)
        load: object = band[1:]
        if roster.loads.nodes <= LINES and len(roster.nodes) <= _LOOKED_AT:
            nodes = roster.nodes.values()
            load = {n.ip_addr: n.busy_percent for n in nodes if n.busy_percent is not None}
        yield LoadRow(now, json.dumps(load))


def load_from(row: tuple[Any, ...]) -> Load:
    """Return the load that a row says."""
    at, said = moment(row[0]), json.loads(text(row[1]))
    if isinstance(said, dict):
        if len(said) > LINES:
            raise ValueError("these are too many nodes for lines")
        load = load_of(at, ((text(ip_addr), _percent(busy)) for ip_addr, busy in said.items()))
    else:
        load = Load(Band(at, *map(_percent, said)), None)
    if load is None:
        raise ValueError("no node was there")
    return load


def _percent(value: Any) -> int:
    if count(value) > 100:
        raise ValueError(f"{value} is no percentage")
    return int(value)
