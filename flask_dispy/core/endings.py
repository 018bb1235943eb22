"""When jobs of which none is pending are done, and what became of them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ALL_DONE", "SETTLED_SEC", "ending"]

ALL_DONE: Final = "All jobs are done."
"""What is said if all jobs finished."""

SETTLED_SEC: Final = 3.0
"""How long no job of an open cluster must be left until its run is done: a loop may submit the next
one."""

_BY_THEMSELVES: Final = frozenset(("finished", "failed"))


def ending(jobs: Mapping[str, int]) -> tuple[str, str]:
    """Return a reason of an outlook and a sentence.

    Jobs are done if they finished or failed. Those that were terminated, cancelled or abandoned
    ended, but nothing came of them.

    :param jobs: counts as in a summary: the terminated ones include those that failed.
    """
    counts = {
        "finished": jobs["finished"],
        "failed": jobs["failed"],
        "terminated": max(0, jobs["terminated"] - jobs["failed"]),
        "cancelled": jobs["cancelled"],
        "abandoned": jobs["abandoned"],
    }
    counts = {word: number for word, number in counts.items() if number}
    done = counts.keys() <= _BY_THEMSELVES
    reason = "all_done" if done else "all_ended"
    if counts.keys() <= {"finished"}:
        return reason, ALL_DONE
    total = sum(counts.values())
    if len(counts) > 1:
        parts = ", ".join(_said(word, number, f"{number:,}") for word, number in counts.items())
        return reason, f"All {total:,} jobs {'are done' if done else 'have ended'}: {parts}."
    (word,) = counts
    return reason, f"{_said(word, total, 'The only job' if total == 1 else f'All {total:,} jobs')}."


def _said(word: str, number: int, who: str) -> str:
    if word in _BY_THEMSELVES:
        return f"{who} {word}"
    return f"{who} {'was' if number == 1 else 'were'} {word}"
