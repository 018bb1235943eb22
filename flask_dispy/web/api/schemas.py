"""The shapes of the JSON API, as JSON Schema. Each is open: more fields may join them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from ...wire.answers import (
    Cancelled,
    ComparisonList,
    Matched,
    OutcomeRow,
    RanAgain,
    Rerunnable,
)
from ...wire.durations import SpreadRow
from ...wire.errorkinds import ErrorKindRow
from ...wire.facets import JobFacetsRow
from ...wire.fields import NUMBER, TEXT, NodeField, Schema, properties
from ...wire.jobs import JobField
from ...wire.journal import EventRow
from ...wire.runs import RunRow
from ...wire.shapes.clusters import OutlookRow, Summary
from ...wire.shapes.jobs import JobDetail, JobRow, NodeDetail
from ...wire.shapes.nodes import NodeRow, OfferRow
from ...wire.tables import JobTable, NodeTable, Tables
from ..access.permissions import PERMISSIONS

__all__ = ["SCHEMAS", "name_of", "ref", "schema_of", "schemas_of"]


def ref(name: str) -> Schema:
    """Return a reference to a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **words}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(optional: dict[str, Schema] | None = None, /, **required: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


_HIDDEN: Final[Schema] = {
    "hidden": {"const": True, "description": "Arguments, or all output, are left out."}
}


def _job(fields: Sequence[JobField]) -> Schema:
    schema = {"type": "object", **properties(fields)}
    schema["properties"].update(_HIDDEN)
    return schema


def _node(fields: Sequence[NodeField]) -> Schema:
    return {"type": "object", **properties(fields, optional=["clusters"])}


_VALUES: Final[Schema] = {"type": "array", "minItems": 1}


def _column(field: NodeField) -> Schema:
    """Return what a field is in a block of nodes."""
    if field.parts:
        return _object(**{part.name: _column(part) for part in field.parts})
    of = "from" if field.precision == "seconds" else "unit" if field.multiple != 1 else None
    return _VALUES if of is None else _object(**{of: NUMBER}, values=_list(_or_null(NUMBER)))


def _node_block(fields: Sequence[NodeField]) -> Schema:
    return {
        **_object(**{field.name: _column(field) for field in fields}),
        "required": _node(fields)["required"],
        "description": "Nodes by column: each field holds the list of the nodes' values, or a "
        "list of one value that all of them share. Where it is an object, its values are multiples "
        "of unit, or to be added to from. The four of avail_info are null for nodes without. "
        "Figures are as fine as pages show them: seconds, kibibytes, mebibytes, percent, or four "
        "digits.",
    }


def _of_tables(tables: Tables) -> dict[str, Schema]:
    nodes, jobs = tables.nodes.fields, tables.jobs.fields
    return {"Node": _node(nodes), "NodeBlock": _node_block(nodes), "Job": _job(jobs)}


_NAMES: Final[dict[object, str]] = {
    ComparisonList: "Comparison",
    ErrorKindRow: "ErrorKind",
    EventRow: "Event",
    JobRow: "Job",
    NodeRow: "Node",
    OfferRow: "Offer",
    OutcomeRow: "Outcome",
    OutlookRow: "Outlook",
    RunRow: "Run",
    SpreadRow: "Spread",
    Summary: "Summary",
}
"""The shapes that have a schema of their own, to which others refer."""

_PLAIN: Final[dict[object, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    object: {},
}


def schema_of(shape: type, *, beyond: type | None = None) -> Schema:
    """Return the schema of a ``TypedDict``.

    What a value is annotated with, such as its minimum, joins its schema.

    :param beyond: leave out the fields of this one.
    """
    optional: frozenset[str] = getattr(shape, "__optional_keys__", frozenset())
    known = () if beyond is None else get_type_hints(beyond)
    hints = get_type_hints(shape, include_extras=True)
    fields = {name: _schema_of(hint) for name, hint in hints.items() if name not in known}
    return {
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name not in optional],
    }


def _schema_of(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_schema_of(arguments[0]), **dict(arguments[1:])}
    if hint in _NAMES:
        return ref(_NAMES[hint])
    if is_typeddict(hint):
        return schema_of(hint)
    if origin is list:
        return _list(_schema_of(arguments[0]))
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if type(None) in arguments:
        return _or_null(_schema_of(arguments[0]))
    return _PLAIN[hint]


SCHEMAS: Final[dict[str, Schema]] = {
    "Error": _object(
        {"outcomes": _list(ref("Outcome")), "ok": {"type": "boolean"}},
        error=_object({"field": TEXT}, code=TEXT, message=TEXT),
    ),
    "Outlook": schema_of(OutlookRow),
    "Summary": schema_of(Summary),
    **_of_tables(Tables(NodeTable(), JobTable())),
    "NodeDetail": {"allOf": [ref("Node"), schema_of(NodeDetail, beyond=NodeRow)]},
    "Offer": schema_of(OfferRow),
    "ErrorKind": {
        **schema_of(ErrorKindRow),
        "description": "Failures of one function with one type of exception and one message, but "
        "for the values in it. Counted over the whole run. first_at and last_at are the first and "
        "last end of such a job; new is a kind that came within ten minutes into a run that had "
        "gone on for a while without it; nodes are the ten with most of them, of nodes_total; "
        "sample is the first one's text; serials are of the latest jobs. message and sample are "
        "null for a client that may not see them.",
    },
    "JobFacets": {
        **schema_of(JobFacetsRow),
        "description": "The jobs of a search by one trait after another. Each facet is named after "
        "the qualifier that finds the jobs of one of its values; the most frequent values come "
        "first, other is what they leave out. failed counts those of the jobs that failed. States "
        "are counted as if the search named none, like counts of the jobs list.",
    },
    "Event": {
        **schema_of(EventRow),
        "description": "serial grows with each event of a program, over all its clusters. cluster "
        "is null for what concerns all. text says what happened; by whom follows it: source is who "
        "caused it, as far as is known, and by the user who gave the command, if there are users. "
        "by and message are null for a client that may not see them.",
    },
    "JobDetail": {"allOf": [ref("Job"), schema_of(JobDetail, beyond=JobRow)]},
    "Spread": {
        **schema_of(SpreadRow),
        "description": "Bucket i holds durations above edges_sec[i], up to edges_sec[i + 1]; "
        "counts has the jobs in each, by how they ended. Edges are a tenth apart, so the median "
        "and the 95th percentile are off by 5 % at most; counts and longest_sec are exact.",
    },
    "Run": schema_of(RunRow),
    "Changes": _object(
        {"blocks": _list(ref("NodeBlock"))},
        cursor=TEXT,
        snapshot={"type": "boolean"},
        now=NUMBER,
        clusters=_list(ref("Summary")),
        nodes=_list(
            {
                "anyOf": [
                    ref("Node"),
                    _object(ip_addr=TEXT, removed={"const": True}),
                ]
            }
        ),
    ),
    "Outcome": schema_of(OutcomeRow),
    "Cancelled": {"anyOf": [schema_of(Cancelled), schema_of(Matched)]},
    "RanAgain": {"anyOf": [schema_of(RanAgain), schema_of(Rerunnable)]},
    "Health": _object(status=TEXT),
    "Permissions": {"type": "string", "enum": list(PERMISSIONS)},
}
"""The shapes of a registry without custom columns."""


def name_of(shape: type) -> str:
    """Return the name of a shape's schema, such as ``Jobs`` for ``JobList``."""
    name = _NAMES.get(shape) or shape.__name__
    if name.endswith("List"):
        return f"{name.removesuffix('List')}s"
    return name.removesuffix("Data").removesuffix("Row")


def schemas_of(tables: Tables) -> dict[str, Schema]:
    """Return the shapes of a registry's JSON, its custom columns included."""
    return {**SCHEMAS, **_of_tables(tables)}
