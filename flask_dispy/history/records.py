"""Jobs, nodes, their events and figures as rows of the history's tables, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from sys import intern
from typing import Any, Final, NamedTuple, get_args

from ..core.columns import Column
from ..core.jobs import ENDED_STATES, JOB_STATES, Job, Output, Rerun
from ..core.nodes import Node, NodeChange
from ..core.series import Measured
from ..core.text import Cut
from ..wire.fields import NodeField
from ..wire.nodes import NODE_FIELDS
from .checking import count, figure, json_of, moment, one_of, or_none, serial, text
from .columns import values_json, values_of

__all__ = [
    "JOB_COLUMNS",
    "Figures",
    "LateRow",
    "NodeEvent",
    "NodeRow",
    "bucket_of",
    "event_of",
    "figures_of",
    "job_of",
    "job_row",
    "node_of",
]

# The states of a node that had not left when its row was written.
_THERE: Final = ("up", "silent")

# The order gives each text its bits in the column "cut": append only.
_OWN_TEXTS: Final = ("id", "args", "kwargs")
_OUTPUT_TEXTS: Final = ("result", "provisional_result", "stdout", "stderr", "exception")
_TEXTS: Final = (*_OWN_TEXTS, *_OUTPUT_TEXTS)

# Where in the column "cut" the bits of the texts begin that were dropped to make room.
_DROPPED: Final = 16

JOB_COLUMNS: Final = (
    "serial", "state", "node", "submitted_at", "started_at", "ended_at", "attempts",
    *_TEXTS, "cut", "past", "columns", "rerun",
)  # fmt: skip


class Figures(NamedTuple):
    """The figures of a run, in the order of the table's columns.

    *complete*: watching ended properly, so that nothing more will come. The last three, those of
    :class:`~flask_dispy.core.meter.Usage`, grow with time alone.
    """

    closed_at: float | None
    last_at: float
    complete: bool
    queued: int
    running: int
    finished: int
    terminated: int
    cancelled: int
    abandoned: int
    failed: int
    before_watching: int
    offered_sec: float
    used_sec: float
    money: float | None

    @property
    def lasting(self) -> tuple[Any, ...]:
        """The figures that do not grow with time alone."""
        return self[:-3]


class NodeEvent(NamedTuple):
    """What happened to a node: one of :data:`~flask_dispy.core.nodes.NODE_CHANGES`."""

    at: float
    ip_addr: str
    event: str


class NodeRow(NamedTuple):
    """A node's row, as JSON."""

    ip_addr: str
    text: str


class LateRow:
    """A key and JSON, which is made when the row is written, without the registry's lock.

    If the subject changes meanwhile, it is written again.
    """

    def __init__(self, key: str, said: Callable[[], object]) -> None:
        self._key = key
        self._said = said

    def __iter__(self) -> Iterator[str]:
        """Yield the columns after the run's."""
        yield self._key
        yield json.dumps(self._said(), separators=(",", ":"))


def job_row(job: Job, columns: tuple[Column, ...] = ()) -> tuple[Any, ...] | None:
    """Return the row of ``JOB_COLUMNS`` for an ended job, ``None`` for one that goes on.

    :param columns: the custom columns of its run.

    Called without the registry's lock. A job that changes meanwhile is written again, so a row
    that mixes before and after does not last.
    """
    ended_at = job.ended_at
    if job.state not in ENDED_STATES or ended_at is None:
        return None
    texts = [getattr(job, name) for name in _OWN_TEXTS]
    texts += [getattr(job.output, name, None) for name in _OUTPUT_TEXTS]
    cut = sum(1 << bit for bit, text in enumerate(texts) if isinstance(text, Cut))
    cut |= sum(1 << _DROPPED + _TEXTS.index(name) for name in job.texts_dropped)
    past = json.dumps(job.past) if job.past else None
    rerun = json.dumps(job.rerun) if job.rerun else None
    return (
        job.serial, job.state, job.node, job.submitted_at, job.started_at, ended_at, job.attempts,
        *texts, cut, past, values_json(columns, job.columns), rerun,
    )  # fmt: skip


