"""What the history keeps, as rows of its tables, and back."""

from __future__ import annotations

import json
from sys import intern
from typing import Any, Final, NamedTuple

from ..core.jobs import ENDED_STATES, Job, Output
from ..core.nodes import Node
from ..core.text import Cut

__all__ = ["JOB_COLUMNS", "Figures", "NodeEvent", "NodeRow", "job_of", "job_row", "node_of"]

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


def job_of(row: tuple[Any, ...], serial: int) -> Job:
    """Return the job that a row of ``JOB_COLUMNS`` tells of, under the number *serial*."""
    _, state, node, submitted_at, started_at, ended_at, attempts, *texts, cut, past = row
    for bit, text in enumerate(texts):
        if cut >> bit & 1 and text is not None:
            texts[bit] = Cut(text)
    job = Job(serial, serial, submitted_at, *texts[: len(_OWN_TEXTS)])
    # There are few of these, and as many rows as there are jobs.
    job.state = intern(state)  # type: ignore[assignment]
    job.node = None if node is None else intern(node)
    job.started_at, job.ended_at, job.attempts = started_at, ended_at, attempts
    output = texts[len(_OWN_TEXTS) :]
    if any(text is not None for text in output):
        job.output = Output()
        for name, text in zip(_OUTPUT_TEXTS, output, strict=True):
            setattr(job.output, name, text)
    if past:
        job.past = [(state, at, node) for state, at, node in json.loads(past)]
    return job


def node_of(text: str) -> Node:
    """Return the node that the JSON of a node's row tells of, with nothing running on it."""
    row = json.loads(text)
    node = Node(intern(row["ip_addr"]))
    node.name, node.state = row["name"], intern(row["state"])  # type: ignore[assignment]
    node.cpus, node.avail_cpus, node.busy = row["cpus"], row["avail_cpus"], row["busy"]
    node.updated_at = row["update_time"]
    node.totals = (row["jobs_done"], row["cpu_time"], row["tx"], row["rx"])
    if load := row["avail_info"]:
        node.load = (load["cpu"], load["memory"], load["disk"], load["swap"])
    return node
