"""Whether many of a cluster's latest jobs failed."""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

__all__ = ["FAILING_JOBS", "FAILING_PERCENT", "FailureWindow"]

FAILING_PERCENT: Final = 20.0
FAILING_JOBS: Final = 100


class FailureWindow:
    """Counts failures among the latest *jobs* that finished or failed. Guarded by the hub's lock.

    There are many if they are more than *percent* of *jobs*, and few again once they are no more
    than half of that, so that a rate at the edge is reported once.
    """

    __slots__ = ("_latest", "_many", "_most", "failed")

    def __init__(self, jobs: int = FAILING_JOBS, percent: float = FAILING_PERCENT) -> None:
        self.failed = 0
        self._latest: deque[bool] = deque(maxlen=jobs)
        self._most = jobs * percent / 100
        self._many = False

    def note(self, *, failed: bool) -> Literal["failing", "recovered"] | None:
        """Count a job that ended; return what has just begun: many failures, or few again."""
        latest = self._latest
        if len(latest) == latest.maxlen:
            self.failed -= latest[0]
        latest.append(failed)
        self.failed += failed
        if not self._many and self.failed > self._most:
            self._many = True
            return "failing"
        if self._many and self.failed <= self._most / 2:
            self._many = False
            return "recovered"
        return None

    @property
    def jobs(self) -> int:
        """How many jobs are counted now."""
        return len(self._latest)
