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
    """*lines* of Python that were run, and the most *memory* that was held for it, in bytes.

    Memory is that of all threads: it tells something only where no other is at work.
    """

    lines: int
    memory: int


def effort(call: Callable[..., Any], *arguments: Any) -> Effort:
    """Return what ``call(*arguments)`` costs."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    gc.disable()  # what is called back as it collects would count as ours
    tracemalloc.start()
    sys.settrace(trace)
    try:
        call(*arguments)
    finally:
        sys.settrace(before)
        gc.enable()
        _, memory = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return Effort(lines, memory)
