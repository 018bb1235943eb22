"""What the history keeps, as rows of its tables, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from sys import intern
from typing import Any, Final, NamedTuple, get_args

from ..core.jobs import ENDED_STATES, JOB_STATES, Job, Output
from ..core.nodes import Node, NodeChange
from ..core.series import Measured
from ..core.text import Cut
from .checking import count, figure, json_of, moment, one_of, or_none, serial, text

__all__ = [
    "JOB_COLUMNS",
    "Figures",
    "NodeEvent",
    "NodeRow",
    "bucket_of",
    "event_of",
    "figures_of",
    "job_of",
    "job_row",
    "node_of",
]

# States of a node that was there when its row was written.
_THERE: Final = ("up", "silent")

# The order gives each text its bit in the column "cut": append only.
_OWN_TEXTS: Final = ("id", "args", "kwargs")
_OUTPUT_TEXTS: Final = ("result", "provisional_result", "stdout", "stderr", "exception")

JOB_COLUMNS: Final = (
    "serial", "state", "node", "submitted_at", "started_at", "ended_at", "attempts",
    *_OWN_TEXTS, *_OUTPUT_TEXTS, "cut", "past",
)  # fmt: skip


class Figures(NamedTuple):
    """How a run stands; the order is that of the table's columns.

    *complete*: watching ended in good order, so that nothing comes any more.
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


class NodeEvent(NamedTuple):
    """What happened to a node: one of :data:`~flask_dispy.core.nodes.NODE_CHANGES`."""

    at: float
    ip_addr: str
    event: str


class NodeRow(NamedTuple):
    """A node's row, as JSON."""

    ip_addr: str
    text: str


def job_row(job: Job) -> tuple[Any, ...] | None:
    """Return the row of ``JOB_COLUMNS`` for an ended job, ``None`` for one that goes on.

    Called without the registry's lock. A job that changes meanwhile is told of again, so that a
    row that mixes before and after does not last.
    """
    ended_at = job.ended_at
    if job.state not in ENDED_STATES or ended_at is None:
        return None
    texts = [getattr(job, name) for name in _OWN_TEXTS]
    texts += [getattr(job.output, name, None) for name in _OUTPUT_TEXTS]
    cut = sum(1 << bit for bit, text in enumerate(texts) if isinstance(text, Cut))
    past = json.dumps(job.past) if job.past else None
    return (
        job.serial, job.state, job.node, job.submitted_at, job.started_at, ended_at, job.attempts,
        *texts, cut, past,
    )  # fmt: skip


def job_of(row: tuple[Any, ...], shift: int) -> Job:
    """Return the job that a row of ``JOB_COLUMNS`` tells of.

    :param shift: what to add to its serial number.
    :raises Exception: one of :data:`~flask_dispy.history.checking.DAMAGE`: it can't be read.
    """
    number, state, node, submitted_at, started_at, ended_at, attempts, *texts, cut, past = row
    for bit, one in enumerate(texts):
        if one is not None:
            texts[bit] = Cut(text(one)) if cut >> bit & 1 else text(one)
    serial_number = serial(number) + shift
    job = Job(serial_number, serial_number, moment(submitted_at), *texts[: len(_OWN_TEXTS)])
    if job.id is None:
        raise ValueError("it has no id")
    # There are few of these, and as many rows as there are jobs.
    job.state = intern(one_of(state, ENDED_STATES))  # type: ignore[assignment]
    job.node = None if node is None else intern(text(node))
    job.started_at, job.ended_at = or_none(moment, started_at), moment(ended_at)
    job.attempts = count(attempts)
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
    return job


def node_of(row: Any) -> Node:
    """Return the node that the JSON of a node's row tells of, as it is now: gone.

    :raises Exception: one of :data:`~flask_dispy.history.checking.DAMAGE`: it can't be read.
    """
    row = json_of(row, dict)
    node = Node(intern(text(row["ip_addr"])))
    node.name = text(row["name"])
    state = text(row["state"])
    node.state = "closed" if state in _THERE else intern(state)  # type: ignore[assignment]
    node.cpus, node.avail_cpus = count(row["cpus"]), count(row["avail_cpus"])
    node.updated_at = figure(row["update_time"]) and moment(row["update_time"])
    node.totals = (
        count(row["jobs_done"]), figure(row["cpu_time"]), count(row["tx"]), count(row["rx"])
    )  # fmt: skip
    if load := row["avail_info"]:
        node.load = (
            figure(load["cpu"]), figure(load["memory"]), figure(load["disk"]), figure(load["swap"])
        )  # fmt: skip
        node.load_at = node.updated_at - figure(row.get("avail_info_age_sec") or 0)
    return node


def event_of(row: tuple[Any, ...]) -> tuple[str, float, NodeChange]:
    """Return the (address, time, event) of a row.

    :raises Exception: one of :data:`~flask_dispy.history.checking.DAMAGE`: it can't be read.
    """
    ip_addr, at, event = row
    return text(ip_addr), moment(at), one_of(event, get_args(NodeChange))  # type: ignore[return-value]


def bucket_of(row: tuple[Any, ...]) -> Measured:
    """Return what was measured in ten seconds.

    :raises Exception: one of :data:`~flask_dispy.history.checking.DAMAGE`: it can't be read.
    """
    start, *figures = row
    return Measured(moment(start), *map(figure, figures))


def figures_of(row: Sequence[Any]) -> Figures:
    """Return how a run stood.

    :raises Exception: one of :data:`~flask_dispy.history.checking.DAMAGE`: it can't be read.
    """
    closed_at, last_at, complete, *counts = row
    return Figures(or_none(moment, closed_at), moment(last_at), bool(complete), *map(count, counts))
