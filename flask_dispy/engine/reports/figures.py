"""Sanitized figures of nodes and jobs. Nodes supply some of them, so none is trusted."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, TypeAlias, cast

from ...core.events import Load
from ...core.text import bounded, plain_text

__all__ = [
    "FIGURES",
    "LATEST",
    "NAME_LIMIT",
    "figures_of",
    "load",
    "name_text",
    "number",
    "received_at",
    "sanitized",
    "valid_time",
]

# The most characters of an id, an address or a name.
NAME_LIMIT: Final = 200

# Larger than any figure of dispy's, and JavaScript's integers are exact up to 9e15.
_MOST: Final = 1e15


LATEST: Final = 253_402_300_800.0
"""The year 10000, in epoch seconds: later dates can't be written, and timelines end there."""


def name_text(text: object) -> str:
    """Return an address or name as bounded text."""
    if type(text) is str:
        short = len(text) <= NAME_LIMIT and text.isprintable()  # as almost always
        return text if short else bounded(text, NAME_LIMIT)
    return plain_text(text or "", 80) or "?"


_LOAD: Final = ("cpu", "memory", "disk", "swap")
_load_of: Final = attrgetter(*_LOAD)


def load(info: Any) -> Load | None:
    """Return a node's ``avail_info`` as (CPU %, memory bytes, disk bytes, swap %)."""
    if info is None:
        return None
    try:
        cpu, memory, disk, swap = _load_of(info)
    except AttributeError:
        cpu, memory, disk, swap = (getattr(info, name, None) for name in _LOAD)
    # Almost always they are as psutil returns them, and need no further check.
    if (
        type(cpu) is type(swap) is float
        and type(memory) is type(disk) is int
        and -_MOST < cpu + swap < _MOST
        and 0 <= memory < _MOST
        and 0 <= disk < _MOST
    ):
        return (cpu, memory, disk, swap)
    return (number(cpu), number(memory), number(disk), number(swap))


def number(value: Any) -> float:
    """Return *value* as a finite float, or 0.0: JSON has no NaN."""
    if type(value) is float and -_MOST < value < _MOST:
        return value
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return found if -_MOST < found < _MOST else 0.0


def whole(value: Any) -> int:
    """Return *value* as an integer, or 0."""
    return value if type(value) is int and -_MOST < value < _MOST else int(number(value))


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "name": name_text,
    "cpus": whole,
    "avail_cpus": whole,
    "busy": lambda value: max(0, whole(value)),
    "jobs_done": whole,
    "cpu_time": number,
    "tx": whole,
    "rx": whole,
    "update_time": number,
    "avail_info": load,
}

FIGURES: Final = tuple(_READ)
"""What is read of dispy's nodes, in the order of the fields of ``NodeSeen`` after its address."""

figures_of: Final = attrgetter(*FIGURES)
"""Returns a node's figures as dispy has them, for :func:`sanitized`."""

_WHOLE: Final = {int}


_Figures: TypeAlias = tuple[str, int, int, int, int, float, int, int, float, Load | None]


def sanitized(raw: tuple[Any, ...]) -> _Figures:
    """Return a node's figures in the same order, with invalid ones replaced."""
    name, cpus, avail_cpus, busy, jobs_done, cpu_time, tx, rx, update_time, info = raw
    counts = (cpus, avail_cpus, busy, jobs_done, tx, rx)
    # Almost always they have the types that dispy gives them, and need no further check.
    kinds = {*map(type, counts)}
    if (
        kinds == _WHOLE
        and type(cpu_time) is type(update_time) is float
        and min(counts) >= 0
        and max(counts) < _MOST
        and -_MOST < cpu_time < _MOST
        and -_MOST < update_time < _MOST
    ):
        return (name_text(name), *counts[:4], cpu_time, tx, rx, update_time, load(info))
    checked = (read(value) for read, value in zip(_READ.values(), raw, strict=True))
    return cast(_Figures, tuple(checked))


def valid_time(value: Any, otherwise: float) -> float:
    """Return *value* if it is a time after the epoch that has a date, else *otherwise*."""
    if type(value) is float and 0.0 < value < LATEST:  # as almost always
        return value
    found = number(value)
    return found if 0.0 < found < LATEST else otherwise


def received_at(node: Any, since: float, now: float) -> float:
    """Return when, by our clock, a node's last report had arrived, at the latest.

    dispy notes the time when it receives a report, which may then wait for a while to be read.

    :param since: when the node was last known to be at work.
    """
    if node is not None:
        noted_at = node.update_time
        if type(noted_at) is float and since <= noted_at <= now and noted_at > 0.0:
            return noted_at
    return now
