"""dispy's figures of nodes and jobs as values that can be relied upon.

Nodes make up some of them themselves, so none is taken on trust.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from ..core.text import bounded, plain_text

__all__ = ["NAME_LIMIT", "figures", "load", "moment", "name_text", "number", "whole"]

# Characters that an id, an address or a name keeps.
NAME_LIMIT: Final = 200

# No figure of dispy's comes near it, and JavaScript counts exactly up to 9e15.
_MOST: Final = 1e15


def name_text(text: object) -> str:
    """Return an address or name as bounded text; nodes name themselves."""
    if type(text) is str:
        return _bounded_name(text) if len(text) <= NAME_LIMIT else bounded(text, NAME_LIMIT)
    return plain_text(text or "", 80) or "?"


@lru_cache(maxsize=32_768)
def _bounded_name(text: str) -> str:
    # The same few addresses come with every report, and all rows share one text of each.
    return bounded(text, NAME_LIMIT)


def load(info: Any) -> tuple[float, float, float, float] | None:
    """Return a node's ``avail_info`` as (CPU %, memory bytes, disk bytes, swap %)."""
    if info is None:
        return None
    return (
        number(getattr(info, "cpu", None)),
        number(getattr(info, "memory", None)),
        number(getattr(info, "disk", None)),
        number(getattr(info, "swap", None)),
    )


figures: Final = attrgetter(
    "name", "cpus", "avail_cpus", "busy", "jobs_done", "cpu_time", "tx", "rx", "update_time",
    "avail_info",
)  # fmt: skip


def number(value: Any) -> float:
    """Return *value* as a finite float, 0.0 for what is none: JSON has no NaN.

    Nodes make up some of these figures themselves, so none is taken on trust.
    """
    if type(value) is float and -_MOST < value < _MOST:
        return value
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return found if -_MOST < found < _MOST else 0.0


def whole(value: Any) -> int:
    """Return *value* as a whole number, 0 for what is none."""
    return value if type(value) is int and -_MOST < value < _MOST else int(number(value))


def moment(value: Any, otherwise: float) -> float:
    """Return *value*, if it is a moment after the epoch, else *otherwise*."""
    return number(value) or otherwise
