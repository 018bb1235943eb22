"""The custom columns of a run, as its row keeps them, and those of several runs together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from ..core.columns import MOST_COLUMNS, Column, ColumnValue, plain_value
from ..core.errors import BadRequest
from ..wire.tables import JobTable, NodeTable
from .checking import json_of

__all__ = ["NO_COLUMNS", "Columns", "columns_of", "together", "values_json", "values_of"]

_KEPT: Final = ("name", "label", "unit", "type", "sortable")


class Columns(NamedTuple):
    """The custom columns of nodes and of jobs."""

    nodes: tuple[Column, ...] = ()
    jobs: tuple[Column, ...] = ()

    def text(self) -> str | None:
        """Return them as JSON, without their functions; ``None`` for none."""
        if not any(self):
            return None
        return json.dumps(
            {
                kind: [{name: getattr(column, name) for name in _KEPT} for column in columns]
                for kind, columns in self._asdict().items()
            }
        )


NO_COLUMNS: Final = Columns()
"""Those of a run whose program declared none."""


def _unknown(_about: object) -> None:
    """Stand for the function of a column, which is not kept."""


def columns_of(text: Any) -> Columns:
    """Return the columns that a run's row keeps."""
    if text is None:
        return NO_COLUMNS
    kept = json_of(text, dict)
    return Columns(*(tuple(map(_column_of, kept[kind])) for kind in Columns._fields))


def _column_of(kept: Any) -> Column:
    return Column(**{name: kept[name] for name in _KEPT}, value=_unknown)


def together(runs: Iterable[Columns]) -> Columns:
    """Return the columns of all *runs*, each name once, as the first run with it declares it.

    Columns beyond the limit are left out, and those whose name one of our own fields has by now.
    """
    found = list(runs)
    return Columns(
        _together((run.nodes for run in found), NodeTable),
        _together((run.jobs for run in found), JobTable),
    )


def _together(
    runs: Iterable[Iterable[Column]], table: Callable[[list[Column]], object]
) -> tuple[Column, ...]:
    by_name: dict[str, Column] = {}
    for column in (column for columns in runs for column in columns):
        if column.name in by_name or len(by_name) >= MOST_COLUMNS:
            continue
        try:
            table([column])
        except BadRequest:
            continue
        by_name[column.name] = column
    return tuple(by_name.values())


def values_json(columns: Iterable[Column], values: tuple[ColumnValue, ...]) -> str | None:
    """Return a job's values by name, as JSON; ``None`` for none."""
    if not values:
        return None
    return json.dumps({column.name: value for column, value in zip(columns, values, strict=True)})


def values_of(columns: tuple[Column, ...], kept: dict[str, Any]) -> tuple[ColumnValue, ...]:
    """Return the values of *columns* that were kept by name, in the order of *columns*."""
    return tuple(plain_value(kept.get(column.name)) for column in columns)
