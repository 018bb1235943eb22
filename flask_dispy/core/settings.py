"""The settings of a registry, checked once, and how much a registry of past runs loads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from .errors import BadRequest

__all__ = ["LONGEST_POLL_SEC", "MOST_JOBS", "MOST_RUNS", "Settings"]

MOST_JOBS: Final = 100_000
"""Jobs of past runs loaded if not told otherwise: 100 to 400 MB of memory, and some seconds."""

MOST_RUNS: Final = 100
"""Past runs loaded if not told otherwise; each is in every page's list of clusters."""

_DAY: Final = 86_400.0

LONGEST_POLL_SEC: Final = _DAY
"""A day: what is polled less often is polled never."""

_MOST_DAYS = 36_500

_LEAST = {
    "history_limit": 0,
    "closed_limit": 0,
    "text_limit": 16,
    "inbox_limit": 1,
    "history_max_bytes": 1_000_000,
}


@dataclass(slots=True)
class Settings:
    """What a :class:`~flask_dispy.ClusterRegistry` can be told.

    ``poll_sec``
        Seconds between a page's updates; 0 for none until asked. Pages can change it.
    ``show_job_args``
        Whether job arguments are shown. Pages can change it.
    ``history_limit``
        Ended jobs kept for each cluster. Queued and running jobs are always kept.
    ``closed_limit``
        Closed clusters kept, the newest; those before are let go, as by ``remove``. With
        ``history`` none of their jobs is lost.
    ``text_limit``
        Characters kept of each argument list, result, output and traceback.
    ``inbox_limit``
        Status reports of one cluster that may wait to be folded; what comes on top is dropped
        and counted.
    ``engine_timeout_sec``
        Seconds that a call into dispy may take.
    ``stall_sec``
        Seconds without an end after which the jobs that run are called stalled, at the least; see
        the outlook in docs/api.md.
    ``redact``
        Called with (text, kind) before any argument, result or output is kept; returns what to
        keep. *kind* is ``args``, ``kwargs``, ``result``, ``provisional_result``, ``stdout``,
        ``stderr`` or ``exception``.
    ``history``
        A file that keeps ended jobs, series and node events beyond the end of the program, for
        ``flask-dispy history FILE``. It is made if there is none; several programs may share it.
    ``history_days``
        Days that the file keeps.
    ``history_max_bytes``
        The file's size, about; the oldest makes room. SQLite's log beside it takes up to 4 MB
        more.
    """

    poll_sec: float = 10.0
    show_job_args: bool = True
    history_limit: int = 10_000
    closed_limit: int = 20
    text_limit: int = 1024
    inbox_limit: int = 1_000_000
    engine_timeout_sec: float = 10.0
    stall_sec: float = 60.0
    redact: Callable[[str, str], str] | None = None
    history: str | os.PathLike[str] | None = None
    history_days: float = 30.0
    history_max_bytes: int = 500_000_000

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Return the settings that are given by name, with the others as they are by default.

        :raises TypeError: there is no setting of such a name.
        :raises BadRequest: a value makes no sense.
        """
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise TypeError(f"There is no setting {name!r}; there are {', '.join(known)}.")
        return cls(**given)

    def __post_init__(self) -> None:
        self.poll_sec = checked_poll_sec(self.poll_sec)
        self.show_job_args = bool(self.show_job_args)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise BadRequest(f"{name} is {value!r}: give a whole number from {least} up.",
                                 field=name)  # fmt: skip
        timeout = self.engine_timeout_sec
        if not isinstance(timeout, (int, float)) or not 0 < timeout <= 3600:
            raise BadRequest(
                f"engine_timeout_sec is {timeout!r}: give seconds up to 3600.",
                field="engine_timeout_sec",
            )
        stall = self.stall_sec
        if isinstance(stall, bool) or not isinstance(stall, (int, float)) or not 0 < stall <= _DAY:
            raise BadRequest(
                f"stall_sec is {stall!r:.80}: give seconds, a day (86400) at most.",
                field="stall_sec",
            )
        if self.redact is not None and not callable(self.redact):
            raise BadRequest("redact must be a function of (text, kind).", field="redact")
        self._check_history()

    def _check_history(self) -> None:
        path, days = self.history, self.history_days
        if path is not None and not (isinstance(path, (str, os.PathLike)) and os.fspath(path)):
            raise BadRequest(f"history is {path!r:.80}: give a file's path.", field="history")
        number = isinstance(days, (int, float)) and not isinstance(days, bool)
        if not number or not 0 < days <= _MOST_DAYS:
            raise BadRequest(
                f"history_days is {days!r:.80}: give days, up to {_MOST_DAYS}.",
                field="history_days",
            )


def checked_poll_sec(value: float) -> float:
    """Return *value* as a poll interval; what is below 0 means 0, no automatic updates.

    :raises BadRequest: it is no number, or longer than a day.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not value <= LONGEST_POLL_SEC:  # NaN is not below it either
        raise BadRequest(
            f"poll_sec is {value!r:.80}: give a number of seconds, a day (86400) at most.",
            field="poll_sec",
        )
    return max(0, value)
