"""A thread that works off a bounded queue."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Worker"]

logger = logging.getLogger("flask_dispy.alerts")

T = TypeVar("T")


class Worker(Generic[T]):
    """Calls *work* with each item, on a daemon thread that starts with the first. Thread-safe.

    :param work: must not raise.
    :param limit: how many items may wait; further ones are dropped and counted.

    ``closing`` is set when the thread is to end: what waits is still worked off, without delay.
    Where no thread can be started, :meth:`join` works it off: from Python 3.12 on none starts any
    more when the program ends.
    """

    def __init__(self, thread_name: str, work: Callable[[T], None], *, limit: int) -> None:
        self.closing = threading.Event()
        self.dropped = 0
        self._thread_name = thread_name
        self._work = work
        self._limit = limit
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many items wait."""
        return len(self._items)

    def put(self, item: T) -> None:
        """Queue an item. Never waits, and never raises."""
        with self._changed:
            if self.closing.is_set() or len(self._items) >= self._limit:
                self.dropped += 1
                return
            self._items.append(item)
            self._changed.notify()
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._thread_name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._thread = None  # the system has none left; the next item tries again
            if threading.main_thread().is_alive():  # else the program ends, and join() does it
                logger.error("A thread for events can't be started: %s", error)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self.closing.is_set())
                if not self._items:
                    return
                item = self._items.popleft()
            self._work(item)
            del item  # it may hold much, and the next may be long in coming

    def close(self) -> None:
        """Have the thread end once nothing waits."""
        with self._changed:
            self.closing.set()
            self._changed.notify()

    def join(self, give_up_at: float) -> None:
        """Wait for the thread to end until then, by the monotonic clock; then drop what waits.

        Call :meth:`close` first. What is being worked on is not cut off.
        """
        thread = self._thread
        if thread is None:
            while time.monotonic() < give_up_at and (item := self._next()) is not None:
                self._work(item)
        elif thread is not threading.current_thread():
            thread.join(max(0.0, give_up_at - time.monotonic()))
        with self._changed:
            self.dropped += len(self._items)
            self._items.clear()

    def _next(self) -> T | None:
        """Take the item whose turn it is, if one waits."""
        with self._changed:
            return self._items.popleft() if self._items else None
