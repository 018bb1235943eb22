"""Nodes by column, as the pages read many of them.

Two thirds of the rows of 10,000 nodes are names of fields, and values that all nodes share. By
column, these stand once in each block, figures have the digits that pages show, and each column is
packed by itself, as its kind packs best. Numbers in a list take a browser a fraction of the time
and memory that an object for each row takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, Final

from .fields import NodeField
from .packing import Piece, packed_figures, packed_text

__all__ = ["PART_SEPARATOR", "SEPARATOR", "Blocks", "cell_writer"]

SEPARATOR: Final = "\t"
"""What stands between the cells of a row: JSON holds no tab."""

PART_SEPARATOR: Final = "\x1f"
"""What stands between the parts of a cell. An object that is unknown is a cell without parts."""

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
    digits = 0 if figure >= 1000 else 1 if figure >= 100 else 2 if figure >= 10 else 3
    return f"{figure:.{digits}f}"


class Blocks:
    """Makes blocks of nodes.

    :param fields: those of a row; the last is the combined view's alone.
    """

    def __init__(self, fields: Sequence[NodeField]) -> None:
        grouped = [field for field in fields if field.parts]
        self._fields = tuple(fields)  # in the order of a row's cells
        self._opened_by = {field.parts[0].name: f'"{field.name}":{{' for field in grouped}
        self._closed_by = {field.parts[-1].name for field in grouped}

    def packed(self, rows: Sequence[str], before: Sequence[Piece] = ()) -> list[Piece]:
        """Return one block of nodes as JSON, in pieces.

        :param rows: each node's cells, in the combined view with one more: its clusters.
        :param before: an earlier block's pieces, of which those that are the same are taken over.

        A block's fields are those of a row, each with a column of the rows' values: their list, or
        of one value where all share it. A column of figures in units, or of times since a moment,
        is an object: what its ``values`` are multiples of is its ``unit``, and what is to be added,
        ``from``.
        """
        known = {piece.plain: piece for piece in before}
        pieces: list[Piece] = []
        pending = "{"
        # All at once: to split and turn 10,000 rows one by one takes three times as long.
        cells = SEPARATOR.join(rows).split(SEPARATOR)
        width = len(cells) // len(rows)
        columns = chain.from_iterable(
            _columns_of(field, cells[number::width])
            for number, field in enumerate(self._fields[:width])
        )
        for number, (column, column_cells) in enumerate(columns):
            opening, values, closing = _column_form(column, column_cells)
            comma = "," if number else ""
            pending += f'{comma}{self._opened_by.get(column.name, "")}"{column.name}":{opening}['
            if column.name in self._closed_by:
                closing += "}"
            shared = _shared(values)
            if shared is not None:
                pending += f"{shared}]{closing}"
                continue
            plain = f"{pending}{','.join(values)}]".encode("ascii")
            pack = packed_text if column.schema["type"] in _TEXTS else packed_figures
            pieces.append(known.get(plain) or pack(plain))
            pending = closing
        pieces.append(packed_text(f"{pending}}}".encode("ascii")))
        return pieces


def _columns_of(field: NodeField, cells: list[str]) -> Iterable[tuple[NodeField, list[str]]]:
    """Return the columns of a field with their cells; a single one where all share it."""
    if not field.parts:
        return ((field, cells),)
    width = len(field.parts)
    if _shared(cells) == "null":
        return ((part, ["null"]) for part in field.parts)
    if "null" in cells:
        unknown = PART_SEPARATOR.join(["null"] * width)
        cells = [unknown if cell == "null" else cell for cell in cells]
    values = PART_SEPARATOR.join(cells).split(PART_SEPARATOR)
    return ((part, values[place::width]) for place, part in enumerate(field.parts))


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
