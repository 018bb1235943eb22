"""Nodes by column, as the pages read many of them.

Two thirds of the rows of 10,000 nodes are names of fields, and values that all nodes share. By
column, these stand once in each block, figures have the digits that pages show, and each column is
packed by itself, as its kind packs best. Numbers in a list take a browser a fraction of the time
and memory that an object for each row takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

from .fields import NodeField
from .packing import Piece, RowsOf, packed_figures, packed_text

__all__ = ["SEPARATOR", "Block", "cell_writer"]

SEPARATOR: Final = "\t"
"""What stands between the cells of a row: JSON holds no tab."""

_TEXTS: Final = ("string", "array")


def cell_writer(column: NodeField) -> str | Callable[[Any], str] | None:
    """Return what writes the cells of a column less exactly than a row, a conversion of ``%`` or
    a function; ``None`` if nothing does."""
    multiple = column.multiple
    match column.precision:
        case "percent":
            return lambda share: "null" if share is None else str(_percent(share))
        case "four_digits":
            return lambda figure: "null" if figure is None else _four_digits(figure / multiple)
        case "seconds":
            return "%d"
        case _:
            return None


def _percent(share: float) -> int:
    """Return whole percent; neither all nor none unless it is."""
    whole = round(share)
    if 0 < whole < 100 or whole == share:
        return whole
    return 99 if whole else 1


def _four_digits(figure: float) -> str:
    """Return so many digits, or all of a whole number's."""
    if not figure:
        return "0"
    digits = 0 if figure >= 1000 else 1 if figure >= 100 else 2 if figure >= 10 else 3
    return f"{figure:.{digits}f}"


class _Slot(NamedTuple):
    """The place of a column in each block: the column, and what comes before and after it."""

    column: NodeField
    before: str
    after: str


class _Written(NamedTuple):
    """A column as a block has it, and what it was written from.

    :param pending: what comes before it and is packed with it.
    :param piece: the column packed; ``None`` if all share a value.
    :param text: what comes after the piece, or the whole column.
    """

    cells: list[str]
    pending: str
    piece: Piece | None
    text: str

    def serves(self, cells: list[str], pending: str) -> bool:
        """Whether *cells* after *pending* are written so."""
        return self.cells is cells and (self.piece is None or self.pending == pending)


class Block:
    """Nodes as one JSON object, by column; see :class:`~flask_dispy.wire.packing.Part`.

    Its fields are those of a row, each with a column of the rows' values: their list, or one of one
    value where all share it. A column of figures in units, or of times since a moment, is an
    object: what its ``values`` are multiples of is its ``unit``, and what is to be added, ``from``.

    A block that was made of another shares with it the columns that stayed the same, and what they
    were packed to.

    :param slots: the places of its columns.
    :param columns: the cells of each, one for each of *keys*.
    :param written: the columns of the block that it was made of.
    """

    __slots__ = ("_columns", "_pieces", "_slots", "_written", "keys")

    def __init__(
        self,
        slots: Sequence[_Slot],
        keys: dict[str, None],
        columns: list[list[str]],
        written: Sequence[_Written] = (),
    ) -> None:
        self.keys = keys
        self._slots = slots
        self._columns = columns
        self._written = written
        self._pieces: list[Piece] = []

    @classmethod
    def empty(cls, fields: Iterable[NodeField]) -> Block:
        """Return a block without rows, of which others are made.

        :param fields: those of a row; the last is the combined view's alone.
        """
        return cls(tuple(_slots(fields)), {}, [])

    def changed(self, keys: dict[str, None], changed: list[str], rows_of: RowsOf) -> Block:
        """See :class:`~flask_dispy.wire.packing.Part`; a row is its cells."""
        places = {key: place for place, key in enumerate(self.keys)}
        at = [places.get(key) for key in changed]
        if not places or len(places) + at.count(None) > len(keys):  # new, or some were removed
            columns = [_one_text(column) for column in _columns(rows_of(list(keys)))]
        else:
            anew = _columns(rows_of(changed))
            columns = list(map(_amended, self._columns, anew, repeat(at)))
        return Block(self._slots, keys, columns, self._written)

    def pieces(self) -> Sequence[Piece]:
        """See :class:`~flask_dispy.wire.packing.Part`."""
        if not self._pieces:
            pending, written = "{", list[_Written]()
            earlier = chain(self._written, repeat(None))
            for slot, cells, before in zip(self._slots, self._columns, earlier, strict=False):
                if before is None or not before.serves(cells, pending):
                    made = _write(slot, cells, pending)
                else:
                    made = before
                if made.piece:
                    self._pieces.append(made.piece)
                    pending = ""
                pending += made.text
                written.append(made)
            self._pieces.append(packed_text(f"{pending}}}".encode("ascii")))
            self._written = written
        return self._pieces


def _slots(fields: Iterable[NodeField]) -> Iterable[_Slot]:
    comma = ""
    for field in fields:
        *_, last = columns = field.columns()
        for column in columns:
            opening = f'"{field.name}":{{' if field.parts and column is columns[0] else ""
            closing = "}" if field.parts and column is last else ""
            yield _Slot(column, f'{comma}{opening}"{column.name}":', closing)
            comma = ","


def _columns(rows: Iterable[str]) -> list[list[str]]:
    """Return the cells of *rows* by column."""
    # All at once: to split and turn 10,000 rows one by one takes three times as long.
    rows = list(rows)
    cells = SEPARATOR.join(rows).split(SEPARATOR)
    width = len(cells) // len(rows) if rows else 0
    return [cells[number::width] for number in range(width)]


def _one_text(cells: list[str]) -> list[str]:
    """Return the cells, and if all are the same, the same text: most columns are of one value."""
    shared = _shared(cells)
    return cells if shared is None else [shared] * len(cells)


def _amended(cells: list[str], anew: list[str], at: list[int | None]) -> list[str]:
    """Return *cells* with those of *anew* at their places or the end; itself if none differs."""
    amended = cells
    for place, cell in zip(at, anew, strict=True):
        if place is not None and cells[place] == cell:
            continue
        if amended is cells:
            amended = cells.copy()
        if place is None:
            amended.append(cell)
        else:
            amended[place] = cell
    return amended


def _write(slot: _Slot, cells: list[str], pending: str) -> _Written:
    """Write a column that follows *pending*."""
    opening, values, closing = _column_form(slot.column, cells)
    opening, closing = f"{slot.before}{opening}[", f"]{closing}{slot.after}"
    shared = _shared(values)
    if shared is not None:
        return _Written(cells, pending, None, f"{opening}{shared}{closing}")
    pack = packed_text if slot.column.schema["type"] in _TEXTS else packed_figures
    plain = f"{pending}{opening}{','.join(values)}".encode("ascii")
    return _Written(cells, pending, pack(plain), closing)


def _column_form(column: NodeField, cells: list[str]) -> tuple[str, list[str], str]:
    """Return what comes before the list of a column's values, the values, and what comes after."""
    if column.precision == "seconds":
        times = list(map(int, cells))
        first = min(times)
        since = [time - first for time in times]
        return f'{{"from":{first},"values":', list(map(str, since)), "}"
    if column.multiple != 1:
        return f'{{"unit":{column.multiple},"values":', cells, "}"
    return "", cells, ""


def _shared(values: list[str]) -> str | None:
    """Return the value that all are, if so."""
    first = values[0]
    return first if values[-1] == first and values.count(first) == len(values) else None
