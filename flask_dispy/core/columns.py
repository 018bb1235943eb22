"""Custom columns, and the values that they may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from .errors import BadRequest
from .text import Cut, bounded, type_name

__all__ = ["MOST_COLUMNS", "TEXT_LIMIT", "Column", "ColumnType", "ColumnValue", "plain_value"]

ColumnType = Literal["number", "string", "boolean"]
ColumnValue: TypeAlias = str | int | float | bool | None

MOST_COLUMNS: Final = 20
"""The most custom columns of nodes, and of jobs."""

TEXT_LIMIT: Final = 200
"""The most characters of a text in a column, because it is part of each row."""

# Lower case only, because search qualifiers ignore case; at least two characters, because
# "C:\\data" is no qualifier.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
_WORDS: Final = 40

# JavaScript's integers are exact up to 9e15.
_MOST: Final = 1e15

_FOUND_IN: Final[dict[ColumnType, tuple[type, ...]]] = {
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of your own for the nodes or the jobs of a registry.

    ::

        ClusterRegistry(
            node_columns=[Column("temp", label="Temp", unit="°C", value=read_temperature)],
            job_columns=[Column("batch", value=lambda job: job._args[0]["batch"])],
        )

    Its values are shown in the pages and the report, sorted, searched (``temp:>80``), and are in
    the JSON and the history.

    :param name: its name in the JSON, in searches and in the history: 2 to 40 small letters,
        digits and underscores, the first a letter. No field of ours may have it.
    :param value: called with dispy's own ``DispyNode``, or with a copy of its ``DispyJob``;
        returns a number, a text of up to 200 characters, a bool, or ``None`` while it is unknown.
        It runs on a thread of its own, one call at a time, never under a lock and never on
        dispy's threads, and may take up to two seconds; then it is interrupted, and not called
        for a minute. What it raises, and what is none of these, is unknown too; it is logged, and
        counted in ``/healthz``. It must not change what it is given.
    :param label: the column's heading, up to 40 characters; its name if not given.
    :param unit: shown behind numbers, up to 40 characters. ``bytes``, ``seconds``, ``percent``
        (0 to 100) and ``time`` (seconds since the epoch) are shown as such figures of ours are.
    :param type: the JSON type of its values, ``number``, ``string`` or ``boolean``; others are
        unknown then. Any of them if not given.
    :param sortable: whether nodes or jobs can be sorted by it.
    :raises BadRequest: one of them makes no sense; the message names it and the remedy.
    """

    name: str
    _: KW_ONLY
    value: Callable[[Any], object]
    label: str = ""
    unit: str = ""
    type: ColumnType | None = None
    sortable: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadRequest(
                f"{self.name!r:.80} is no name of a column: give 2 to 40 small letters, digits and "
                "underscores, the first a letter.",
                field="name",
            )
        if not callable(self.value):
            raise self._invalid("value", "give a function of a node, or of a job")
        for name in ("label", "unit"):
            text = getattr(self, name)
            if not isinstance(text, str) or len(text) > _WORDS or not text.isprintable():
                raise self._invalid(name, f"give a text of up to {_WORDS} printable characters")
        if self.type is not None and self.type not in get_args(ColumnType):
            raise self._invalid("type", f"give one of {', '.join(get_args(ColumnType))}")
        if not isinstance(self.sortable, bool):
            raise self._invalid("sortable", "give True or False")
        object.__setattr__(self, "label", self.label or self.name)

    def _invalid(self, name: str, remedy: str) -> BadRequest:
        value = getattr(self, name)
        return BadRequest(f"The {name} of the column {self.name} is {value!r:.80}: {remedy}.",
                          field=name)  # fmt: skip


def plain_value(value: object, kind: ColumnType | None = None) -> ColumnValue:
    """Return what a column's function returned, as a value of its own that can be relied upon.

    Values of subclasses come as the plain ones that they hold.

    :raises ValueError: it is none that a column can have; says why.
    """
    if value is None:
        return None
    found = type(value)
    if kind is not None and (
        not issubclass(found, _FOUND_IN[kind]) or (kind == "number" and found is bool)
    ):
        raise ValueError(f"it returned {type_name(value)} in place of a {kind}")
    if found is bool:
        return bool(value)
    if issubclass(found, str):
        text = bounded(str.__str__(value), TEXT_LIMIT)
        if isinstance(text, Cut):
            raise ValueError(f"it returned a text of more than {TEXT_LIMIT} characters")
        return text
    if issubclass(found, int):
        number: int | float = int.__index__(value)  # type: ignore[arg-type]
    elif issubclass(found, float):
        number = float.__float__(value)  # type: ignore[arg-type]
    else:
        raise ValueError(
            f"it returned {type_name(value)}: a number, text, bool or None is expected"
        )
    if not -_MOST < number < _MOST:
        raise ValueError("it returned a number that is too large, or none")
    return number
