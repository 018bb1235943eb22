"""Texts of values that only their own ``__str__`` can make.

A user's ``__str__`` may raise, take hours, or return gigabytes. It runs here: on a thread of its
own, one value at a time, with a time limit, never under a lock and never on the thread that dispy
or a reader waits for. A call that exceeds the limit is interrupted, and its class is not asked
again.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import queue
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from ...core.terminal import as_displayed
from ...core.text import Cut, bounded, plain_text, type_name
from ..faultlog import FaultLog

__all__ = ["Redact", "Renderer", "TextRequest"]

Redact = Callable[[str, str], str]
Deliver = Callable[[int, str, str], None]

logger = logging.getLogger("flask_dispy.engine")

# Values that wait to be rendered, at most. They are user's objects, and held longer than dispy
# holds them only here; past the bound their class's name is shown instead.
QUEUE_LIMIT: Final = 10_000

# Threads whose interrupted call has not come back yet (it sleeps in C, say): past the bound no
# user code is called any more.
_MAX_STUCK: Final = 4


_OUTPUTS: Final = frozenset(("stdout", "stderr", "exception"))


class TextRequest(NamedTuple):
    """A text to be made: of which job's field, and of what.

    *value* is the value itself, or for ``args`` and ``kwargs`` the tuple or dict of arguments.
    """

    serial: int
    field: str
    value: object


class _Interrupted(BaseException):
    """Raised inside a user's ``__str__`` that takes too long."""


