"""A run as events of the Trace Event Format, which Perfetto and chrome://tracing open.

Each node is a process, and each of its rows of the timeline a thread, because events of one thread
may not overlap. Times are microseconds since the first start. The format is described at
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Final, TypedDict

from .addresses import last_first
from .coloring import Coloring
from .jobs import job_title
from .runs import Group, Runs, Slots
from .text import bounded
from .timegrid import Run

__all__ = ["TraceEvent", "trace_events"]

_NAME_LIMIT: Final = 200

# Events that are made at a time, about; and runs that are sorted at once, without a pause.
_CHUNK: Final = 250
_SORTED: Final = 2_000

# The function is what a trace's events are told apart by, in place of a colour.
_BY_FUNCTION: Final = Coloring(
    "function", [], lambda function: lambda _job, _ran_sec, _word: function
)


class _Timed(TypedDict, total=False):
    ts: float
    dur: float
    cat: str


class TraceEvent(_Timed):
    """A complete event (``X``), or the name of a process or thread (``M``)."""

    name: str
    ph: str
    pid: int
    tid: int
    args: dict[str, str | int]


def trace_events(
    groups: Sequence[Group], names: Mapping[str, str], *, oldest: float, now: float
) -> Iterator[list[TraceEvent]]:
    """Yield all attempts of some jobs as events, in the order of their starts.

    :param groups: the jobs, read without a lock.
    :param names: the nodes' names, by address.
    :param oldest: when the first of them began.
    :param now: until when a job has run that still does.
    """
    runs = Runs(groups, -math.inf, math.inf, now)
    pids = {node: place for place, node in enumerate(last_first(runs.nodes()), 1)}
    slots: defaultdict[str, Slots] = defaultdict(Slots)
    known: defaultdict[str, int] = defaultdict(int)
    ordered = _ordered(runs.colored(_BY_FUNCTION, now))
    while chunk := list(islice(ordered, _CHUNK)):
        events: list[TraceEvent] = []
        for run in chunk:
            start, ended, node = run[:3]
            if node not in pids:
                continue  # meanwhile the job was requeued and started on another node
            end = now if ended is None else max(start, ended)
            slot = slots[node].take(start, math.inf if ended is None else end)
            if not known[node]:
                events += _process(pids[node], node, names.get(node, ""))
            if slot >= known[node]:
                known[node] = slot + 1
                events.append(_named("thread_name", pids[node], slot + 1, f"row {slot + 1}"))
            events.append(_complete(run, pids[node], slot + 1, start - oldest, end - start))
        yield events


def _ordered(runs: Iterator[Run]) -> Iterator[Run]:
    """Return the runs in the order of their starts; sorting all at once would take long."""
    pieces = []
    while piece := list(islice(runs, _SORTED)):
        piece.sort(key=_by_start)
        pieces.append(piece)
    return merge(*pieces, key=_by_start)


def _by_start(run: Run) -> tuple[float, int]:
    return run[0], run[4]


def _process(pid: int, node: str, name: str) -> list[TraceEvent]:
    title = f"{name} ({node})" if name and name != node else node
    order = _named("process_sort_index", pid, 0, "")
    order["args"] = {"sort_index": pid}
    return [_named("process_name", pid, 0, bounded(title, _NAME_LIMIT)), order]


def _named(what: str, pid: int, tid: int, name: str) -> TraceEvent:
    return {"name": what, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}


def _complete(run: Run, pid: int, tid: int, start_sec: float, ran_sec: float) -> TraceEvent:
    _, _, _, word, serial, job_id, function = run
    return {
        "name": bounded(" ".join(job_title(job_id, serial).split()), _NAME_LIMIT),
        "cat": bounded(function, _NAME_LIMIT).replace(",", " "),  # a comma parts categories
        "ph": "X",
        "ts": round(start_sec * 1e6, 1),
        "dur": round(ran_sec * 1e6, 1),
        "pid": pid,
        "tid": tid,
        "args": {"serial": serial, "state": word},
    }
