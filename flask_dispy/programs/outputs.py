"""A job's output, kept outside its process, so that it survives the end of that process."""

from __future__ import annotations

import io
import mmap
import os
import struct
import threading
from typing import Final

__all__ = ["CapturedOutput", "KeptOutput"]

_KEPT_BYTES: Final = 8 * 1024 * 1024
_HEADER: Final = struct.Struct("=Q")


class KeptOutput:
    """The last bytes that a process has written to one of its outputs.

    They are in memory that the process shares with the one that started it: they survive however
    the process ends, no descriptor can be closed behind our back, and no disk fills up. The system
    allocates that memory page by page as it is written. Create it before the fork; the child calls
    :meth:`add`, the parent :meth:`text`.
    """

    def __init__(self, size_bytes: int = _KEPT_BYTES) -> None:
        self._size = size_bytes
        self._memory = mmap.mmap(-1, _HEADER.size + size_bytes)
        self._total = 0

    def add(self, text: str) -> None:
        """Keep ``text``. One thread at a time."""
        data = text.encode("utf-8", "surrogatepass")
        total = self._total + len(data)
        data = data[-self._size :]
        start = (total - len(data)) % self._size
        first = data[: self._size - start]
        self._write(start, first)
        self._write(0, data[len(first) :])
        self._total = total
        # Last, so that a process that is killed midway has written what the length says.
        _HEADER.pack_into(self._memory, 0, total)

    def _write(self, start: int, data: bytes) -> None:
        start += _HEADER.size
        self._memory[start : start + len(data)] = data

    def text(self) -> str:
        """Return what is kept; if bytes are missing, a first line says how many."""
        (total,) = _HEADER.unpack_from(self._memory)
        if total <= self._size:
            return self._memory[_HEADER.size : _HEADER.size + total].decode("utf-8", "replace")
        ring = self._memory[_HEADER.size :]
        end = total % self._size
        missing = total - self._size
        return f"[{missing} bytes before this were lost with the process]\n" + (
            (ring[end:] + ring[:end]).decode("utf-8", "replace")
        )

    def close(self) -> None:
        """Release the memory."""
        self._memory.close()


class CapturedOutput(io.StringIO):
    """The ``sys.stdout`` or ``sys.stderr`` of a job, which writes a copy into ``kept``.

    As with dispy's own ``StringIO``, the output of a fork of the job is not captured.
    """

    def __init__(self, kept: KeptOutput) -> None:
        super().__init__()
        self._kept: KeptOutput | None = kept
        self._one_at_a_time = threading.RLock()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._kept = None

    def write(self, text: str) -> int:
        """Write ``text`` here and there."""
        count = super().write(text)
        if self._kept is not None:
            with self._one_at_a_time:
                self._kept.add(text)
        return count
