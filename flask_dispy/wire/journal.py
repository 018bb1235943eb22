"""What happened, as the API, the pages and the report read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from ..core.cluster import ClusterState
from ..core.endings import ending
from ..core.journal import ENTRY_KINDS, SHARED_KINDS, Entry, EntryKind
from ..core.offers import Source
from ..core.phrases import quantity
from ..core.text import bounded
from .shapes.base import Count

__all__ = ["EventCounts", "EventPage", "EventRow", "Happened", "by_whom", "event_page", "gathered"]

# Kinds with a text that only some readers may see.
_WITH_MESSAGE: Final = frozenset[EntryKind](("error_kind", "history_failing"))

# Characters of a node's name and of an error's message within a sentence.
_NAME: Final = 60
_MESSAGE: Final = 160


class EventRow(TypedDict):
    """Something that happened; ``cluster`` is null if it concerns all."""

    serial: int
    at: float
    kind: EntryKind
    cluster: str | None
    text: str
    node: str | None
    name: str
    source: Source | None
    by: str | None
    cpus: int | None
    cpus_before: int | None
    jobs: int | None
    failed: int | None
    job: int | None
    error_kind: str | None
    type: str | None
    message: str | None


class EventCounts(TypedDict):
    """How many events of a kind there were, and how many of them are kept."""

    happened: Count
    kept: Count


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of the events, the newest first.

    ``total`` counts those that match and are kept, ``latest`` is the newest serial number of all;
    ``end`` is the serial number to go on before, ``None`` at the end.
    """

    total: int
    latest: int
    counts: dict[str, EventCounts]
    items: list[EventRow]
    end: int | None


Happened = tuple[list[tuple[str, list[Entry]]], dict[str, EventCounts], int]
"""Clusters' entries, their counts, and the newest serial number."""


def gathered(states: Iterable[ClusterState], kinds: Collection[EntryKind]) -> Happened:
    """Return what is needed for a page, as copies. The caller holds the board's lock."""
    states = list(states)
    entries = [(state.name, state.journal.kept(kinds)) for state in states]
    counts: dict[str, EventCounts] = {}
    for kind in ENTRY_KINDS:
        happened = sum(state.journal.counts[kind] for state in states)
        if happened:
            kept = sum(state.journal.number_kept(kind) for state in states)
            counts[kind] = {"happened": happened, "kept": kept}
    return entries, counts, max((state.journal.latest for state in states), default=0)


def event_page(
    found: Happened,
    *,
    since: float | None = None,
    after: int = 0,
    before: int | None = None,
    limit: int = 100,
    private: bool = False,
) -> EventPage:
    """Return the newest events. Needs no lock.

    :param since: only those that happened then or later, in epoch seconds.
    :param after: only those with higher serial numbers.
    :param before: go on with those with lower serial numbers.
    :param private: leave out who gave commands, and messages of errors.
    """
    clusters, counts, latest = found
    matching: dict[int, tuple[Entry, str | None]] = {}
    for name, entries in clusters:
        for entry in entries:
            if entry.serial > after and (since is None or entry.at >= since):
                # An entry that several clusters have concerns all.
                shared = entry.serial in matching or entry.kind in SHARED_KINDS
                matching[entry.serial] = (entry, None if shared else name)
    serials = sorted(matching, reverse=True)
    chosen = [serial for serial in serials if before is None or serial < before]
    items = [event_row(*matching[serial], private=private) for serial in chosen[:limit]]
    end = chosen[limit - 1] if len(chosen) > limit else None
    return EventPage(len(serials), latest, counts, items, end)


def by_whom(row: EventRow) -> str:
    """Return who did it, to follow the text; empty if nobody is known to have done it."""
    if row["by"]:
        return f"by {bounded(row['by'], _NAME)}"
    return {"command": "by command", "program": "by the program", None: ""}[row["source"]]


def event_row(entry: Entry, cluster: str | None, *, private: bool) -> EventRow:
    """Return an entry as its row."""
    detail = entry.detail
    message = detail.get("message") if entry.kind in _WITH_MESSAGE and not private else None
    said = {**detail, "source": entry.source}
    if entry.kind in _WITH_MESSAGE:
        said["message"] = message
    return {
        "serial": entry.serial,
        "at": entry.at,
        "kind": entry.kind,
        "cluster": cluster,
        "text": _WORDS[entry.kind](_named(entry), said),
        "node": entry.node,
        "name": entry.name,
        "source": entry.source,
        "by": None if private else entry.by,
        "cpus": detail.get("cpus"),
        "cpus_before": detail.get("cpus_before"),
        "jobs": detail.get("jobs"),
        "failed": detail.get("failed"),
        "job": detail.get("job"),
        "error_kind": detail.get("error_kind"),
        "type": detail.get("type"),
        "message": message,
    }


