"""Rows of JSON put together by column, as the pages read many of them.

Of 10,000 nodes' rows two thirds are names of fields and what all nodes have in common. By column
these stand once in each block, and a browser reads and keeps numbers in a list for a fraction of
what an object for each row takes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .nodes import encode

__all__ = ["block_of"]


def block_of(rows: Sequence[str]) -> str:
    """Return one block of *rows*, which are JSON objects of the same fields, as JSON.

    Its fields are those of a row, each with the list of the rows' values; a list of one value
    where all share it. A field that holds objects, ``null`` in some rows, is an object of such
    lists, with ``null`` for the rows without it.
    """
    found: list[dict[str, Any]] = json.loads(f"[{','.join(rows)}]")
    return encode({field: _column([row[field] for row in found]) for field in found[0]})


def _column(values: list[Any]) -> Any:
    if values.count(values[0]) == len(values) and not isinstance(values[0], dict):
        return values[:1]
    fields = next((value for value in values if isinstance(value, dict)), None)
    if fields is None:
        return values
    return {field: _column([value and value[field] for value in values]) for field in fields}
