"""When a cluster's jobs last finished or failed, and how far apart their ends usually are."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["Ends"]

# Enough gaps for a steady median, few enough to sort in microseconds.
_LATEST: Final = 101


class Ends:
    """The ends of jobs that finished or failed, which show that a cluster makes progress.

    A job that somebody ended, or whose node died, shows no progress.
    """

    __slots__ = ("_gaps", "_is_stale", "_usual", "last_at")

    def __init__(self) -> None:
        self.last_at: float | None = None
        self._gaps: deque[float] = deque(maxlen=_LATEST)
        self._usual = 0.0
        self._is_stale = False

    def note(self, at: float, started_at: float) -> None:
        """Note that a job that started at *started_at* ended at *at* (epoch seconds).

        The gap since the previous end begins no earlier than the job's own start, so that a
        cluster that had nothing to do for an hour does not look slow.
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
        """Move the last end back to *now* if it is later, because the clock was set back."""
        if self.last_at is not None and self.last_at > now:
            self.last_at = now

    def usual_gap_sec(self) -> float:
        """Return the median of the latest gaps; 0 while there is none."""
        if self._is_stale:
            ordered = sorted(self._gaps)
            self._usual = ordered[len(ordered) // 2]
            self._is_stale = False
        return self._usual
