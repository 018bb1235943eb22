"""The way of a job's reply from its process to the node.

All jobs of a dispynode write to one queue: a job that is killed while it writes leaves a torn
message and a lock that nobody releases, and the node never gets another reply. Here each job writes
to its own pipe, which the process that started it reads: either it contains the whole reply, or the
job has not replied.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import sys
import threading
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

# If the system can't report the end of a process, it is polled.
_LOOK_EVERY_SEC: Final = 0.1

_reading: set[int] = set()
"""The descriptors by which this process follows its jobs; each job closes those of the others."""


class PipeContent(NamedTuple):
    """What a process has written: its pickled reply, if complete, and the traceback of its end."""

    reply: bytes | None
    traceback_text: str


class JobPipe:
    """A pipe from one job to the process that started it. Create it before the fork."""

    def __init__(self) -> None:
        self._from, self._to = os.pipe()
        os.set_blocking(self._from, False)
        self._ended: int | None = None
        self._torn = False
        _reading.add(self._from)

    # -- in the job

    def close_other_pipes(self) -> None:
        """Close the inherited descriptors of other jobs."""
        for descriptor in _reading:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        _reading.clear()

    def send_reply(self, reply: Any) -> None:
        """Send the reply.

        :raises BrokenPipeError: the reader is gone.
        """
        self._send(_REPLY, pickle.dumps(reply, pickle.HIGHEST_PROTOCOL))

    def send_traceback(self, text: str) -> None:
        """Send the traceback of the end, in case no reply follows."""
        with contextlib.suppress(OSError):
            self._send(_TRACEBACK, text.encode("utf-8", "replace"))

    def _send(self, kind: bytes, data: bytes) -> None:
        if self._torn:
            return  # a signal cut the last message off; the next would be read as its end
        self._torn = True
        for part in (_HEAD.pack(kind, len(data)), data):
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(self._to, rest) :]
        self._torn = False

    # -- in the process that started it

    def read_until_end_of(self, process: Any) -> PipeContent:
        """Return what the process writes until it has replied or ended.

        This does not wait for the pipe's end, because descendants of the job may keep it open.
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
        """Read what is available; return whether more may follow."""
        try:
            while chunk := os.read(self._from, _CHUNK_BYTES):
                received += chunk
        except BlockingIOError:
            return True
        return False

    def after_fork_in_parent(self, pid: int | None) -> None:
        """Close the writer's side and watch the process for its end."""
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
            # In this order: a fork in between must not close the next descriptor with that number.
            _reading.discard(descriptor)
            os.close(descriptor)


def _is_gone(process: Any) -> bool:
    if process.exitcode is not None:
        return True
    try:
        os.kill(process.ident, 0)  # other code may have collected its exit code
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def _parse(received: bytearray) -> PipeContent:
    words, start = "", 0
    while start + _HEAD.size <= len(received):
        kind, length = _HEAD.unpack_from(received, start)
        start += _HEAD.size
        if start + length > len(received):
            break
        data = bytes(memoryview(received)[start : start + length])
        if kind == _REPLY:
            return PipeContent(data, words)
        words = data.decode("utf-8", "replace")
        start += length
    return PipeContent(None, words)


class Death(NamedTuple):
    """The reply for a job whose process died."""

    reply: Any


class ReplyQueue(_Queue):
    """dispynode's queue of replies, which drops replies of jobs that the node no longer has.

    dispy knows a job by an address in the client's memory, which the next job may get. Its ways of
    ending a job report the end without checking whether it was reported, so a second report could
    end a job that has just begun.

    Items that the node itself puts are not sent through a pipe.
    """

    def __init__(self, maxsize: int = 0, *, ctx: Any) -> None:
        super().__init__(maxsize, ctx=ctx)
        self._home = os.getpid()
        self._here: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._relay: threading.Thread | None = None

    def put(self, obj: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put a reply, its pickle, a :class:`Death`, or any other item of dispynode's."""
        if os.getpid() == self._home:
            self._here.put(obj)
        else:
            super().put(obj, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Get the next item that concerns no job, or one that the node has. One thread only."""
        if self._relay is None:
            self._relay = threading.Thread(
                target=self._forward_replies, name="job-replies", daemon=True
            )
            self._relay.start()
        while True:
            item = self._here.get(block, timeout)
            if isinstance(item, bytes):
                item = pickle.loads(item)  # a reply, which a job of this node has pickled
            if _is_wanted(item):
                return item.reply if isinstance(item, Death) else item

    def _forward_replies(self) -> None:
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
    # The same job may have been sent again after its first process. A node that has given its
    # client up ends its jobs without a reply, so that the client can run them elsewhere.
    return info.job_reply.start_time == reply.start_time and info.compute_id in node.clients
