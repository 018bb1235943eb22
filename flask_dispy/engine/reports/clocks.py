"""The nodes' clocks: how far each differs from ours, and when jobs ran by ours.

dispy takes the start and the end of a job from the node that ran it, but clocks differ: a board
without a battery starts in 1970. So a node's times are used only for how long a job took.
"""

from __future__ import annotations

from math import inf
from typing import Final

__all__ = ["NodeClocks"]

# A smaller difference is ignored: reading a report takes up to a quarter of a second, which looks
# like a clock that is behind.
_IN_STEP_SEC: Final = 0.5

# A node confirms a job within dispy's time limit for messages, which is 10 seconds.
_CONFIRMED_SEC: Final = 15.0

# Because clocks drift, a run may be longer than the time since its submission by this much.
_DRIFT_SEC: Final = 1.0

# After this many runs a new estimate of a clock begins, and the one before the last is dropped.
_RUNS: Final = 8

# The smallest offset that is shown, and the smallest change of a shown offset.
_SHOWN_SEC: Final = 2.0
_SHOWN_CHANGE_SEC: Final = 1.0


class NodeClocks:
    """Those clocks of one cluster's nodes that differ from ours."""

    def __init__(self) -> None:
        self._clocks: dict[str, _Clock] = {}

    def offset_sec(self, ip_addr: str) -> float | None:
        """Return how far a node's clock is ahead of ours, ``None`` if less than 2 s."""
        clock = self._clocks.get(ip_addr)
        return None if clock is None else clock.shown_sec

    def forget(self, ip_addr: str) -> None:
        """Forget a node's clock, because the node left."""
        self._clocks.pop(ip_addr, None)

    def run(
        self,
        ip_addr: str,
        started_at: float,
        ended_at: float,
        *,
        submitted_at: float,
        confirmed_at: float,
        received_at: float,
    ) -> tuple[float | None, float]:
        """Return when a run began and ended by our clock; the start may be ``None``.

        :param started_at: by the node's clock, 0 if unknown.
        :param ended_at: likewise.
        :param submitted_at: by our clock, as are the others.
        :param confirmed_at: when the node had confirmed that the job runs, 0 if unknown.
        :param received_at: when the report of the end had arrived, at the latest.

        The run is as long as the node says, if that is possible. The clocks are compared at two
        times that we noted after the node: the confirmation and the end. The delay between makes
        the node's clock seem behind, so the least of the latest comparisons counts.
        """
        if submitted_at <= started_at <= ended_at <= received_at < ended_at + _IN_STEP_SEC:
            if self._clocks:
                self._clocks.pop(ip_addr, None)
            return started_at, ended_at
        if not _is_sane(started_at, ended_at, submitted_at, confirmed_at, received_at):
            return confirmed_at or None, received_at
        behind = received_at - ended_at
        ahead = submitted_at - started_at
        if confirmed_at:
            behind = min(behind, confirmed_at - started_at)
        shift = self._estimate(ip_addr, ahead, behind, sure=confirmed_at > 0.0)
        if abs(shift) < _IN_STEP_SEC:
            shift = 0.0
        if received_at >= submitted_at:  # else our own clock was set back meanwhile
            shift = max(shift, ahead)
        shift = min(shift, received_at - ended_at)
        began_at, over_at = started_at + shift, min(ended_at + shift, received_at)
        if submitted_at <= over_at:
            began_at = max(began_at, submitted_at)
        return began_at, over_at

    def _estimate(self, ip_addr: str, least: float, most: float, *, sure: bool) -> float:
        """Return what to add to the node's times, between *least* and *most*.

        :param sure: *most* is close to the true value; otherwise it may be far higher.
        """
        clock = self._clocks.get(ip_addr)
        if not sure:
            known = 0.0 if clock is None else clock.shift_sec
            if least <= known <= most:
                return known
        if clock is None:
            clock = self._clocks[ip_addr] = _Clock()
        clock.compare(most)
        shift = clock.shift_sec
        if clock.shown_sec is None and abs(shift) < _IN_STEP_SEC:
            del self._clocks[ip_addr]
        return shift


class _Clock:
    """The latest comparisons of one clock with ours."""

    __slots__ = ("_before", "_latest", "_runs", "shown_sec")

    def __init__(self) -> None:
        self._latest = self._before = inf
        self._runs = 0
        self.shown_sec: float | None = None

    @property
    def shift_sec(self) -> float:
        """What to add to the clock's times to get ours."""
        return min(self._latest, self._before)

    def compare(self, shift_sec: float) -> None:
        """Add a comparison: an upper bound of the shift."""
        if shift_sec - self.shift_sec > _CONFIRMED_SEC:
            self._latest = self._before = inf  # one of the clocks was set meanwhile
            self._runs = 0
        elif self._runs == _RUNS:
            self._before, self._latest = self._latest, inf
            self._runs = 0
        self._runs += 1
        self._latest = min(self._latest, shift_sec)
        self._show()

    def _show(self) -> None:
        offset = -self.shift_sec
        if abs(offset) < _SHOWN_SEC:
            self.shown_sec = None
        elif self.shown_sec is None or abs(offset - self.shown_sec) > _SHOWN_CHANGE_SEC:
            self.shown_sec = round(offset, 1)


def _is_sane(
    started_at: float, ended_at: float, submitted_at: float, confirmed_at: float, received_at: float
) -> bool:
    """Whether a run can be as long as the node says; its clock may have been set meanwhile."""
    if not (started_at > 0.0 and started_at <= ended_at):
        return False
    most = received_at - submitted_at + _DRIFT_SEC
    if 0.0 < confirmed_at <= received_at:
        most = min(most, received_at - confirmed_at + _CONFIRMED_SEC)
    # If our own clock was set back, it proves nothing.
    return received_at < submitted_at or ended_at - started_at <= most
