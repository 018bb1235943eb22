"""How dispynode takes signals: it overlooks none."""

from __future__ import annotations

import signal
import time
from typing import Any, Final

from .patches import replace

__all__ = ["heed_signals"]

# How long a signal may go unnoticed; looking takes microseconds.
_LOOK_EVERY_SEC: Final = 0.5


def heed_signals(node: Any) -> None:
    """Make *node*, the module dispynode, act on every signal.

    Its handler ignores a signal that arrives before the node is made, though the node may be
    reached by then. And one that arrives when its main thread is about to sleep, as often does the
    SIGINT by which it makes itself end, would be handled after that sleep, an hour later.
    """
    early: list[int] = []

    def install(number: int, handler: Any) -> Any:
        if getattr(handler, "__qualname__", "") != "sighandler":  # of a job's process
            return signal.signal(number, handler)

        def handle(number: int, frame: Any) -> None:
            if getattr(node, "_dispy_node", None) is None:
                early.append(number)
            else:
                handler(number, frame)

        return signal.signal(number, handle)

    def sleep(seconds: float) -> None:
        while early:
            signal.raise_signal(early.pop())
        end_at = time.monotonic() + seconds
        while (left := end_at - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_EVERY_SEC))

    replace(node, "signal", signal, signal=install)
    replace(node, "time", time, sleep=sleep)
