"""How what became of a job gets from its process to the node.

dispynode's jobs all write into one queue: one that is killed as it writes leaves a torn message and
a lock that nobody releases, and the node never again hears of any job. Here each job writes into a
pipe of its own, which is read by the process that started it: either it holds the whole reply, or
the job has not replied.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import wait
from multiprocessing.queues import Queue
from typing import TYPE_CHECKING, Any, Final, NamedTuple

__all__ = ["Death", "JobPipe", "PipeContent", "ReplyQueue"]

if TYPE_CHECKING:
    _Queue = Queue[Any]
else:
    _Queue = Queue

_HEAD: Final = struct.Struct("=cQ")
_REPLY: Final = b"R"
_TRACEBACK: Final = b"W"
_CHUNK_BYTES: Final = 1 << 20

# Where the system can't say when a process ends, it is asked.
_LOOK_EVERY_SEC: Final = 0.1

_reading: set[int] = set()
"""The descriptors by which this process follows its jobs; a job has no business with others'."""


class PipeContent(NamedTuple):
    """What a process has written: its reply, pickled, if it is complete, else its last words."""

    reply: bytes | None
    traceback_text: str


class JobPipe:
    """From one job to the process that started it. Make it before the fork."""

    def __init__(self) -> None:
        self._from, self._to = os.pipe()
        os.set_blocking(self._from, False)
        self._ended: int | None = None
        _reading.add(self._from)

    # -- in the job

    def close_other_pipes(self) -> None:
        """Close what else is there of this process's jobs."""
        for descriptor in _reading:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        _reading.clear()

    def send_reply(self, reply: Any) -> None:
        """Send what dispy is to know.

        :raises BrokenPipeError: if the reader is gone.
        """
        self._send(_REPLY, pickle.dumps(reply, pickle.HIGHEST_PROTOCOL))

    def send_traceback(self, text: str) -> None:
        """Send what is to be known of the end, if no reply follows."""
        with contextlib.suppress(OSError):
            self._send(_TRACEBACK, text.encode("utf-8", "replace"))

    def _send(self, kind: bytes, data: bytes) -> None:
        for part in (_HEAD.pack(kind, len(data)), data):
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(self._to, rest) :]

    # -- in the process that started it

    def read_until_end_of(self, process: Any) -> PipeContent:
        """Return what the process says until it has replied or ended.

        Descendants of the job may hold the pipe open long after that, so its end is not waited for.
        """
        received = bytearray()
        is_open = True
        while True:
            gone = self._ended is None and _is_gone(process)
            sources = [self._from] if is_open else []
            if self._ended is None:
                wait(sources, 0 if gone else _LOOK_EVERY_SEC)
            else:
                gone = self._ended in wait([*sources, self._ended])
            is_open = is_open and self._receive(received)
            said = _parse(received)
            if said.reply is not None or gone:
                return said

    def _receive(self, received: bytearray) -> bool:
        """Read what is there, and return whether more may come."""
        try:
            while chunk := os.read(self._from, _CHUNK_BYTES):
                received += chunk
        except BlockingIOError:
            return True
        return False

    def after_fork_in_parent(self, pid: int | None) -> None:
        """Do the parent's part after the fork."""
        os.close(self._to)
        if pid is not None and hasattr(os, "pidfd_open"):  # Linux
            with contextlib.suppress(OSError):
                self._ended = os.pidfd_open(pid)
                _reading.add(self._ended)

    def close(self) -> None:
        """Close the reader's side."""
        for descriptor in (self._from, self._ended):
            if descriptor is None:
                continue
            # In this order: a fork in between must not close what gets the number next.
            _reading.discard(descriptor)
            os.close(descriptor)


def _is_gone(process: Any) -> bool:
    if process.exitcode is not None:
        return True
    try:
        os.kill(process.ident, 0)  # somebody else may have taken its exit code
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def _parse(received: bytearray) -> PipeContent:
    words = ""
    for kind, data in _messages(received):
        if kind == _REPLY:
            return PipeContent(data, words)
        words = data.decode("utf-8", "replace")
    return PipeContent(None, words)


def _messages(received: bytearray) -> Iterator[tuple[bytes, bytes]]:
    start = 0
    while start + _HEAD.size <= len(received):
        kind, length = _HEAD.unpack_from(received, start)
        start += _HEAD.size
        if start + length > len(received):
            return
        yield kind, bytes(memoryview(received)[start : start + length])
        start += length


class Death(NamedTuple):
    """The reply for a job whose process died."""

    reply: Any


class ReplyQueue(_Queue):
    """dispynode's queue of replies, which drops what is said of a job that is not there any more.

    dispy knows a job by an address in the client's memory, which the next job may have. Whoever
    ends a job reports it without looking whether it had already been reported, so a second report
    could end a job that has just begun.

    What the node itself puts is not sent through a pipe.
    """

    def __init__(self, maxsize: int = 0, *, ctx: Any) -> None:
        super().__init__(maxsize, ctx=ctx)
        self._home = os.getpid()
        self._here: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._relay: threading.Thread | None = None

    def put(self, obj: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put a reply, its pickle, a :class:`Death`, or what else dispynode puts."""
        if os.getpid() == self._home:
            self._here.put(obj)
        else:
            super().put(obj, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Get what concerns a job that the node has, or no job. One thread."""
        if self._relay is None:
            self._relay = threading.Thread(target=self._bring, name="job-replies", daemon=True)
            self._relay.start()
        while True:
            item = self._here.get(block, timeout)
            if isinstance(item, bytes):
                item = pickle.loads(item)  # a reply, which a job of this node has pickled
            if _is_wanted(item):
                return item.reply if isinstance(item, Death) else item

    def _bring(self) -> None:
        while True:
            self._here.put(super().get())


def _is_wanted(item: Any) -> bool:
    reply = item.reply if isinstance(item, Death) else item
    node = getattr(sys.modules["__main__"], "_dispy_node", None)
    if node is None or not hasattr(reply, "hash"):
        return True
    info = node.job_infos.get(reply.uid)
    if info is None or info.job_reply.hash != reply.hash:
        return False
    if not isinstance(item, Death):
        return True
    # The same job may have come anew after its first process. A node that has given its client up
    # ends its jobs without a word, so that the client can have them run elsewhere.
    return info.job_reply.start_time == reply.start_time and info.compute_id in node.clients
