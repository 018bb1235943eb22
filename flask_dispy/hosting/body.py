"""The body of a request: exactly its own bytes, and never one of the request behind it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .connection import Disconnected
from .head import HEADER

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Body"]

_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n")
_LINE_BYTES = 4096
_TRAILER_LINES = 64


class Body(io.RawIOBase):
    """A request's body, of known length or in chunks (RFC 9112, 7.1), to be read once.

    Reading raises what ``reader`` raises, too.

    :param length: how many bytes, or None for chunks.
    :raises Disconnected: when read: the chunks make no sense, or the body ends early.
    :param ask_for_it: called once before the first byte is read, for the client that waits to be
        asked (``Expect: 100-continue``); None where none does.
    :param on_end: called once all of it is here; at once for a body of no bytes.
    """

    def __init__(
        self,
        reader: io.BufferedReader[Any],
        length: int | None,
        *,
        ask_for_it: Callable[[], None] | None = None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader = reader
        self._chunked = length is None
        self._left = length or 0
        self._ask_for_it = ask_for_it
        self._sound = True
        self._on_end = on_end
        self.ended = False
        """Whether all of it has been read."""
        if length == 0:
            self._end()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if self.ended or not view:
            return 0
        # An app may take a failed read for the end; what follows then is no request.
        self._sound = False
        count = self._read_into(view)
        self._sound = True
        return count

    def _read_into(self, view: memoryview) -> int:
        ask, self._ask_for_it = self._ask_for_it, None
        if ask is not None:
            ask()
        if self._chunked and not self._left:
            self._left = self._read_chunk_size()
            if not self._left:
                self._skip_trailers()
                self._end()
                return 0
        count = self._reader.readinto1(view[: self._left])
        if not count:
            raise Disconnected("the request's body ended early")
        self._left -= count
        if not self._left:
            if not self._chunked:
                self._end()
            elif self._reader.readline(2) != b"\r\n":
                raise Disconnected("a chunk is longer than it said")
        return count

    def can_skip(self, limit_bytes: int) -> bool:
        """Whether what was not read is known to be short, and comes without being asked for."""
        if self.ended:
            return True
        known = self._sound and not self._chunked and self._ask_for_it is None
        return known and self._left <= limit_bytes

    def skip(self) -> None:
        """Read to the end and drop it."""
        while not self.ended:
            self.read(65_536)

    def _end(self) -> None:
        self.ended = True
        self._on_end()

    def _read_chunk_size(self) -> int:
        match = _CHUNK_SIZE.fullmatch(self._reader.readline(_LINE_BYTES))
        if match is None:
            raise Disconnected("a chunk's size makes no sense")
        return int(match[1], 16)

    def _skip_trailers(self) -> None:
        for _ in range(_TRAILER_LINES):
            line = self._reader.readline(_LINE_BYTES)
            if line == b"\r\n":
                return
            if HEADER.fullmatch(line) is None:
                break
        raise Disconnected("the trailers make no sense")
