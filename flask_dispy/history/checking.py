"""Checks of the values in a history file, because disks fail and people edit files.

All that reads a value or a row of the file raises one of :data:`DAMAGE` if it can't be read.
"""

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
"""What is raised for a row that can't be read."""

# The year 10000: later dates can't be written.
_LATEST: Final = 253_402_300_800.0

# JavaScript counts exactly up to 9e15.
_MOST: Final = 1e15

# The most steps of a course in a file.
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
    """Return a course; the file has its start, its step in seconds and its counts."""
    start, step_sec, *counts = value
    if not figure(step_sec) > 0 or len(counts) > _MOST_STEPS:
        raise ValueError("that is no course")
    return Course(moment(start), step_sec, [count(one) for one in counts])


def one_of(value: Any, known: Collection[str]) -> str:
    """Return a word that is known."""
    if type(value) is not str or value not in known:
        raise ValueError(f"{value!r:.40} is not known")
    return value


def or_none(check: Callable[[Any], Any], value: Any) -> Any:
    """Return what *check* makes of *value*; ``None`` stays ``None``."""
    return None if value is None else check(value)


def json_of(value: Any, kind: type) -> Any:
    """Return the list or object that a JSON text contains."""
    found = json.loads(text(value))
    if type(found) is not kind:
        raise ValueError("JSON of another kind")
    return found
