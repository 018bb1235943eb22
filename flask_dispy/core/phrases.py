"""Numbers, names and durations as parts of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .text import bounded

__all__ = ["listed", "quantity", "span", "two_units"]

# Names of nodes and clusters come over the network, and a sentence is read at a glance.
_MOST_NAMES: Final = 3
_NAME_LIMIT: Final = 60


def quantity(number: int, noun: str) -> str:
    """Return a count and its noun: "1 job", "12,310 jobs"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str], noun: str) -> str:
    """Return up to three names, "alpha, beta and gamma", or their number: "5 nodes"."""
    if not 0 < len(names) <= _MOST_NAMES:
        return quantity(len(names), noun)
    *most, last = (bounded(name, _NAME_LIMIT) for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def span(seconds: float) -> str:
    """Return a duration for a sentence: "1.7 s", "80 s", "15 min", "2 h 5 min"."""
    if seconds < 0.0995:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    if seconds < 89.5:
        return f"{seconds:.0f} s"
    if seconds < 3570:
        return f"{seconds / 60:.0f} min"
    if seconds < 86_370:
        return two_units(seconds, 3600, "h", 60, "min")
    return two_units(seconds, 86_400, "d", 3600, "h")


def two_units(seconds: float, large_sec: int, large: str, small_sec: int, small: str) -> str:
    """Return a duration in a large and a small unit: "2 h 5 min", or "2 h" if that is all."""
    whole, rest = divmod(round(seconds / small_sec), large_sec // small_sec)
    return f"{whole:,} {large} {rest} {small}" if rest else f"{whole:,} {large}"
