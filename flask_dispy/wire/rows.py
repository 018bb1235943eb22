"""Rows of nodes, and their texts: JSON, and cells of a block. All are made from the table.

The JSON is made once for each change and kept with the node, or in the combined view with the
address, in a slot that the state clears and never looks into. Cells are kept by the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from json import JSONEncoder
from json.encoder import encode_basestring_ascii
from typing import Any, Final, Protocol, cast

from ..core.combined import CombinedState, current_holders
from ..core.nodes import Node
from .columns import SEPARATOR, Block, cell_writer
from .fields import NodeField
from .nodes import NODE_FIELDS
from .packing import Part
from .shapes.nodes import NodeRow

__all__ = ["ClusterRows", "CombinedRows", "RowWriter", "Rows", "encode"]

# One encoder for all: compact, ASCII (so that no text can end a line of the stream), and refusing
# NaN, which is no JSON.
encode: Final = JSONEncoder(separators=(",", ":"), allow_nan=False).encode

# A row's JSON without its braces: dispy's own fields, and the others.
_Texts = tuple[str, str]

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
        case "string" if not field.nullable:
            return encode_basestring_ascii
        case "integer" | "number" if field.nullable:
            return _or_null
        case "integer" | "number":
            return "%r" if field.digits is None else f"%.{field.digits}f"
        case _:
            return encode


def _cell(field: NodeField) -> str | Callable[[Any], str]:
    """Return how a field's value is written in a cell, or in those of its parts."""
    if field.parts:
        inner = _cells_form(field.parts)
        unknown = SEPARATOR.join(["null"] * len(field.parts))
        return lambda values: unknown if values is None else inner(values)
    return cell_writer(field) or _exact(field)


def _cells_form(fields: Iterable[NodeField]) -> _Form:
    return _Form((SEPARATOR if number else "", _cell(field)) for number, field in enumerate(fields))


def _json_form(fields: Iterable[NodeField]) -> _Form:
    return _Form(
        (f'{"," if number else ""}"{field.name}":', _exact(field))
        for number, field in enumerate(fields)
    )


def _read(field: NodeField, value: Any) -> Any:
    """Return what a row holds of a field's value."""
    if value is None:
        return None
    if field.parts:
        return {part.name: one for part, one in zip(field.parts, value, strict=True)}
    return value if field.digits is None else round(value, field.digits)


class RowWriter:
    """Writes the rows of a registry's nodes.

    :param fields: those of a row, in their order; the last is the combined view's alone.
    """

    def __init__(self, fields: Sequence[NodeField] = NODE_FIELDS) -> None:
        single = self._fields = tuple(field for field in fields if field.combine != "listed")
        self._values_of = [field.value for field in single]
        self._own = sum(field.dispys for field in single)
        self._own_form = _json_form(single[: self._own])
        self._more_form = _json_form(single[self._own :])
        self._cells_form = _cells_form(single)
        self.block = Block.empty(fields)
        """A block of no rows' cells, of which others are made."""

    def values(self, node: Node) -> list[Any]:
        """Return the values of a node in one cluster."""
        return [value(node) for value in self._values_of]

    def combined_values(self, nodes: list[Node]) -> list[Any]:
        """Return the values of a node that several clusters know."""
        there = current_holders(nodes)
        latest = max(there, key=lambda node: node.updated_at)
        values: list[Any] = []
        for field in self._fields:
            match field.combine:
                case "merged" if field.combined is not None:
                    values.append(field.combined(nodes))
                case "sum":
                    values.append(sum(map(field.value, nodes)))
                case "largest":
                    values.append(max(map(field.value, there)))
                case "newest":
                    values.append(max(map(field.value, nodes)))
                case _:
                    values.append(field.value(latest))
        return values

    def row(self, values: list[Any]) -> NodeRow:
        """Return the row that has these values."""
        fields = zip(self._fields, values, strict=True)
        return cast(NodeRow, {field.name: _read(field, value) for field, value in fields})

    def texts(self, values: list[Any]) -> _Texts:
        """Return the row that has these values as JSON, without its braces."""
        return self._own_form(values[: self._own]), self._more_form(values[self._own :])

    def cells(self, values: list[Any]) -> str:
        """Return the cells of the row that has these values."""
        return self._cells_form(values)

    # -- of one cluster's nodes --------------------------------------------------------------

    def node_row(self, node: Node) -> NodeRow:
        """Return a node's row in one cluster."""
        return self.row(self.values(node))

    def node_texts(self, node: Node) -> _Texts:
        """Return a node's row as JSON, without its braces, made once for each change."""
        if node.texts is None:
            node.texts = self.texts(self.values(node))
        texts: _Texts = node.texts
        return texts

    def node_cells(self, node: Node) -> str:
        """Return the cells of a node's row in one cluster."""
        return self.cells(self.values(node))

    def node_json(self, node: Node) -> str:
        """Return a node's row in one cluster as JSON, made once for each change."""
        return _whole(self.node_texts(node))


