"""The nodes of the live view: a window over their rows, in columns that never jump."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from ...terminal.cells import bar, line
from ...wire.shapes.nodes import NodeRow
from ...wire.wording import count, duration, percent, size
from ..tables import compared, cpu_free, free, node_name, node_state, part_of, times_others
from .state import TopState

__all__ = ["node_lines"]

_NAME: Final = 14
_SHORT_BAR: Final = 6
_LONG_BAR: Final = 12


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of so many cells; ``sort`` is the name by which it is sorted by.

    Where there is no room for all, those with the highest ``rank`` are left out.
    """

    heading: str
    width: int
    text: Callable[[NodeRow], Text | str]
    sort: str = ""
    is_number: bool = True
    rank: int = 0


_COLUMNS: Final = (
    _Column("Address", 15, lambda row: line(row["ip_addr"]), "address", False, 5),
    _Column("State", 14, node_state, "state", False),
    _Column("Busy", _SHORT_BAR + 8, lambda _: "", "busy", False),
    _Column("Jobs", 7, lambda row: count(row["jobs_done"]), "jobs done"),
    _Column("Failed", 6, lambda row: percent(compared(row, "failed_share")), "failed", rank=1),
    _Column("Median", 9, lambda row: duration(compared(row, "median_sec")), "median", rank=4),
    _Column("x others", 8, times_others, "x others", rank=2),
    _Column("CPU free", 8, cpu_free, "CPU free", rank=3),
    _Column("Memory", 8, lambda row: size(free(row, "memory")), "memory free", rank=6),
)


def node_lines(state: TopState, width: int, room: int, *, ascii_only: bool) -> list[Text]:
    """Return the headings, and the nodes that there is room for."""
    rows = state.shown()
    state.window = max(1, room - 2)
    state.offset = max(0, min(state.offset, len(rows) - state.window))
    shown = _fitting(width)
    spare = width - _NAME - _taken(shown)
    bar_cells = _LONG_BAR if spare >= _LONG_BAR - _SHORT_BAR else _SHORT_BAR
    busy = _Column("Busy", bar_cells + 8, _busy(bar_cells, ascii_only), "busy", False)
    shown = [busy if column.sort == "busy" else column for column in shown]
    name = _Column("Node", max(_NAME, width - _taken(shown)), node_name, "name", False)
    columns = [name, *shown]
    lines = [_headings(columns, state)]
    for row in rows[state.offset : state.offset + state.window]:
        lines.append(Text(" ").join(_cell(column, column.text(row)) for column in columns))
    return [*lines, _counts(state, len(rows))]


def _fitting(width: int) -> list[_Column]:
    """Return the columns for which there is room beside the name."""
    shown = list(_COLUMNS)
    for column in sorted(_COLUMNS, key=lambda one: -one.rank):
        if column.rank and _NAME + _taken(shown) > width:
            shown.remove(column)
    return shown


def _taken(columns: list[_Column]) -> int:
    return sum(column.width + 1 for column in columns)


def _busy(cells: int, ascii_only: bool) -> Callable[[NodeRow], Text]:
    def text(row: NodeRow) -> Text:
        share = min(1.0, row["busy"] / row["cpus"]) if row["cpus"] else 0.0
        found = bar(cells, [(share, "busy")], ascii_only=ascii_only)
        return found.append(f" {part_of(row['busy'], row['cpus'])}")

    return text


def _headings(columns: list[_Column], state: TopState) -> Text:
    """Return the headings; that of the figure by which nodes are sorted is underlined."""
    return Text(" ").join(
        _cell(
            one,
            Text.assemble((one.heading, "bold underline" if one.sort == state.sort else "bold")),
        )
        for one in columns
    )


def _cell(column: _Column, text: Text | str) -> Text:
    """Return a cell that is exactly as wide as its column."""
    cell = text.copy() if isinstance(text, Text) else Text(text)
    cell.truncate(column.width, overflow="ellipsis")
    room = column.width - cell.cell_len
    if column.is_number:
        cell.pad_left(room)
    else:
        cell.pad_right(room)
    return cell


def _counts(state: TopState, found: int) -> Text:
    """Return how much of the list is shown, and in which order."""
    known = len(state.nodes)
    first, last = state.offset + 1, min(found, state.offset + state.window)
    span = f"{first:,} to {last:,} of {found:,} nodes" if found > state.window else (
        "1 node" if found == 1 else f"{found:,} nodes")  # fmt: skip
    of = f" ({known:,} without the filter)" if found < known else ""
    order = ", reversed" if state.is_reversed else ""
    return Text(f"{span}{of}, by {state.sort}{order}", "dim")
