"""Logging of faults that may recur many times a second for weeks."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Final

__all__ = ["FaultLog", "SkippedReports"]

_EVERY_SEC: Final = 60.0


class FaultLog:
    """Logs each kind of fault once a minute at most, with the number of faults that were left out.

    A kind is a message and the line that raised. If several threads use it at a time, it may log a
    fault twice.
    """

    def __init__(
        self, logger: logging.Logger, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logger = logger
        self._clock = clock
        self._shown: dict[tuple[object, ...], tuple[float, int]] = {}

    def exception(self, message: str, error: BaseException | None = None) -> None:
        """Log an exception, unless one of its kind was logged within a minute.

        :param error: ``None`` for the current one.
        """
        error = error or sys.exc_info()[1]
        frames = None if error is None else error.__traceback__
        while frames is not None and frames.tb_next is not None:
            frames = frames.tb_next
        kind = (message, type(error), frames and (frames.tb_frame.f_code, frames.tb_lineno))
        now = self._clock()
        shown_at, missed = self._shown.get(kind, (-_EVERY_SEC, 0))
        if now - shown_at < _EVERY_SEC:
            self._shown[kind] = (shown_at, missed + 1)
            return
        self._shown[kind] = (now, 0)
        more = f" There were {missed} more like this since it was last logged." * bool(missed)
        self._logger.error("%s%s", message, more, exc_info=error)


class SkippedReports:
    """Counts the status reports that were skipped, and logs them with a message."""

    def __init__(self, logger: logging.Logger, message: str) -> None:
        self.count = 0
        self._log = FaultLog(logger)
        self._message = message

    def note(self) -> None:
        """Count and log the current exception, because of which a report was skipped."""
        self.count += 1
        self._log.exception(self._message)
