"""The settings of a registry, checked once, and how much a registry of past runs loads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .columns import MOST_COLUMNS, Column
from .errors import BadRequest

__all__ = ["LONGEST_POLL_SEC", "MOST_JOBS", "MOST_RUNS", "Settings"]

MOST_JOBS: Final = 100_000
"""How many jobs of past runs are loaded by default: 100 to 400 MB of memory, and some seconds."""

MOST_RUNS: Final = 100
"""How many past runs are loaded by default; each is in every page's list of clusters."""

_DAY: Final = 86_400.0

LONGEST_POLL_SEC: Final = _DAY
"""A day, the longest poll interval."""

_MOST_DAYS = 36_500

_LEAST = {
    "history_limit": 0,
    "closed_limit": 0,
    "text_limit": 16,
    "inbox_limit": 1,
    "history_max_bytes": 1_000_000,
}


@dataclass(slots=True, kw_only=True)
class Settings:
    """The settings of a :class:`~flask_dispy.ClusterRegistry`, whose docstring says what each does.

    :raises BadRequest: a value that makes no sense; the message names it and the remedy.
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
    node_columns: Sequence[Column] = ()
    job_columns: Sequence[Column] = ()

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
                f"stall_sec is {stall!r:.80}: give seconds, a day ({_DAY:.0f}) at most.",
                field="stall_sec",
            )
        if self.redact is not None and not callable(self.redact):
            raise BadRequest("redact must be a function of (text, kind).", field="redact")
        self._check_history()
        self.node_columns = _checked_columns("node_columns", self.node_columns)
        self.job_columns = _checked_columns("job_columns", self.job_columns)

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


def _checked_columns(setting: str, columns: Sequence[Column]) -> tuple[Column, ...]:
    found = tuple(columns) if isinstance(columns, (list, tuple)) else None
    if found is None or not all(isinstance(column, Column) for column in found):
        raise BadRequest(f"{setting} must be a list of Column objects.", field=setting)
    if len(found) > MOST_COLUMNS:
        raise BadRequest(
            f"{setting} has {len(found)} columns; {MOST_COLUMNS} are the most.", field=setting
        )
    return found


def checked_poll_sec(value: float) -> float:
    """Return *value* as a poll interval; what is below 0 means 0, no automatic updates.

    :raises BadRequest: it is no number, or longer than a day.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not value <= LONGEST_POLL_SEC:  # NaN is not below it either
        raise BadRequest(
            f"poll_sec is {value!r:.80}: give a number of seconds, a day ({_DAY:.0f}) at most.",
            field="poll_sec",
        )
    return max(0, value)