def _whole(texts: _Texts) -> str:
    return f"{{{texts[0]},{texts[1]}}}"


class Rows(Protocol):
    """The rows of a view's nodes. Its methods are called under the lock that guards the state."""

    @property
    def block(self) -> Part:
        """A block of no rows' cells, of which others are made."""

    def row(self, ip_addr: str) -> NodeRow:
        """Return a node's row; KeyError for a node that is not known."""

    def json(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as JSON."""

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as JSON, of dispy's own fields alone."""

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as cells, see :class:`~flask_dispy.wire.columns.Block`."""


class ClusterRows:
    """The rows of one cluster's nodes."""

    def __init__(self, nodes: Mapping[str, Node], writer: RowWriter) -> None:
        self._nodes = nodes
        self._writer = writer
        self.block = writer.block

    def row(self, ip_addr: str) -> NodeRow:
        """See :class:`Rows`."""
        return self._writer.node_row(self._nodes[ip_addr])

    def json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        nodes, json_of = self._nodes, self._writer.node_json
        return [json_of(nodes[ip_addr]) for ip_addr in addresses]

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        nodes, texts_of = self._nodes, self._writer.node_texts
        return [f"{{{texts_of(nodes[ip_addr])[0]}}}" for ip_addr in addresses]

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        nodes, cells_of = self._nodes, self._writer.node_cells
        return [cells_of(nodes[ip_addr]) for ip_addr in addresses]


class CombinedRows:
    """The rows of all clusters' nodes, each node once."""

    def __init__(self, state: CombinedState, writer: RowWriter) -> None:
        self._state = state
        self._writer = writer
        self.block = writer.block

    def _known(self, ip_addr: str) -> tuple[list[str], list[Node]]:
        known = self._state.known(ip_addr)
        if not known:
            raise KeyError(ip_addr)
        return [name for name, _ in known], [node for _, node in known]

    def row(self, ip_addr: str) -> NodeRow:
        """See :class:`Rows`."""
        names, nodes = self._known(ip_addr)
        writer = self._writer
        return cast(NodeRow, {**writer.row(writer.combined_values(nodes)), _CLUSTERS: names})

    def _texts(self, ip_addr: str) -> _Texts:
        made: _Texts | None = self._state.texts.get(ip_addr)
        if made is None:
            names, nodes = self._known(ip_addr)
            # In one cluster the row is that cluster's, which most often is encoded already.
            writer = self._writer
            if len(nodes) == 1:
                own, more = writer.node_texts(nodes[0])
            else:
                own, more = writer.texts(writer.combined_values(nodes))
            made = own, f'{more},"{_CLUSTERS}":{encode(names)}'
            self._state.texts[ip_addr] = made
        return made

    def _cells(self, ip_addr: str) -> str:
        names, nodes = self._known(ip_addr)
        writer = self._writer
        if len(nodes) == 1:
            cells = writer.node_cells(nodes[0])
        else:
            cells = writer.cells(writer.combined_values(nodes))
        return f"{cells}{SEPARATOR}{encode(names)}"

    def json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        return list(map(_whole, map(self._texts, addresses)))

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        return [f"{{{self._texts(ip_addr)[0]}}}" for ip_addr in addresses]

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """See :class:`Rows`."""
        return list(map(self._cells, addresses))
