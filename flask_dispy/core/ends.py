"""When jobs of a cluster last ended by themselves, and how far apart their ends usually are."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["Ends"]

# Enough gaps for a steady median, few enough to sort in microseconds.
_LATEST: Final = 101


class Ends:
    """The ends of the jobs that finished or failed: what shows that a cluster gets on.

    A job that somebody ended, and one whose node died, show nothing of the kind.
    """

    __slots__ = ("_gaps", "_is_stale", "_usual", "last_at")

    def __init__(self) -> None:
        self.last_at: float | None = None
        self._gaps: deque[float] = deque(maxlen=_LATEST)
        self._usual = 0.0
        self._is_stale = False

    def note(self, at: float, started_at: float) -> None:
        """Take in that a job which began at *started_at* ended at *at* (epoch seconds).

        The gap since the end before it counts from the job's own start at the earliest, so that
        a cluster that had nothing to do for an hour is not one that is slow.
        """
        last = self.last_at
        if last is None or at > last:
            gap = at - (started_at if last is None or started_at > last else last)
            self._gaps.append(gap if gap > 0.0 else 0.0)
            self.last_at = at
        else:
            self._gaps.append(0.0)
        self._is_stale = True

    def clamp_to(self, now: float) -> None:
        """Let the last end be no later than *now*: the clock may have been set back since."""
        if self.last_at is not None and self.last_at > now:
            self.last_at = now

    def usual_gap_sec(self) -> float:
        """Return the median of the latest gaps; 0 while there is none."""
        if self._is_stale:
            ordered = sorted(self._gaps)
            self._usual = ordered[len(ordered) // 2]
            self._is_stale = False
        return self._usual
