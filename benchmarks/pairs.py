"""Ours and theirs by turns, so that what else the machine does falls on both."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["by_turns", "timed_ms"]


def by_turns(
    rounds: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Call both *rounds* times, whoever is first changing; return what each returned.

    A first call of each is left out: it warms caches.
    """
    ours(), theirs()
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        if number % 2:
            second = theirs()
            found[0].append(ours())
            found[1].append(second)
        else:
            found[0].append(ours())
            found[1].append(theirs())
    return found


def timed_ms(action: Callable[[], object]) -> float:
    """Return the milliseconds that *action* takes."""
    began_at = time.perf_counter()
    action()
    return (time.perf_counter() - began_at) * 1000