def job_of(row: tuple[Any, ...], shift: int, columns: tuple[Column, ...] = ()) -> Job:
    """Return the job that a row of ``JOB_COLUMNS`` describes.

    :param shift: what to add to its serial number.
    :param columns: the custom columns of jobs that are shown.
    """
    number, state, node, submitted_at, started_at, ended_at, attempts, *rest = row
    *texts, cut, past, values, rerun = rest
    for bit, one in enumerate(texts):
        if one is not None:
            texts[bit] = Cut(text(one)) if cut >> bit & 1 else text(one)
    serial_number = serial(number) + shift
    job = Job(serial_number, serial_number, moment(submitted_at), *texts[: len(_OWN_TEXTS)])
    if job.id is None:
        raise ValueError("it has no id")
    # Interned, because there are few different ones in many rows.
    job.state = intern(one_of(state, ENDED_STATES))  # type: ignore[assignment]
    job.node = None if node is None else intern(text(node))
    job.started_at, job.ended_at = or_none(moment, started_at), moment(ended_at)
    job.attempts = count(attempts)
    if cut >> _DROPPED:
        bits = enumerate(_TEXTS, _DROPPED)
        job.texts_dropped = tuple(sorted(name for bit, name in bits if cut >> bit & 1))
    output = texts[len(_OWN_TEXTS) :]
    if any(one is not None for one in output):
        job.output = Output()
        for name, one in zip(_OUTPUT_TEXTS, output, strict=True):
            setattr(job.output, name, one)
    if past:
        job.past = [
            (one_of(state, JOB_STATES), moment(at), or_none(text, node))
            for state, at, node in json_of(past, list)
        ]
    if values and columns:
        job.columns = values_of(columns, json_of(values, dict))
    if rerun:
        of, latest, times = json_of(rerun, list)
        of, latest = or_none(serial, of), or_none(serial, latest)
        job.rerun = Rerun(of and of + shift, latest and latest + shift, count(times))
    return job


def node_of(row: Any, columns: tuple[Column, ...] = ()) -> Node:
    """Return the node that the JSON of a node's row describes; it is gone by now.

    :param columns: the custom columns of nodes that are shown.
    """
    row = json_of(row, dict)
    node = Node(intern(text(row["ip_addr"])))
    for field in NODE_FIELDS:
        if field.restore is not None:
            field.restore(node, _value_of(field, row.get(field.name)))
    if node.state in _THERE:
        node.state = "closed"
    node.columns = values_of(columns, row) if columns else ()
    return node


def _value_of(field: NodeField, value: Any) -> Any:
    """Return the value of a field in a row, if the field allows it."""
    if value is None and field.nullable:
        return None
    if field.parts:
        return tuple(_value_of(part, value[part.name]) for part in field.parts)
    if "enum" in field.schema:
        return intern(one_of(value, field.schema["enum"]))
    if field.unit == "time":
        return figure(value) and moment(value)
    return _CHECKS[field.schema["type"]](value)


def _number(value: Any) -> int | float:
    return value if type(value) is int and figure(value) == value else figure(value)


_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": text,
    "integer": count,
    "number": _number,
}


def event_of(row: tuple[Any, ...]) -> tuple[str, float, NodeChange]:
    """Return the (address, time, event) of a row."""
    ip_addr, at, event = row
    return text(ip_addr), moment(at), one_of(event, get_args(NodeChange))  # type: ignore[return-value]


def bucket_of(row: tuple[Any, ...]) -> Measured:
    """Return what was measured in ten seconds."""
    start, *figures = row
    return Measured(moment(start), *map(figure, figures))


def figures_of(row: Sequence[Any]) -> Figures:
    """Return the figures of a run."""
    closed_at, last_at, complete, *counts, offered_sec, used_sec, money = row
    measured = figure(offered_sec), figure(used_sec), or_none(figure, money)
    how = or_none(moment, closed_at), moment(last_at), bool(complete)
    return Figures._make((*how, *map(count, counts), *measured))
