"""Rows of nodes, and their texts: JSON, and cells of a block. All are made from the table.

A text is made once for each change and kept with the node, or in the combined view with the
address, in a slot that the state clears and never looks into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from json import JSONEncoder
from json.encoder import encode_basestring_ascii
from typing import Any, Final, Protocol

from ..core.combined import CombinedState, current_holders
from ..core.nodes import Node
from .columns import SEPARATOR, cell_writer
from .fields import NODE_FIELDS, NodeField

__all__ = ["ClusterRows", "CombinedRows", "Rows", "encode", "node_json", "node_row"]

# One encoder for all: compact, ASCII (so that no text can end a line of the stream), and refusing
# NaN, which is no JSON.
encode: Final = JSONEncoder(separators=(",", ":"), allow_nan=False).encode

# A row's JSON without its braces: dispy's own fields, and the others.
_Texts = tuple[str, str]

_SINGLE: Final = tuple(field for field in NODE_FIELDS if field.combine != "listed")
_COLUMNS: Final = [column for field in _SINGLE for column in field.columns()]
_VALUES: Final = [field.value for field in _SINGLE]
_OWN: Final = sum(field.dispys for field in _SINGLE)
_CLUSTERS: Final = NODE_FIELDS[-1].name


class _Form:
    """A text with places for the values of fields.

    :param parts: for each field the text before its value and how the value is written: a
        conversion of ``%``, or a function. Figures are written by conversions, all at once: a row
        takes 5 us, with a JSON encoder 7.
    """

    def __init__(self, parts: Iterable[tuple[str, str | Callable[[Any], str]]]) -> None:
        template = ""
        self._writers: list[tuple[int, Callable[[Any], str]]] = []
        for index, (before, how) in enumerate(parts):
            template += before.replace("%", "%%")
            template += how if isinstance(how, str) else "%s"
            if not isinstance(how, str):
                self._writers.append((index, how))
        self._template: Final = template

    def __call__(self, values: Iterable[Any]) -> str:
        """Return the text with *values* in their places."""
        texts = list(values)
        for index, write in self._writers:
            texts[index] = write(texts[index])
        return self._template % tuple(texts)


def _or_null(value: float | None) -> str:
    return "null" if value is None else repr(value)


def _exact(field: NodeField) -> str | Callable[[Any], str]:
    """Return how a field's value is written in a row's JSON."""
    if field.parts:
        inner = _json_form(field.parts)
        return lambda values: "null" if values is None else f"{{{inner(values)}}}"
    match field.schema["type"]:
        case "string":
            return encode_basestring_ascii
        case "integer" | "number" if field.nullable:
            return _or_null
        case "integer" | "number":
            return "%r" if field.digits is None else f"%.{field.digits}f"
        case _:
            return encode


def _json_form(fields: Iterable[NodeField]) -> _Form:
    return _Form(
        (f'{"," if number else ""}"{field.name}":', _exact(field))
        for number, field in enumerate(fields)
    )


_OWN_FORM: Final = _json_form(_SINGLE[:_OWN])
_MORE_FORM: Final = _json_form(_SINGLE[_OWN:])
_CELLS_FORM: Final = _Form(
    (SEPARATOR if number else "", cell_writer(column) or _exact(column))
    for number, column in enumerate(_COLUMNS)
)
_GROUPS: Final = [(index, len(field.parts)) for index, field in enumerate(_SINGLE) if field.parts]


def _values(node: Node) -> list[Any]:
    return [value(node) for value in _VALUES]


def _combined_values(nodes: list[Node]) -> list[Any]:
    """Return the values of a node that several clusters know."""
    there = current_holders(nodes)
    latest = max(there, key=lambda node: node.updated_at)
    values: list[Any] = []
    for field in _SINGLE:
        match field.combine:
            case "sum":
                values.append(sum(map(field.value, nodes)))
            case "largest":
                values.append(max(map(field.value, there)))
            case "newest":
                values.append(max(map(field.value, nodes)))
            case _:
                values.append(field.value(latest))
    return values


def _row(values: list[Any]) -> dict[str, Any]:
    return {field.name: _read(field, value) for field, value in zip(_SINGLE, values, strict=True)}


def _read(field: NodeField, value: Any) -> Any:
    """Return what a row holds of a field's value."""
    if value is None:
        return None
    if field.parts:
        return {part.name: one for part, one in zip(field.parts, value, strict=True)}
    return value if field.digits is None else round(value, field.digits)


