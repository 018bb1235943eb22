"""Tests of single values in searches: patterns, job numbers and the values of custom columns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Final

from ..columns import ColumnValue

__all__ = ["pattern_test", "serial_named", "value_test"]

_SERIAL: Final = re.compile(r"#?(?P<serial>[0-9]{1,18})")
_COMPARED: Final = re.compile(r"(?P<how>[<>]=?)?(?P<number>[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)")
_HOW: Final[dict[str | None, Callable[[Any, Any], bool]]] = {
    None: operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def pattern_test(pattern: str) -> Callable[[str], bool]:
    """Return a test for equality regardless of case; ``*`` and ``?`` are wildcards."""
    pattern = pattern.casefold()
    if "*" in pattern or "?" in pattern:
        # fnmatch also has a meaning for "[", which is literal here: ids such as "run[3]" have it.
        pattern = pattern.replace("[", "[[]")
        return lambda text: fnmatchcase(text.casefold(), pattern)
    return lambda text: text.casefold() == pattern


def serial_named(pattern: str) -> int | None:
    """Return the serial number that ``17`` or ``#17`` names, ``None`` for any other pattern."""
    match = _SERIAL.fullmatch(pattern)
    return int(match["serial"]) if match else None


def value_test(wanted: str) -> Callable[[ColumnValue], bool]:
    """Return a test of a custom column's value: ``temp:80``, ``temp:>80``, ``rack:north``.

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
