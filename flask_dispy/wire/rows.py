"""Rows of nodes, and their texts: JSON, and cells of a block. All are made from the table.

The JSON is made once for each change and kept with the node, or in the combined view with the
address, in a slot that the state clears and never looks into. Cells are kept by the blocks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from json import JSONEncoder
from json.encoder import encode_basestring_ascii
from typing import Any, Final, cast

from ..core.combined import CombinedState, current_holders
from ..core.nodes import Node
from .columns import SEPARATOR, Block, cell_writer
from .fields import NodeField
from .nodes import NODE_FIELDS
from .shapes.nodes import NodeRow

__all__ = ["ClusterRows", "CombinedRows", "RowWriter", "Rows", "encode"]

# One encoder for all: compact, ASCII (so that no text can end a line of the stream), and refusing
# NaN, which is no JSON.
encode: Final = JSONEncoder(separators=(",", ":"), allow_nan=False).encode

# A row's JSON without its braces: dispy's own fields, and the others.
_Texts = tuple[str, str]

_Write = Callable[[Iterable[Any]], str]

_CLUSTERS: Final = NODE_FIELDS[-1].name


def _form(parts: Iterable[tuple[str, str | Callable[[Any], str]]]) -> _Write:
    """Return what writes a text with values in their places.

    :param parts: for each value the text before it and how it is written: a conversion of ``%``, or
        a function. Figures are written by conversions, all at once: a row takes 5 us, with a JSON
        encoder 7.
    """
    template, writers = "", list[tuple[int, Callable[[Any], str]]]()
    for index, (before, how) in enumerate(parts):
        template += before.replace("%", "%%")
        if isinstance(how, str):
            template += how
        else:
            template += "%s"
            writers.append((index, how))

    def write_all(values: Iterable[Any]) -> str:
        texts = list(values)
        for index, write in writers:
            texts[index] = write(texts[index])
        return template % tuple(texts)

    return write_all


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


def _cells_form(fields: Iterable[NodeField]) -> _Write:
    return _form((SEPARATOR if number else "", _cell(field)) for number, field in enumerate(fields))


def _json_form(fields: Iterable[NodeField]) -> _Write:
    return _form(
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
        self.cells: Final = _cells_form(single)
        """Returns the cells of the row that has some values."""
        self.block: Final = Block.empty(fields)
        """A block of no rows' cells, of which others are made."""

    def values(self, nodes: list[Node]) -> list[Any]:
        """Return the values of a node, as the clusters that know it have it."""
        if len(nodes) == 1:
            return [value(nodes[0]) for value in self._values_of]
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

    # -- of one cluster's nodes --------------------------------------------------------------

    def node_row(self, node: Node) -> NodeRow:
        """Return a node's row in one cluster."""
        return self.row(self.values([node]))

    def node_texts(self, node: Node) -> _Texts:
        """Return a node's row as JSON, without its braces, made once for each change."""
        if node.texts is None:
            node.texts = self.texts(self.values([node]))
        texts: _Texts = node.texts
        return texts

    def node_json(self, node: Node) -> str:
        """Return a node's row in one cluster as JSON, made once for each change."""
        return _whole(self.node_texts(node))


def _whole(texts: _Texts) -> str:
    return f"{{{texts[0]},{texts[1]}}}"


class Rows(ABC):
    """The rows of a view's nodes. Its methods are called under the lock that guards the state."""

    def __init__(self, writer: RowWriter) -> None:
        self._writer = writer
        self.block: Final = writer.block

    @abstractmethod
    def row(self, ip_addr: str) -> NodeRow:
        """Return a node's row; KeyError for a node that is not known."""

    @abstractmethod
    def _texts(self, ip_addr: str) -> _Texts: ...

    @abstractmethod
    def _cells(self, ip_addr: str) -> str: ...

    def json(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as JSON."""
        return list(map(_whole, map(self._texts, addresses)))

    def own_json(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as JSON, of dispy's own fields alone."""
        return [f"{{{own}}}" for own, _ in map(self._texts, addresses)]

    def cells(self, addresses: Iterable[str]) -> list[str]:
        """Return rows as cells, see :class:`~flask_dispy.wire.columns.Block`."""
        return list(map(self._cells, addresses))


class ClusterRows(Rows):
    """The rows of one cluster's nodes."""

    def __init__(self, nodes: Mapping[str, Node], writer: RowWriter) -> None:
        super().__init__(writer)
        self._nodes = nodes

    def row(self, ip_addr: str) -> NodeRow:
        """See :class:`Rows`."""
        return self._writer.node_row(self._nodes[ip_addr])

    def _texts(self, ip_addr: str) -> _Texts:
        return self._writer.node_texts(self._nodes[ip_addr])

    def _cells(self, ip_addr: str) -> str:
        return self._writer.cells(self._writer.values([self._nodes[ip_addr]]))


class CombinedRows(Rows):
    """The rows of all clusters' nodes, each node once."""

    def __init__(self, state: CombinedState, writer: RowWriter) -> None:
        super().__init__(writer)
        self._state = state

    def _known(self, ip_addr: str) -> tuple[list[str], list[Node]]:
        known = self._state.known(ip_addr)
        if not known:
            raise KeyError(ip_addr)
        return [name for name, _ in known], [node for _, node in known]

    def row(self, ip_addr: str) -> NodeRow:
        """See :class:`Rows`."""
        names, nodes = self._known(ip_addr)
        row = self._writer.row(self._writer.values(nodes))
        return cast(NodeRow, {**row, _CLUSTERS: names})

    def _texts(self, ip_addr: str) -> _Texts:
        made: _Texts | None = self._state.texts.get(ip_addr)
        if made is None:
            names, nodes = self._known(ip_addr)
            # In one cluster the row is that cluster's, which most often is encoded already.
            writer = self._writer
            if len(nodes) == 1:
                own, more = writer.node_texts(nodes[0])
            else:
                own, more = writer.texts(writer.values(nodes))
            made = own, f'{more},"{_CLUSTERS}":{encode(names)}'
            self._state.texts[ip_addr] = made
        return made

    def _cells(self, ip_addr: str) -> str:
        names, nodes = self._known(ip_addr)
        cells = self._writer.cells(self._writer.values(nodes))
        return f"{cells}{SEPARATOR}{encode(names)}"