def _texts(values: list[Any]) -> _Texts:
    return _OWN_FORM(values[:_OWN]), _MORE_FORM(values[_OWN:])


def _cells(values: list[Any]) -> str:
    for index, count in reversed(_GROUPS):
        values[index : index + 1] = values[index] or [None] * count
    return _CELLS_FORM(values)


def node_row(node: Node) -> dict[str, Any]:
    """Return a node's row in one cluster."""
    return _row(_values(node))


def _node_texts(node: Node) -> _Texts:
    if node.texts is None:
        node.texts = _texts(_values(node))
    texts: _Texts = node.texts
    return texts


def _node_cells(node: Node) -> str:
    if node.cells is None:
        node.cells = _cells(_values(node))
    cells: str = node.cells
    return cells


def node_json(node: Node) -> str:
    """Return a node's row in one cluster as JSON, made once for each change."""
    return _whole(_node_texts(node))


def _whole(texts: _Texts) -> str:
    return f"{{{texts[0]},{texts[1]}}}"


class Rows(Protocol):
    """The rows of a view's nodes. Its methods are called under the lock that guards the state."""

    def row(self, ip_addr: str) -> dict[str, Any]:
        """Return a node's row; KeyError for a node that is not known."""

    def json(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as JSON."""

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as JSON, of dispy's own fields alone."""

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as cells, see :func:`~flask_dispy.wire.columns.packed_block`."""


class ClusterRows:
    """The rows of one cluster's nodes."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes

    def row(self, ip_addr: str) -> dict[str, Any]:
        """See :class:`Rows`."""
        return node_row(self._nodes[ip_addr])

    def json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        nodes = self._nodes
        return [_whole(_node_texts(nodes[ip_addr])) for ip_addr in addresses]

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        nodes = self._nodes
        return [f"{{{_node_texts(nodes[ip_addr])[0]}}}" for ip_addr in addresses]

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        nodes = self._nodes
        return [_node_cells(nodes[ip_addr]) for ip_addr in addresses]


class CombinedRows:
    """The rows of all clusters' nodes, each node once."""

    def __init__(self, state: CombinedState) -> None:
        self._state = state

    def _known(self, ip_addr: str) -> tuple[list[str], list[Node]]:
        known = self._state.known(ip_addr)
        if not known:
            raise KeyError(ip_addr)
        return [name for name, _ in known], [node for _, node in known]

    def row(self, ip_addr: str) -> dict[str, Any]:
        """See :class:`Rows`."""
        names, nodes = self._known(ip_addr)
        return {**_row(_combined_values(nodes)), _CLUSTERS: names}

    def _texts(self, ip_addr: str) -> _Texts:
        made: _Texts | None = self._state.texts.get(ip_addr)
        if made is None:
            names, nodes = self._known(ip_addr)
            # In one cluster the row is that cluster's, which most often is encoded already.
            one = len(nodes) == 1
            own, more = _node_texts(nodes[0]) if one else _texts(_combined_values(nodes))
            made = own, f'{more},"{_CLUSTERS}":{encode(names)}'
            self._state.texts[ip_addr] = made
        return made

    def _cells(self, ip_addr: str) -> str:
        made: str | None = self._state.cells.get(ip_addr)
        if made is None:
            names, nodes = self._known(ip_addr)
            one = len(nodes) == 1
            cells = _node_cells(nodes[0]) if one else _cells(_combined_values(nodes))
            made = self._state.cells[ip_addr] = f"{cells}{SEPARATOR}{encode(names)}"
        return made

    def json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        return list(map(_whole, map(self._texts, addresses)))

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        return [f"{{{self._texts(ip_addr)[0]}}}" for ip_addr in addresses]

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        return list(map(self._cells, addresses))
