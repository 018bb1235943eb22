"""What a field of a row is: its type, heading and unit; of a node's, also how it combines.

The tables of fields are :mod:`~flask_dispy.wire.nodes` and :mod:`~flask_dispy.wire.jobs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..core.nodes import Node

__all__ = [
    "COUNT",
    "INTEGER",
    "NUMBER",
    "TEXT",
    "Combine",
    "Field",
    "NodeField",
    "Precision",
    "Schema",
    "SortKey",
    "itself",
    "properties",
]

Schema = dict[str, Any]

Combine = Literal["latest", "sum", "largest", "newest", "merged", "listed"]
"""How a node's field combines over the clusters that it serves.

``latest``: the latest word, of the clusters that have the node in its present state. ``sum``: over
all clusters. ``largest``: of the clusters that have the node in its present state, because it
belongs to the machine. ``newest``: the largest of all clusters. ``merged``: put together, by
``combined``, from what all clusters know. ``listed``: only the combined row
has it.
"""

Precision = Literal["exact", "percent", "four_digits", "seconds"]
"""How fine a figure is written by column: as fine as pages show it.

``percent``: whole percent, neither 0 nor 100 unless it is. ``four_digits``: four, or all of a
whole number's. ``seconds``: whole seconds since a moment that stands once in each block.
"""

SortKey = Callable[[Any], Any]

NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
INTEGER: Final[Schema] = {"type": "integer"}
TEXT: Final[Schema] = {"type": "string"}


def itself(value: Any) -> Any:
    """Return the value, to sort by as it is."""
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What is known of a field, whatever it is of.

    :param schema: its JSON Schema, without ``null``.
    :param nullable: whether it may be unknown.
    :param label: the heading of its column; no column without one.
    :param hint: what the heading means, where it does not say so.
    :param unit: what its figures are: ``bytes``, ``seconds``, ``percent``, ``time`` (seconds
        since the epoch), nothing, or a custom column's own.
    :param description: for the API's documentation.
    :param parts: the fields of the object that it is. All are unknown, or none.
    """

    name: str
    schema: Schema
    nullable: bool = False
    label: str = ""
    hint: str = ""
    unit: str = ""
    description: str = ""
    parts: tuple[Field, ...] = ()

    def described(self) -> Schema:
        """Return the field's JSON Schema."""
        found = dict(self.schema)
        if self.nullable:
            kind = found["type"]
            found["type"] = [*([kind] if isinstance(kind, str) else kind), "null"]
        if self.description:
            found["description"] = self.description
        if self.parts:
            found |= properties(self.parts)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeField(Field):
    """A field of a node's row.

    :param value: returns its value in one cluster; of one with *parts*, theirs or ``None``. Never
        asked of a part, nor of a field that is ``listed``.
    :param digits: to how many decimals rows round it; ``None``: not at all.
    :param dispys: whether dispy.httpd reports it too. These come first.
    :param combine: see :data:`Combine`.
    :param combined: returns its value over several clusters, where they are ``merged``.
    :param precision: see :data:`Precision`.
    :param multiple: what its figures are multiples of by column.
    :param sort: what to sort by, given the value; ``None``: rows can't be sorted by it.
    :param restore: sets it in a node of a past run, from what its row keeps; ``None``: it is made
        of others, or says nothing of a run that is over.
    :param parts: the fields of the object that it is. All are unknown, or none.
    """

    value: Callable[[Node], Any] = itself
    digits: int | None = None
    dispys: bool = False
    combine: Combine = "latest"
    combined: Callable[[list[Node]], Any] | None = None
    precision: Precision = "exact"
    multiple: int = 1
    sort: SortKey | None = itself
    restore: Callable[[Node, Any], None] | None = None
    parts: tuple[NodeField, ...] = ()

    def columns(self) -> tuple[NodeField, ...]:
        """Return the fields that are columns: itself, or its parts."""
        return self.parts or (self,)


def properties(fields: Iterable[Field], optional: Iterable[str] = ()) -> Schema:
    """Return what the JSON Schema of an object with these *fields* says of them."""
    described = {field.name: field.described() for field in fields}
    missing = set(optional)
    return {
        "properties": described,
        "required": [name for name in described if name not in missing],
    }
