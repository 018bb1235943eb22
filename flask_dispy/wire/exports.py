"""Rows as lines of a file to keep: CSV by RFC 4180, and JSON lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

from .fields import Field
from .rows import encode

__all__ = ["Path", "csv_head", "csv_lines", "json_lines", "paths_of"]

Path = tuple[str, ...]
"""Where a row holds a value: a field's name, and the names within the object that it is."""

# What a spreadsheet takes for the beginning of a formula. An apostrophe before it makes it text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

# Only a number: no formula, whatever it begins with. "1e5" and the like may be words.
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def paths_of(fields: Iterable[Field]) -> list[Path]:
    """Return where a row with these *fields* holds its values, in their order."""
    found: list[Path] = []
    for field in fields:
        found += [(field.name, part.name) for part in field.parts] or [(field.name,)]
    return found


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as they are in the JSON API, one a line."""
    return "".join([f"{encode(row)}\n" for row in rows])


def csv_head(paths: Iterable[Path]) -> str:
    """Return the header of some columns. Names within an object are joined by a dot."""
    return _written([[".".join(path) for path in paths]])


def csv_lines(paths: Sequence[Path], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as lines of cells.

    Unknown values are empty. Text that a spreadsheet would run as a formula gets an apostrophe
    before it; numbers stay as they are.
    """
    if all(len(path) == 1 for path in paths):
        names = [path[0] for path in paths]
        return _written([[_cell(row.get(name)) for name in names] for row in rows])
    return _written([[_cell(_value(row, path)) for path in paths] for row in rows])


def _written(rows: Iterable[Iterable[str | int | float]]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _value(row: Any, path: Path) -> Any:
    for name in path:
        row = None if row is None else row.get(name)
    return row


def _cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _harmless(", ".join(value))
    return _harmless(encode(value))


def _harmless(text: str) -> str:
    if text.startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text
