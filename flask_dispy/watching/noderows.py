"""The rows of a view's nodes, ready to be sent: all of them, or what changed since a cursor."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal

from ..core.feed import Cursor, Feed
from ..wire.packing import PackedRows, Part, Piece, joined
from ..wire.rows import Rows
from .board import Board

__all__ = ["FoundRows", "NodeRows"]

# Of all rows: each with all its fields, each with dispy's own fields, or by column in blocks.
_Form = Literal["rows", "own", "columns"]

# Rows of a delta that take about as long as a small search.
_MANY: Final = 500

# Nodes of a block. Where one of them changes, most columns stay as they are, so it may be large.
_BLOCK: Final = 1_000


@dataclass(frozen=True, slots=True)
class FoundRows:
    """What changed of a view's rows, or all of them, in parts; and where it leaves the reader."""

    cursor: str
    version: int
    all: list[Part] | None
    changed: Iterable[str] = ()
    removed: Sequence[str] = ()

    @property
    def snapshot(self) -> bool:
        """Whether these are all rows."""
        return self.all is not None


class NodeRows:
    """The rows of one view, encoded and packed once for all readers. Thread-safe.

    :param number: the view's, which is part of its cursors.
    :param rows: encodes rows.
    """

    def __init__(
        self,
        board: Board[Any],
        number: int,
        feed: Feed,
        rows: Rows,
    ) -> None:
        self._board = board
        self._number = number
        self._feed = feed
        self._rows = rows
        self._packing = threading.Lock()
        self._packed: dict[_Form, PackedRows] = {
            "rows": PackedRows(feed, rows.json),
            "own": PackedRows(feed, rows.own_json),
            "columns": PackedRows(feed, rows.cells, rows.block, _BLOCK),
        }

    def since(self, since: str | None, form: _Form = "rows") -> FoundRows:
        """Return what changed since a cursor, or all, if it is none of ours.

        The caller holds the board's lock.

        :param form: of all rows; what changed always comes in rows.
        """
        version = self._board.version
        cursor = Cursor(self._board.epoch, self._number, version)
        place = self._place(since)
        if place is None:
            return FoundRows(str(cursor), version, self._packed[form].take(version))
        changed, removed = self._feed.since(place.version)
        texts = self._rows.own_json(changed) if form == "own" else self._rows.json(changed)
        return FoundRows(str(cursor), version, None, texts, removed)

    def is_long(self, since: str | None) -> bool:
        """Whether the answer to a reader at that cursor holds all rows, or many.

        The caller holds the board's lock.
        """
        place = self._place(since)
        return place is None or self._feed.holds_more_than(_MANY, place.version)

    def _place(self, since: str | None) -> Cursor | None:
        """Return the place of a cursor of ours from which all changes are known, else ``None``."""
        place = Cursor.parse(since)
        if (
            place is None
            or place[:2] != (self._board.epoch, self._number)
            or place.version > self._board.version
            or not self._feed.reaches(place.version)
        ):
            return None
        return place

    def joined(self, found: FoundRows, more: Iterable[str] = ()) -> Sequence[bytes | Piece]:
        """Return rows with commas between them, those of a delta followed by *more*.

        Called without the board's lock, because it packs what was never packed.
        """
        if found.all is None:
            return [",".join(chain(found.changed, more)).encode("ascii")]
        with self._packing:  # of those who ask at the same time, the first does it for all
            return joined(found.all)
