"""Calls of users' own code, for which nobody has to wait.

A user's function may raise, take hours, or return gigabytes. It runs on a separate thread, one
request at a time, with a time limit, never under a lock and never on a thread for which dispy or a
reader waits. A call that exceeds the limit is interrupted.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import queue
import threading
import time
from abc import ABC, abstractmethod
from typing import Final, Generic, Literal, TypeVar

from ..faultlog import FaultLog

__all__ = ["Interrupted", "Reason", "UserCode"]

logger = logging.getLogger("flask_dispy.engine")

Reason = Literal["crowded", "late", "stuck"]
"""Why a request has no answer: too many waited, it took too long, or earlier ones never ended."""

# How many threads may hang in an interrupted call, for example one that sleeps in C; beyond it, no
# user code is called any more.
_MAX_STUCK: Final = 4

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Interrupted(BaseException):
    """Raised inside a user's code that takes too long. Nothing may catch it and go on."""


class UserCode(ABC, Generic[Request, Answer]):
    """Answers requests on a thread that starts with the first of them.

    :param thread_name: the thread's name.
    :param limit: how many requests may wait; they hold users' objects longer than dispy does.
    :param time_limit_sec: how long each may take.

    Thread-safe.
    """

    def __init__(self, thread_name: str, *, limit: int, time_limit_sec: float) -> None:
        self._thread_name = thread_name
        self._time_limit_sec = time_limit_sec
        self._queue: queue.Queue[Request | None] = queue.Queue(limit)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stuck: list[threading.Thread] = []
        self._current: tuple[Request, float] | None = None
        self._closed = False
        self._fault_log = FaultLog(logger)
        self._faults: list[tuple[str, BaseException]] = []

    @abstractmethod
    def _answer(self, request: Request) -> Answer:
        """Call the user's code, on the thread; raises nothing but :class:`Interrupted`.

        What goes wrong joins ``_faults``, with a message, and is logged afterwards.
        """

    @abstractmethod
    def _take(self, request: Request, answer: Answer) -> None:
        """Deliver an answer, on the thread."""

    @abstractmethod
    def _give_up(self, request: Request, reason: Reason) -> None:
        """Deliver that a request has no answer, on any thread."""

    @abstractmethod
    def _blame(self) -> None:
        """Note that the current call takes too long. Called under a lock."""

    def submit(self, request: Request) -> None:
        """Queue a request; if too many wait, it is given up at once."""
        if self._closed:
            return
        try:
            self._queue.put_nowait(request)
        except queue.Full:
            self._give_up(request, "crowded")
            return
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed and len(self._stuck) < _MAX_STUCK:
                self._thread = threading.Thread(
                    target=self._work, name=self._thread_name, daemon=True
                )
                try:
                    self._thread.start()
                except RuntimeError:
                    self._thread = None  # the system has no thread left; watch() tries again

    def watch(self) -> None:
        """Interrupt a call that takes too long; the pump calls this a few times a second."""
        with self._lock:
            self._stuck = [thread for thread in self._stuck if thread.is_alive()]
            late = self._overdue()
            full = len(self._stuck) >= _MAX_STUCK
        if late is not None:
            self._give_up(late, "late")
        if full:
            for request in self._drained():
                self._give_up(request, "stuck")
        elif self._thread is None and not self._queue.empty():
            self._start()

    def _overdue(self) -> Request | None:
        """Interrupt a call that takes too long and abandon its thread; return its request."""
        current, thread = self._current, self._thread
        if current is None or thread is None:
            return None
        request, since = current
        if time.monotonic() - since <= self._time_limit_sec:
            return None
        self._blame()
        self._current = None
        self._thread = None
        self._stuck.append(thread)
        _interrupt(thread)
        return request

    def _drained(self) -> list[Request]:
        """Empty the queue and return its requests."""
        found: list[Request] = []
        while True:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                return found
            if request is not None:
                found.append(request)

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return self._queue.qsize()

    @property
    def stuck(self) -> int:
        """How many interrupted calls have not returned."""
        return sum(thread.is_alive() for thread in self._stuck)

    def close(self) -> None:
        """End the thread, in the middle of a call if necessary, and drop what waits."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            busy, self._current = self._current is not None, None
            if busy and thread is not None:
                _interrupt(thread)
        self._drained()
        if thread is not None and thread is not threading.current_thread():
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)
            thread.join(self._time_limit_sec)

    def _log_faults(self) -> None:
        """Log what went wrong in the last call: an interrupt would strike while a file is open."""
        faults, self._faults = self._faults, []
        for message, error in faults:
            self._fault_log.exception(message, error)

    def _work(self) -> None:
        me = threading.current_thread()
        try:
            while self._thread is me:
                request = self._queue.get()
                if request is None:
                    return
                with self._lock:
                    if self._thread is not me:
                        return
                    self._current = (request, time.monotonic())
                answer = self._answer(request)
                with self._lock:
                    late = self._thread is not me
                    if not late:
                        self._current = None
                if late:
                    _await_interrupt()
                    return
                self._log_faults()
                self._take(request, answer)
                del request, answer
        except Interrupted:
            # It was late: the watch has already given it up and let this thread go.
            return


def _interrupt(thread: threading.Thread) -> None:
    """Raise :class:`Interrupted` in a thread.

    Python's own way to do so: it takes effect between two bytecodes, so a loop ends at once and a
    call into C when it returns.
    """
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(Interrupted)
        )


def _await_interrupt() -> None:
    """Let the interrupt that is on its way to this thread strike here, where it is caught."""
    for _ in range(100):
        time.sleep(0.001)