def _named(entry: Entry) -> str:
    return bounded(entry.name or entry.node or "a node", _NAME)


def _joined(node: str, detail: Mapping[str, Any]) -> str:
    cpus = detail.get("cpus")
    return f"{node} joined" if cpus is None else f"{node} joined with {quantity(cpus, 'CPU')}"


def _lost(node: str, detail: Mapping[str, Any]) -> str:
    jobs = detail.get("jobs")
    return f"{node} was lost, {quantity(jobs, 'job')} ran there" if jobs else f"{node} was lost"


def _overdue(node: str, _detail: Mapping[str, Any]) -> str:
    if "*" in node:
        return f"No node that matches {node} has joined"
    return f"{node} was asked to join and has not joined"


def _cpus(node: str, detail: Mapping[str, Any]) -> str:
    return f"{node} uses {quantity(detail['cpus'], 'CPU')}, {detail['cpus_before']:,} before"


def _left(node: str, detail: Mapping[str, Any]) -> str:
    # What dispy reports of a node that was shut down.
    return f"{node} was closed" if detail["source"] else f"{node} left, with nothing left to do"


def _were(done: str) -> Callable[[str, Mapping[str, Any]], str]:
    def words(_node: str, detail: Mapping[str, Any]) -> str:
        if detail.get("job") is not None:
            return f"Job #{detail['job']} was {done}"
        return f"{quantity(detail['jobs'], 'job')} were {done}"

    return words


def _error(_node: str, detail: Mapping[str, Any]) -> str:
    said = ": ".join(filter(None, (detail["type"], detail["message"])))
    return f"New kind of error: {bounded(said, _MESSAGE) or 'one without a text'}"


def _many_failed(_node: str, detail: Mapping[str, Any]) -> str:
    return f"{detail['failed']:,} of the latest {quantity(detail['jobs'], 'job')} failed"


def _few_failed(_node: str, detail: Mapping[str, Any]) -> str:
    few = f"Only {detail['failed']:,}" if detail["failed"] else "None"
    return f"{few} of the latest {quantity(detail['jobs'], 'job')} failed"


def _history_failing(_node: str, detail: Mapping[str, Any]) -> str:
    why = detail["message"]
    return f"The history can't be written{f': {bounded(why, _MESSAGE)}' if why else ''}"


def _done(_node: str, detail: Mapping[str, Any]) -> str:
    jobs, failed = detail["jobs"], detail["failed"]
    if detail.get("finished", jobs) < jobs:
        return ending(detail)[1].rstrip(".")
    text = "The job is done" if jobs == 1 else f"All {jobs:,} jobs are done"
    return f"{text}, {failed:,} failed" if failed else text


def _closed(_node: str, detail: Mapping[str, Any]) -> str:
    jobs = detail["jobs"]
    left = f", {quantity(jobs, 'job')} had not ended" if jobs else ""
    return f"The cluster was closed{left}"


def _setting(_node: str, detail: Mapping[str, Any]) -> str:
    value = detail["value"]
    if detail["setting"] == "show_job_args":
        return f"Job arguments are {'shown' if value else 'hidden'}"
    return f"Pages update every {value:g} s" if value else "Pages update only when asked"


_WORDS: Final[dict[EntryKind, Callable[[str, Mapping[str, Any]], str]]] = {
    "node_joined": _joined,
    "node_silent": lambda node, _: f"{node} fell silent",
    "node_heard": lambda node, _: f"{node} was heard of again",
    "node_lost": _lost,
    "node_closed": _left,
    "node_deallocated": lambda node, _: f"{node} was deallocated",
    "node_asked": lambda node, _: f"{node} was asked to join",
    "node_withdrawn": lambda node, _: f"{node} is no longer asked to join",
    "node_overdue": _overdue,
    "cpus_set": _cpus,
    "jobs_cancelled": _were("cancelled"),
    "jobs_rerun": _were("run again"),
    "error_kind": _error,
    "failing": _many_failed,
    "recovered": _few_failed,
    "stalled": lambda _, detail: str(detail["message"]),
    "going": lambda _, __: "Jobs end again",
    "done": _done,
    "cluster_closed": _closed,
    "settings_changed": _setting,
    "history_failing": _history_failing,
    "history_resumed": lambda _, __: "The history is written again",
}
