"""Nodes told by column, as the pages read many of them.

Of 10,000 nodes' rows two thirds are names of fields and what all nodes have in common. By column
these stand once in each block, figures are told as fine as pages show them, and each column is
packed by itself, as its kind packs best. A browser reads and keeps numbers in a list for a
fraction of what an object for each row takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final, Literal, NamedTuple

from ..core.events import Load
from .packing import Piece, packed_figures, packed_text

__all__ = ["cells_of", "packed_block"]

# Between the cells of a row: JSON holds no tab.
_SEPARATOR: Final = "\t"

_MIB: Final = 1048576

_NOT_KNOWN: Final = _SEPARATOR.join(["null"] * 4)


class _Column(NamedTuple):
    """A column of a block.

    :param unit: what its figures are multiples of; none for one of figures as they are.
    """

    name: str
    kind: Literal["text", "figures", "times"]
    unit: int | None = None


# The first four are avail_info's; in the combined view another, "clusters", is the last.
_LOAD_COLUMNS: Final = 4
_COLUMNS: Final = (
    _Column("cpu", "figures"),
    _Column("memory", "figures", _MIB),
    _Column("disk", "figures", _MIB),
    _Column("swap", "figures"),
    _Column("ip_addr", "text"),
    _Column("name", "text"),
    _Column("state", "text"),
    _Column("cpus", "figures"),
    _Column("avail_cpus", "figures"),
    _Column("busy", "figures"),
    _Column("running", "figures"),
    _Column("jobs_done", "figures"),
    _Column("cpu_time", "figures"),
    _Column("tx", "figures"),
    _Column("rx", "figures"),
    _Column("update_time", "times"),
    _Column("clock_offset_sec", "figures"),
    _Column("avail_info_age_sec", "figures"),
    _Column("clusters", "text"),
)


def cells_of(
    *,
    ip_addr: str,
    name: str,
    state: str,
    cpus: int,
    avail_cpus: int,
    busy: int,
    running: int,
    jobs_done: float,
    cpu_time: float,
    tx: float,
    rx: float,
    update_time: float,
    clock_offset_sec: float | None,
    avail_info_age_sec: int | None,
    load: Load | None,
) -> str:
    """Return a node's cells, as a block is made of them."""
    if load is None:
        available = _NOT_KNOWN
    else:
        cpu, memory, disk, swap = load
        available = (
            f"{_percent(cpu)}\t{_four_digits(memory / _MIB)}\t{_four_digits(disk / _MIB)}\t"
            f"{_percent(swap)}"
        )
    return (
        f"{available}\t{_quoted(ip_addr)}\t{_quoted(name)}\t{_quoted(state)}\t{cpus}\t"
        f"{avail_cpus}\t{busy}\t{running}\t{jobs_done!r}\t{_four_digits(cpu_time)}\t{tx!r}\t{rx!r}\t"
        f"{int(update_time)}\t{_or_null(clock_offset_sec)}\t{_or_null(avail_info_age_sec)}"
    )


def _or_null(figure: float | None) -> str:
    return "null" if figure is None else repr(figure)


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


def packed_block(rows: Sequence[str], before: Sequence[Piece] = ()) -> list[Piece]:
    """Return one block of nodes as JSON, in pieces.

    :param rows: each node's cells, in the combined view with one more: its clusters.
    :param before: an earlier block's pieces, of which those that are the same are taken over.

    A block's fields are those of a row, each with a column of the rows' values: their list, or of
    one value where all share it. A column of figures in units, or of times since a moment, is an
    object: what its ``values`` are multiples of is its ``unit``, and what is to be added, ``from``.
    """
    known = {piece.plain: piece for piece in before}
    pieces: list[Piece] = []
    pending = '{"avail_info":{'
    # All at once: to split and turn 10,000 rows one by one takes three times as long.
    cells = _SEPARATOR.join(rows).split(_SEPARATOR)
    width = len(cells) // len(rows)
    for number, column in enumerate(_COLUMNS[:width]):
        if number:
            pending += "}," if number == _LOAD_COLUMNS else ","
        opening, values, closing = _told(column, cells[number::width])
        pending += f'"{column.name}":{opening}['
        shared = _shared(values)
        if shared is not None:
            pending += f"{shared}]{closing}"
            continue
        plain = f"{pending}{','.join(values)}]".encode("ascii")
        pack = packed_text if column.kind == "text" else packed_figures
        pieces.append(known.get(plain) or pack(plain))
        pending = closing
    pieces.append(packed_text(f"{pending}}}".encode("ascii")))
    return pieces


def _told(column: _Column, cells: list[str]) -> tuple[str, list[str], str]:
    """Return what comes before the list of a column's values, the values, and what comes after."""
    if column.kind == "times":
        times = list(map(int, cells))
        first = min(times)
        since = [time - first for time in times]
        return f'{{"from":{first},"values":', list(map(str, since)), "}"
    if column.unit is not None:
        return f'{{"unit":{column.unit},"values":', cells, "}"
    return "", cells, ""


def _shared(values: list[str]) -> str | None:
    """Return the value that all are, if so."""
    first = values[0]
    return first if values[-1] == first and values.count(first) == len(values) else None