class Renderer:
    """Makes texts on a thread that starts with the first request.

    :param deliver: called with (serial, field, text) on the rendering thread.
    :param limit: characters of a text.
    :param redact: called with (text, field) before a text goes anywhere; its answer is kept.
    :param time_limit_sec: how long one value may take.

    Thread-safe.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        limit: int,
        redact: Redact | None = None,
        time_limit_sec: float = 2.0,
    ) -> None:
        self._deliver = deliver
        self._limit = limit
        self._redact = redact
        self._time_limit_sec = time_limit_sec
        self._queue: queue.Queue[TextRequest | None] = queue.Queue(QUEUE_LIMIT)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stuck: list[threading.Thread] = []
        self._banned: set[type] = set()
        self._current: tuple[TextRequest, float] | None = None
        self._asked: type | None = None
        self._closed = False
        self._fault_log = FaultLog(logger)

    def submit(self, request: TextRequest) -> None:
        """Ask for a text; it is delivered soon, or its class's name at once if too many wait."""
        if self._closed:
            return
        try:
            self._queue.put_nowait(request)
        except queue.Full:
            self._give_up(request, ", not shown: too many values waited")
            return
        if self._thread is None:
            self._start()

    def _give_up(self, request: TextRequest, why: str) -> None:
        self._deliver(request.serial, request.field, f"<{type_name(request.value)}{why}>")

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed and len(self._stuck) < _MAX_STUCK:
                self._thread = threading.Thread(
                    target=self._work, name="flask_dispy-render", daemon=True
                )
                try:
                    self._thread.start()
                except RuntimeError:
                    self._thread = None  # the system has none left: watch() tries again

    def watch(self) -> None:
        """End the call that exceeds its time; called a few times a second by the pump."""
        with self._lock:
            self._stuck = [thread for thread in self._stuck if thread.is_alive()]
            late = self._overdue()
            full = len(self._stuck) >= _MAX_STUCK
        if late is not None:
            self._give_up(late, f": no text within {self._time_limit_sec:g} s")
        if full:
            self._drain(", not shown: earlier values have not come back")
        elif self._thread is None and not self._queue.empty():
            self._start()

    def _overdue(self) -> TextRequest | None:
        """Interrupt the call that exceeds its time and let its thread go; return the request."""
        current, thread = self._current, self._thread
        if current is None or thread is None:
            return None
        request, since = current
        if time.monotonic() - since <= self._time_limit_sec:
            return None
        if self._asked is not None:
            self._banned.add(self._asked)
        self._current = None
        self._thread = None
        self._stuck.append(thread)
        _interrupt(thread)
        return request

    def _drain(self, why: str | None) -> None:
        """Empty the queue; say why of each text, or drop it."""
        while True:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                return
            if request is not None and why is not None:
                self._give_up(request, why)

    @property
    def waiting(self) -> int:
        """How many texts are yet to be made."""
        return self._queue.qsize()

    @property
    def stuck(self) -> int:
        """How many interrupted calls have not come back."""
        return sum(thread.is_alive() for thread in self._stuck)

    def close(self) -> None:
        """End the thread, in the middle of a text if need be; what still waits is dropped."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            busy, self._current = self._current is not None, None
            if busy and thread is not None:
                _interrupt(thread)
        self._drain(None)
        if thread is not None and thread is not threading.current_thread():
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)
            thread.join(self._time_limit_sec)

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
                    self._asked = None
                text = self._made(request)
                with self._lock:
                    late = self._thread is not me
                    if not late:
                        self._current = None
                if late:
                    _await_interrupt()
                    return
                self._deliver(request.serial, request.field, text)
                del request
        except _Interrupted:
            # It was late: the watch has already delivered a text and let this thread go.
            return

    def _made(self, request: TextRequest) -> str:
        try:
            return self._render(request)
        except Exception:
            # One value must not end the thread that all others wait for.
            self._fault_log.exception(f"The {request.field} of a job could not be made a text.")
            return f"<{type_name(request.value)}, not shown>"

    def _render(self, request: TextRequest) -> str:
        value = request.value
        if request.field == "args" and type(value) is tuple:
            text = self._joined([self._one(item) for item in value[: self._limit]])
        elif request.field == "kwargs" and type(value) is dict:
            named = islice(value.items(), self._limit)
            text = self._joined([f"{bounded(k, self._limit)}={self._one(v)}" for k, v in named])
        elif request.field in _OUTPUTS and type(value) is str:
            text = as_displayed(value, self._limit)
        else:
            text = self._one(value)
        if self._redact is None or request.field == "id":
            return text
        self._asked = None
        return self._redacted(self._redact, text, request.field)

    def _redacted(self, redact: Redact, text: str, field: str) -> str:
        """Return what *redact* makes of a text; of one that fails, nothing may be shown."""
        try:
            redacted: object = redact(text, field)
            if not isinstance(redacted, str):
                return f"<not shown: redact() returned {type_name(redacted)}>"
            shorter = bounded(str.__str__(redacted), self._limit)
        except _Interrupted:
            raise
        except BaseException as error:
            return f"<not shown: redact() raised {type_name(error)}>"
        return Cut(shorter) if isinstance(text, Cut) else shorter

    def _joined(self, texts: list[str]) -> str:
        joined = bounded(", ".join(texts), self._limit)
        return Cut(joined) if any(isinstance(text, Cut) for text in texts) else joined

    def _one(self, value: object) -> str:
        text = plain_text(value, self._limit)
        if text is not None:
            return text
        name = type_name(value)
        if type(value) in self._banned:
            return f"<{name}, not asked again: it took too long>"
        self._asked = type(value)
        try:
            # str() may hand out an instance of a subclass, whose methods are somebody's own too.
            return bounded(str.__str__(str(value)), self._limit)
        except _Interrupted:
            raise
        except BaseException as error:
            return f"<{name}: __str__ raised {type_name(error)}>"


def _interrupt(thread: threading.Thread) -> None:
    """Raise :class:`_Interrupted` in a thread.

    Python's own way to do so: it takes effect between two bytecodes, so a loop ends at once and a
    call into C when it returns.
    """
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_Interrupted)
        )


def _await_interrupt() -> None:
    """Let the interrupt that is on its way to this thread strike here, where it is caught."""
    for _ in range(100):
        time.sleep(0.001)
