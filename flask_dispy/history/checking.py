"""Values of a history file, none of which is taken on trust: disks fail, and people edit files."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, Final

from ..core.errorkinds import Course

__all__ = [
    "DAMAGE",
    "count",
    "course",
    "figure",
    "json_of",
    "moment",
    "one_of",
    "or_none",
    "serial",
    "text",
]

DAMAGE: Final = (
    ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
"""What a row that can't be read raises."""

# The year 10000: no date beyond can be written.
_LATEST: Final = 253_402_300_800.0

# JavaScript counts exactly up to 9e15.
_MOST: Final = 1e15

# Steps of a course that a file may hold.
_MOST_STEPS: Final = 1_000


def moment(value: Any) -> float:
    """Return a time, in epoch seconds."""
    if type(value) not in (float, int) or not 0.0 < value < _LATEST:
        raise ValueError(f"{value!r:.40} is no time")
    return float(value)


def figure(value: Any) -> float:
    """Return an amount of something."""
    if type(value) not in (float, int) or not -_MOST < value < _MOST:
        raise ValueError(f"{value!r:.40} is no figure")
    return float(value)


def count(value: Any) -> int:
    """Return how many there are of something."""
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError(f"{value!r:.40} is no number")
    return value


def serial(value: Any) -> int:
    """Return a serial number."""
    if count(value) == 0:
        raise ValueError("0 is no serial number")
    return int(value)


def text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.40} is no text")
    return value


def course(value: Any) -> Course:
    """Return a course, of which the file has its start, its step in seconds, and its counts."""
    start, step_sec, *counts = value
    if not figure(step_sec) > 0 or len(counts) > _MOST_STEPS:
        raise ValueError("that is no course")
    return Course(moment(start), step_sec, map(count, counts))


def one_of(value: Any, known: Collection[str]) -> str:
    """Return a word that is known."""
    if type(value) is not str or value not in known:
        raise ValueError(f"{value!r:.40} is not known")
    return value


def or_none(check: Callable[[Any], Any], value: Any) -> Any:
    """Return *value* as *check* does, or ``None`` where it is."""
    return None if value is None else check(value)


def json_of(value: Any, kind: type) -> Any:
    """Return what a JSON text of a list or an object says."""
    found = json.loads(text(value))
    if type(found) is not kind:
        raise ValueError("JSON of another kind")
    return found
