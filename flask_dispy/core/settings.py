"""The settings of a registry, checked once, and how much a registry of past runs loads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Final

from .columns import MOST_COLUMNS, Column
from .errors import BadRequest
from .failurewindow import FAILING_JOBS, FAILING_PERCENT
from .meter import OTHERS, CpuHourPrice
from .textbudget import DEFAULT_HISTORY_BYTES, MOST_TEXT
from .webhook import MOST_WEBHOOKS, Webhook

__all__ = ["LONGEST_POLL_SEC", "MOST_JOBS", "MOST_RUNS", "Settings", "among", "checked_poll_sec"]

MOST_JOBS: Final = 100_000
"""How many jobs of past runs are loaded by default: 100 to 400 MB of memory, and some seconds."""

MOST_RUNS: Final = 100
"""How many past runs are loaded by default; each is in every page's list of clusters."""

_DAY: Final = 86_400.0

LONGEST_POLL_SEC: Final = _DAY
"""A day, the longest poll interval."""

_MOST_DAYS = 36_500

_MOST_LATEST_JOBS: Final = 100_000

_HIGHEST_PRICE: Final = 1_000_000

_LEAST = {
    "history_limit": 0,
    "closed_limit": 0,
    "text_limit": 16,
    "history_bytes": 1_000_000,
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
    history_bytes: int = DEFAULT_HISTORY_BYTES
    inbox_limit: int = 1_000_000
    engine_timeout_sec: float = 10.0
    stall_sec: float = 60.0
    redact: Callable[[str, str], str] | None = None
    history: str | os.PathLike[str] | None = None
    history_days: float = 30.0
    history_max_bytes: int = 500_000_000
    node_columns: Sequence[Column] = ()
    job_columns: Sequence[Column] = ()
    cpu_hour_price: CpuHourPrice | None = None
    failing_percent: float = FAILING_PERCENT
    failing_jobs: int = FAILING_JOBS
    alerts: Sequence[Webhook] = ()

    def __post_init__(self) -> None:
        self.poll_sec = checked_poll_sec(self.poll_sec)
        self.show_job_args = bool(self.show_job_args)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise BadRequest(f"{name} is {value!r}: give a whole number from {least} up.",
                                 field=name)  # fmt: skip
        if self.text_limit > MOST_TEXT:
            raise BadRequest(
                f"text_limit is {self.text_limit}: {MOST_TEXT} characters are the most.",
                field="text_limit",
            )
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
        self._check_failing()
        self._check_history()
        self.node_columns = _checked_columns("node_columns", self.node_columns)
        self.job_columns = _checked_columns("job_columns", self.job_columns)
        self.cpu_hour_price = _checked_price(self.cpu_hour_price)
        self.alerts = _checked_alerts(self.alerts)

    def _check_failing(self) -> None:
        percent, jobs = self.failing_percent, self.failing_jobs
        number = isinstance(percent, (int, float)) and not isinstance(percent, bool)
        if not number or not 0 <= percent <= 100:
            raise BadRequest(
                f"failing_percent is {percent!r:.80}: give percent, from 0 to 100.",
                field="failing_percent",
            )
        if type(jobs) is not int or not 1 <= jobs <= _MOST_LATEST_JOBS:
            raise BadRequest(
                f"failing_jobs is {jobs!r:.80}: give a whole number from 1 to "
                f"{_MOST_LATEST_JOBS:,}.",
                field="failing_jobs",
            )

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


def _checked_alerts(alerts: Sequence[Webhook]) -> tuple[Webhook, ...]:
    found = tuple(alerts) if isinstance(alerts, (list, tuple)) else None
    if found is None or not all(isinstance(one, Webhook) for one in found):
        raise BadRequest("alerts must be a list of Webhook objects.", field="alerts")
    if len(found) > MOST_WEBHOOKS:
        raise BadRequest(
            f"alerts has {len(found)} webhooks; {MOST_WEBHOOKS} are the most.", field="alerts"
        )
    return found


def _checked_price(setting: CpuHourPrice | None) -> CpuHourPrice | None:
    if setting is None:
        return None
    by_node = dict(setting) if isinstance(setting, Mapping) else {OTHERS: setting}
    for node, price in by_node.items():
        if not isinstance(node, str) or not node:
            raise BadRequest(
                f"cpu_hour_price has the node {node!r:.80}: give nodes by address or name, and "
                f'all others as "{OTHERS}".',
                field="cpu_hour_price",
            )
        if not _is_price(price):
            of = f" of {node!r:.80}" if isinstance(setting, Mapping) else ""
            raise BadRequest(
                f"cpu_hour_price{of} is {price!r:.80}: give what an hour of a CPU costs, up to "
                f"{_HIGHEST_PRICE:,}.",
                field="cpu_hour_price",
            )
    return by_node if isinstance(setting, Mapping) else setting


def _is_price(price: Any) -> bool:
    number = isinstance(price, (int, float)) and not isinstance(price, bool)
    return number and isfinite(price) and 0 <= price <= _HIGHEST_PRICE


def among(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings among the arguments of a function whose signature has them all."""
    return {field.name: arguments[field.name] for field in fields(Settings)}


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
