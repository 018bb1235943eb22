"""JSON that is sent as it is or as gzip, made of pieces of which each is packed once.

A piece is deflated by itself up to a byte's end, and such pieces make one gzip stream in any
order. So of the rows of 10,000 nodes only those near ones that changed are deflated anew.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from ..core.feed import Feed

__all__ = [
    "PackedRows",
    "Part",
    "Piece",
    "RowsOf",
    "Sendable",
    "joined",
    "packed_figures",
    "packed_rows",
    "packed_text",
]

# Magic number, deflate, no flags, no time, no extra flags, system unknown.
_GZIP_HEAD: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"

# An empty last block, coded with the fixed codes.
_DEFLATE_END: Final = b"\x03\0"

# Figures hold few repetitions worth a reference, and leaving the short ones out makes rows
# smaller by a seventh and takes no longer than level 3.
_LEVEL: Final = 4

# What is this long and was never packed before is packed in half the time, to a quarter more.
_LONG: Final = 100_000

# Rows of a part. Fewer pack worse, more have to be packed anew when one of them changes: with 32, a
# snapshot after 100 changes takes a sixth longer, and 5 % fewer bytes.
_ROWS: Final = 24


class Piece(NamedTuple):
    """Some bytes, and the same deflated."""

    plain: bytes
    deflated: bytes


def _deflated(plain: bytes, strategy: int = zlib.Z_FILTERED, level: int | None = None) -> bytes:
    if level is None:
        level = _LEVEL if len(plain) < _LONG else 1
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 8, strategy)
    return packer.compress(plain) + packer.flush(zlib.Z_SYNC_FLUSH)


def packed_rows(plain: bytes) -> Piece:
    """Return rows packed, which change all the time."""
    return Piece(plain, _deflated(plain))


def packed_text(plain: bytes) -> Piece:
    """Return text packed that hardly ever changes."""
    return Piece(plain, _deflated(plain, zlib.Z_DEFAULT_STRATEGY, 6))


def packed_figures(plain: bytes) -> Piece:
    """Return a list of numbers packed: digits repeat by chance alone, so none is looked for."""
    return Piece(plain, _deflated(plain, zlib.Z_HUFFMAN_ONLY))


_COMMA: Final = packed_rows(b",")


class Sendable:
    """The bytes of an answer, some of them packed already."""

    __slots__ = ("_parts",)

    def __init__(self, *parts: bytes | Piece) -> None:
        self._parts = parts

    def plain(self) -> bytes:
        """Return the bytes as they are."""
        return b"".join(_plain(part) for part in self._parts)

    def gzip(self) -> bytes:
        """Return the bytes as gzip, the same for the same bytes."""
        check = length = 0
        packed = [_GZIP_HEAD]
        for part in self._parts:
            plain = _plain(part)
            check = zlib.crc32(plain, check)
            length += len(plain)
            packed.append(part.deflated if isinstance(part, Piece) else _deflated(part))
        packed += (_DEFLATE_END, struct.pack("<II", check, length & 0xFFFFFFFF))
        return b"".join(packed)

    def is_longer_than(self, length: int) -> bool:
        """Whether there are more bytes than that."""
        return sum(len(_plain(part)) for part in self._parts) > length


def _plain(part: bytes | Piece) -> bytes:
    return part.plain if isinstance(part, Piece) else part


RowsOf = Callable[[list[str]], Iterable[str]]
"""Returns the rows of some keys as ASCII text."""


class Part(Protocol):
    """Some of the rows, as they were when it was made."""

    @property
    def keys(self) -> dict[str, None]:
        """The keys of its rows, in their order."""

    def pieces(self) -> Sequence[Piece]:
        """Return the rows packed, once and for all. Called by one thread at a time."""

    def changed(self, keys: dict[str, None], changed: list[str], rows_of: RowsOf, /) -> Part:
        """Return the part with other keys and rows.

        :param keys: those that it had, less those removed, then those that are new.
        :param changed: those of *keys* that are new or whose rows changed, in that order.
        """


class RowsPart:
    """Rows one after the other, which are packed together."""

    __slots__ = ("_pieces", "_rows", "keys")

    def __init__(self, keys: dict[str, None], rows: Sequence[str] = ()) -> None:
        self.keys = keys
        self._rows = rows
        self._pieces: tuple[Piece, ...] = ()

    def pieces(self) -> Sequence[Piece]:
        """See :class:`Part`."""
        if not self._pieces:
            self._pieces = (packed_rows(",".join(self._rows).encode("ascii")),)
            self._rows = ()
        return self._pieces

    def changed(self, keys: dict[str, None], _changed: list[str], rows_of: RowsOf) -> Part:
        """See :class:`Part`."""
        return RowsPart(keys, list(rows_of(list(keys))))


class PackedRows:
    """All rows of one feed, packed.

    :param feed: tells which rows changed.
    :param empty: a part without rows, of which all others are made.
    :param size: rows of a part.
    """

    def __init__(
        self,
        feed: Feed,
        rows_of: RowsOf,
        empty: Part | None = None,
        size: int = _ROWS,
    ) -> None:
        self._feed = feed
        self._rows_of = rows_of
        self._empty = empty or RowsPart({})
        self._size = size
        self._version = 0
        self._parts: list[Part] = []
        self._part_of: dict[str, int] = {}

    def take(self, version: int) -> list[Part]:
        """Return the rows as of *version*, which is the present: for :func:`joined`.

        Called under the lock that guards the feed.
        """
        self._catch_up()
        self._version = version
        return [part for part in self._parts if part.keys]

    def _catch_up(self) -> None:
        sparse = len(self._parts) > 2 + 2 * len(self._part_of) // self._size
        if sparse or not self._feed.reaches(self._version):
            self._parts, self._part_of, self._version = [], {}, 0
        changed, removed = self._feed.since(self._version)
        keys_of: dict[int, dict[str, None]] = {}
        changed_of: dict[int, list[str]] = {}
        for key in removed:
            number = self._part_of.pop(key, None)
            if number is not None:
                self._keys(number, keys_of).pop(key)
        for key in changed:
            number = self._part_of.get(key)
            if number is None:
                number = self._part_of[key] = self._free(keys_of)
            self._keys(number, keys_of)[key] = None
            changed_of.setdefault(number, []).append(key)
        for number, keys in keys_of.items():
            part = self._parts[number]
            self._parts[number] = part.changed(keys, changed_of.get(number, []), self._rows_of)

    def _keys(self, number: int, keys_of: dict[int, dict[str, None]]) -> dict[str, None]:
        """Return the keys of a part that changes, which may be changed."""
        keys = keys_of.get(number)
        if keys is None:
            keys = keys_of[number] = dict(self._parts[number].keys)
        return keys

    def _free(self, keys_of: dict[int, dict[str, None]]) -> int:
        """Return the number of a part that takes another row."""
        last = len(self._parts) - 1
        if last < 0 or len(keys_of.get(last, self._parts[last].keys)) >= self._size:
            last += 1
            self._parts.append(self._empty)
        return last


def joined(parts: Iterable[Part]) -> list[Piece]:
    """Return the rows of *parts* with commas between them; deflates those that never were.

    Called by one thread at a time, for parts are shared by all who took them.
    """
    pieces: list[Piece] = []
    for part in parts:
        pieces += (*part.pieces(), _COMMA)
    return pieces[:-1]
