"""Searching custom columns: ``temp:80``, ``temp:>80``, ``rack:north``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from ..columns import ColumnValue

__all__ = ["value_test"]

_COMPARED: Final = re.compile(r"(?P<how>[<>]=?)?(?P<number>[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)")
_HOW: Final[dict[str | None, Callable[[Any, Any], bool]]] = {
    None: operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def value_test(wanted: str) -> Callable[[ColumnValue], bool]:
    """Return a test of a column's value for a search.

    It matches a part of a text, regardless of case; equal numbers, or those that ``>``, ``>=``,
    ``<`` or ``<=`` in the search select; and ``true`` and ``false`` by these words.
    """
    text = wanted.casefold()
    compared = _COMPARED.fullmatch(text)
    how = _HOW[compared["how"]] if compared else operator.eq
    number = float(compared["number"]) if compared else None

    def test(value: ColumnValue) -> bool:
        if isinstance(value, str):
            return text in value.casefold()
        if value is None or isinstance(value, bool):
            return value is not None and text == str(value).casefold()
        return number is not None and how(value, number)

    return test
