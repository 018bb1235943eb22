"""The settings of a registry, checked once, and how much a registry of past runs loads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

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

LONGEST_POLL_SEC: Final = 86_400.0
"""A day, the longest poll interval."""

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

# These must be above 0, and this at most; how that is said.
_UP_TO: Final = {
    "engine_timeout_sec": (3_600, "give seconds up to {}"),
    "stall_sec": (86_400, "give seconds, a day ({}) at most"),
    "history_days": (36_500, "give days, up to {}"),
}

_T = TypeVar("_T")


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
                raise _invalid(name, value, f"give a whole number from {least} up")
        if self.text_limit > MOST_TEXT:
            raise _invalid("text_limit", self.text_limit, f"{MOST_TEXT} characters are the most")
        for name, (most, remedy) in _UP_TO.items():
            value = getattr(self, name)
            if not _is_number(value) or not 0 < value <= most:
                raise _invalid(name, value, remedy.format(most))
        if self.redact is not None and not callable(self.redact):
            raise BadRequest("redact must be a function of (text, kind).", field="redact")
        path = self.history
        if path is not None and not (isinstance(path, (str, os.PathLike)) and os.fspath(path)):
            raise _invalid("history", path, "give a file's path")
        self._check_failing()
        self.node_columns = _checked("node_columns", self.node_columns, Column, MOST_COLUMNS)
        self.job_columns = _checked("job_columns", self.job_columns, Column, MOST_COLUMNS)
        self.cpu_hour_price = _checked_price(self.cpu_hour_price)
        self.alerts = _checked("alerts", self.alerts, Webhook, MOST_WEBHOOKS)

    def _check_failing(self) -> None:
        percent, jobs = self.failing_percent, self.failing_jobs
        if not _is_number(percent) or not 0 <= percent <= 100:
            raise _invalid("failing_percent", percent, "give percent, from 0 to 100")
        if type(jobs) is not int or not 1 <= jobs <= _MOST_LATEST_JOBS:
            remedy = f"give a whole number from 1 to {_MOST_LATEST_JOBS:,}"
            raise _invalid("failing_jobs", jobs, remedy)


def _invalid(name: str, value: object, remedy: str) -> BadRequest:
    return BadRequest(f"{name} is {value!r:.80}: {remedy}.", field=name)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _checked(setting: str, values: Sequence[_T], kind: type[_T], most: int) -> tuple[_T, ...]:
    found = tuple(values) if isinstance(values, (list, tuple)) else None
    if found is None or not all(isinstance(one, kind) for one in found):
        raise BadRequest(f"{setting} must be a list of {kind.__name__} objects.", field=setting)
    if len(found) > most:
        things = f"{kind.__name__.lower()}s"
        raise BadRequest(
            f"{setting} has {len(found)} {things}; {most} are the most.", field=setting
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
        if not _is_number(price) or not 0 <= price <= _HIGHEST_PRICE:
            of = f" of {node!r:.80}" if isinstance(setting, Mapping) else ""
            raise BadRequest(
                f"cpu_hour_price{of} is {price!r:.80}: give what an hour of a CPU costs, up to "
                f"{_HIGHEST_PRICE:,}.",
                field="cpu_hour_price",
            )
    return by_node if isinstance(setting, Mapping) else setting


def among(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings among the arguments of a function whose signature has them all."""
    return {field.name: arguments[field.name] for field in fields(Settings)}


def checked_poll_sec(value: float) -> float:
    """Return *value* as a poll interval; what is below 0 means 0, no automatic updates.

    :raises BadRequest: it is no number, or longer than a day.
    """
    if not _is_number(value) or not value <= LONGEST_POLL_SEC:  # NaN is not below it either
        remedy = f"give a number of seconds, a day ({LONGEST_POLL_SEC:.0f}) at most"
        raise _invalid("poll_sec", value, remedy)
    return max(0, value)
