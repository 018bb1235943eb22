"""The shapes of the JSON API, as JSON Schema. Each is open: more fields may join them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from ...core.forecast.forecast import Confidence
from ...core.jobs import JOB_STATES, JOB_WORDS
from ...core.nodes import NODE_CHANGES, NODE_STATES
from ...core.offers import FINDINGS, SOURCES
from ...core.outlook import REASONS
from ...core.tally import TIMED_WORDS
from ...core.whatif import WhatIf
from ...engine.commands.outcomes import OutcomeRow
from ...wire.durations import FunctionRow
from ...wire.fields import NodeField, properties
from ...wire.jobs import JobField
from ...wire.tables import JobTable, NodeTable, Tables
from ..access.permissions import PERMISSIONS
from .shapes import Cancelled, Matched, Outcomes, SettingsRow

__all__ = ["SCHEMAS", "ref", "schema_of", "schemas_of"]

Schema = dict[str, Any]

_NUMBER: Final[Schema] = {"type": "number"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_INTEGER: Final[Schema] = {"type": "integer"}
_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}


def ref(name: str) -> Schema:
    """Return a reference to a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(optional: dict[str, Schema] | None = None, /, **required: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def _page(items: Schema, **more: Schema) -> Schema:
    return _object(total=_COUNT, items=_list(items), next=_or_null(_TEXT), **more)


_JOB_STATE: Final[Schema] = {"type": "string", "enum": list(JOB_STATES)}

_HIDDEN: Final[Schema] = {
    "hidden": {"const": True, "description": "Arguments, or all output, are left out."}
}


def _job(fields: Sequence[JobField]) -> Schema:
    schema = {"type": "object", **properties(fields)}
    schema["properties"].update(_HIDDEN)
    return schema


_OUTPUT: Final = ("exception", "stdout", "stderr", "result", "provisional_result")


def _node(fields: Sequence[NodeField]) -> Schema:
    return {"type": "object", **properties(fields, optional=["clusters"])}


_VALUES: Final[Schema] = {"type": "array", "minItems": 1}


def _column(field: NodeField) -> Schema:
    """Return what a field is in a block of nodes."""
    if field.parts:
        return _object(**{part.name: _column(part) for part in field.parts})
    of = "from" if field.precision == "seconds" else "unit" if field.multiple != 1 else None
    return _VALUES if of is None else _object(**{of: _NUMBER}, values=_list(_or_null(_NUMBER)))


def _node_block(fields: Sequence[NodeField]) -> Schema:
    return {
        **_object(**{field.name: _column(field) for field in fields}),
        "required": _node(fields)["required"],
        "description": "Nodes by column: each field holds the list of the nodes' values, or a "
        "list of one value that all of them share. Where it is an object, its values are multiples "
        "of unit, or to be added to from. The four of avail_info are null for nodes without. "
        "Figures are as fine as pages show them: seconds, mebibytes and percent, or four digits.",
    }


def _of_tables(tables: Tables) -> dict[str, Schema]:
    nodes, jobs = tables.nodes.fields, tables.jobs.fields
    return {"Node": _node(nodes), "NodeBlock": _node_block(nodes), "Job": _job(jobs)}


_OUTLOOK: Final[Schema] = _object(
    state={"type": "string", "enum": list(REASONS)},
    reason={"type": "string", "enum": [reason for each in REASONS.values() for reason in each]},
    message=_TEXT,
    cluster={**_TEXT, "description": "Whose it is: in the combined view the worst one's."},
    since=_or_null(_NUMBER),
    eta_sec=_or_null(_NUMBER),
    eta_early_sec=_or_null(_NUMBER),
    eta_late_sec=_or_null(_NUMBER),
    bound={**_COUNT, "description": "Queued jobs that are bound to a node that is gone."},
    stuck=_object(
        jobs=_or_null(_COUNT),
        nodes=_or_null(_COUNT),
        oldest_sec=_or_null(_NUMBER),
        usual_sec=_or_null(_NUMBER),
        over_sec=_or_null(_NUMBER),
    ),
)

_SUMMARY: Final[Schema] = _object(
    {
        "trouble": {
            **_or_null(_TEXT),
            "description": "What is wrong with the cluster as a whole, such as a lost scheduler.",
        },
        "cut_off": {
            **_FLAG,
            "description": "Of a past run: its program ended without closing it, or goes on.",
        },
        "unreadable": {
            **_object(jobs=_COUNT, of=_COUNT),
            "description": "Of a past run: how many of its jobs in the file can't be read.",
        },
    },
    name=_TEXT,
    combined=_FLAG,
    kind=_TEXT,
    state={"type": "string", "enum": ["open", "closed"]},
    job_changes=_COUNT,
    jobs=_object(
        **dict.fromkeys(
            ("submitted", *JOB_STATES, "failed", "done", "pending", "before_watching"), _COUNT
        )
    ),
    cpus=_object(total=_COUNT, busy=_COUNT),
    nodes=_object(known=_COUNT, **dict.fromkeys(NODE_STATES, _COUNT)),
    jobs_per_sec=_NUMBER,
    cpu_time_sec=_NUMBER,
    progress=_or_null(_NUMBER),
    outlook=ref("Outlook"),
    eta_sec=_or_null(_NUMBER),
    eta_confidence={"type": "string", "enum": ["none", "low", "good"]},
    started_at=_NUMBER,
    job_p95_sec=_or_null(_NUMBER),
    attention=_object(
        failed=_COUNT,
        abandoned=_COUNT,
        silent=_COUNT,
        lost=_COUNT,
        stragglers=_COUNT,
        clocks_off=_COUNT,
        offers=_COUNT,
    ),
    offers=_object(waiting=_COUNT, overdue=_COUNT, changes=_COUNT),
    history=_object(retained=_COUNT, limit=_COUNT, evicted=_COUNT),
)

_OFFER: Final[Schema] = _object(
    number=_INTEGER,
    cluster=_TEXT,
    host=_TEXT,
    ip_addr=_TEXT,
    port=_or_null(_INTEGER),
    cpus=_INTEGER,
    source={"type": "string", "enum": list(SOURCES)},
    asked_by=_or_null(_TEXT),
    asked_at=_NUMBER,
    overdue=_FLAG,
    finding={"type": "string", "enum": list(FINDINGS)},
    message=_TEXT,
    reasons=_list(
        _object(
            code=_TEXT,
            text=_TEXT,
            where={"type": "string", "enum": ["here", "node", "output"]},
            command=_TEXT,
        )
    ),
)

_SCHEMA_OF: Final[dict[object, Schema]] = {
    bool: _FLAG,
    int: _INTEGER,
    float: _NUMBER,
    str: _TEXT,
    OutcomeRow: ref("Outcome"),
    Confidence: {"type": "string", "enum": list(get_args(Confidence))},
}


def schema_of(shape: type) -> Schema:
    """Return the schema of a ``TypedDict`` of plain values and lists.

    What a value is annotated with, such as its minimum, joins its schema.
    """
    optional: frozenset[str] = getattr(shape, "__optional_keys__", frozenset())
    hints = get_type_hints(shape, include_extras=True)
    fields = {name: _schema_of(hint) for name, hint in hints.items()}
    return _object(
        {name: schema for name, schema in fields.items() if name in optional},
        **{name: schema for name, schema in fields.items() if name not in optional},
    )


def _schema_of(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is list:
        return _list(_schema_of(arguments[0]))
    if origin is Annotated:
        return {**_schema_of(arguments[0]), **dict(arguments[1:])}
    if type(None) in arguments:
        return _or_null(_schema_of(arguments[0]))
    return _SCHEMA_OF[hint] if hint in _SCHEMA_OF else schema_of(hint)


_COLUMN: Final[Schema] = _list(_or_null(_NUMBER))

SCHEMAS: Final[dict[str, Schema]] = {
    "Error": _object(
        {"outcomes": _list(ref("Outcome")), "ok": _FLAG},
        error=_object({"field": _TEXT}, code=_TEXT, message=_TEXT),
    ),
    "Outlook": _OUTLOOK,
    "WhatIf": schema_of(WhatIf),
    "Summary": _SUMMARY,
    "Clusters": _page(ref("Summary")),
    **_of_tables(Tables(NodeTable(), JobTable())),
    "Nodes": _page(ref("Node")),
    "NodeDetail": {
        "allOf": [
            ref("Node"),
            _object(
                running_jobs=_list(ref("Job")),
                running_total=_COUNT,
                recent_jobs=_list(ref("Job")),
                recent_total=_COUNT,
                events=_list(
                    _object(
                        at=_NUMBER,
                        event={"type": "string", "enum": list(NODE_CHANGES)},
                        cluster=_TEXT,
                    )
                ),
            ),
        ]
    },
    "Offer": _OFFER,
    "Offers": _page(ref("Offer")),
    "NodeSeries": _object(
        ip_addr=_TEXT,
        resolution_sec=_NUMBER,
        t=_list(_NUMBER),
        cpu_avail=_COLUMN,
        memory_avail_bytes=_COLUMN,
        swap_avail=_COLUMN,
        disk_avail_bytes=_COLUMN,
        running=_COLUMN,
    ),
    "Jobs": _page(
        ref("Job"),
        counts=_object(**dict.fromkeys(JOB_WORDS, _COUNT)),
        limit=_COUNT,
        next_before=_or_null(_INTEGER),
        next_after=_or_null(_TEXT),
    ),
    "JobDetail": {
        "allOf": [
            ref("Job"),
            _object(
                queue_sec=_or_null(_NUMBER),
                history=_list(_object(state=_JOB_STATE, at=_NUMBER, node=_or_null(_TEXT))),
                **{field: _or_null(_TEXT) for field in _OUTPUT},
                **{f"{field}_truncated": _FLAG for field in _OUTPUT},
            ),
        ]
    },
    "Series": _object(
        **{"from": _NUMBER},
        resolution_sec=_NUMBER,
        columns={"type": "object", "additionalProperties": _COLUMN},
    ),
    "Durations": _object(
        node=_or_null(_TEXT),
        state=_list({"type": "string", "enum": list(TIMED_WORDS)}),
        ran=ref("Spread"),
        waited=ref("Spread"),
        functions=_list(schema_of(FunctionRow)),
    ),
    "Spread": {
        **_object(
            jobs=_COUNT,
            median_sec=_or_null(_NUMBER),
            p95_sec=_or_null(_NUMBER),
            longest_sec=_or_null(_NUMBER),
            edges_sec=_list(_NUMBER),
            counts={"type": "object", "additionalProperties": _list(_COUNT)},
        ),
        "description": "Bucket i holds durations above edges_sec[i], up to edges_sec[i + 1]; "
        "counts has the jobs in each, by how they ended. Edges are a tenth apart, so the median "
        "and the 95th percentile are off by 5 % at most; counts and longest_sec are exact.",
    },
    "Timeline": _object(
        {"bars": {"type": "object"}, "buckets": {"type": "object"}, "past": _FLAG},
        **{"from": _NUMBER},
        to=_NUMBER,
        now=_NUMBER,
        oldest=_or_null(_NUMBER),
        mode={"type": "string", "enum": ["bars", "aggregate"]},
        total=_COUNT,
        lanes=_list(_object(node=_TEXT, name=_TEXT, slots=_COUNT)),
        queue=_object(t=_COLUMN, depth=_COLUMN),
    ),
    "Changes": _object(
        {"blocks": _list(ref("NodeBlock"))},
        cursor=_TEXT,
        snapshot=_FLAG,
        now=_NUMBER,
        clusters=_list(ref("Summary")),
        nodes=_list(
            {
                "anyOf": [
                    ref("Node"),
                    _object(ip_addr=_TEXT, removed={"const": True}),
                ]
            }
        ),
    ),
    "Outcome": schema_of(OutcomeRow),
    "Outcomes": schema_of(Outcomes),
    "Cancelled": {"anyOf": [schema_of(Cancelled), schema_of(Matched)]},
    "Settings": schema_of(SettingsRow),
    "Health": _object(status=_TEXT),
    "Permissions": {"type": "string", "enum": list(PERMISSIONS)},
}
"""The shapes of a registry without custom columns."""


def schemas_of(tables: Tables) -> dict[str, Schema]:
    """Return the shapes of a registry's JSON, its custom columns included."""
    return {**SCHEMAS, **_of_tables(tables)}
