"""What a call costs, counted instead of timed: the same on every machine, however busy."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

__all__ = ["Effort", "effort"]


class Effort(NamedTuple):
    """The *calls* of functions that were made, and the most *memory* that was held, in bytes.

    Calls are those of Python's functions and of built-in ones. Memory is that of all threads: it
    says something only where no other is at work.
    """

    calls: int
    memory: int


def effort(call: Callable[..., Any], *arguments: Any) -> Effort:
    """Return what ``call(*arguments)`` costs."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    gc.disable()  # what is called back as it collects would count as ours
    tracemalloc.start()
    sys.setprofile(count)
    try:
        call(*arguments)
    finally:
        sys.setprofile(None)
        gc.enable()
        _, memory = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return Effort(calls - 1, memory)  # the last one is that of setprofile
