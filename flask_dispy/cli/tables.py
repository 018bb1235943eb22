"""The lists of a dashboard as tables, with the columns that a terminal has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from rich.table import Table
from rich.text import Text

from ..terminal.cells import line, plain, state, style_of
from ..wire.errorkinds import ErrorKindRow
from ..wire.journal import EventRow, by_whom
from ..wire.runs import RunRow
from ..wire.shapes.clusters import Summary
from ..wire.shapes.jobs import JobRow
from ..wire.shapes.nodes import NodeRow
from ..wire.wording import UNKNOWN, Clock, amount, count, duration, percent, size

__all__ = [
    "CLUSTERS",
    "ERRORS",
    "NODES",
    "Column",
    "arguments_of",
    "cluster_name",
    "compared",
    "cpu_free",
    "event_columns",
    "event_text",
    "free",
    "job_columns",
    "job_state",
    "kind_title",
    "node_name",
    "node_state",
    "part_of",
    "run_columns",
    "table",
    "times_others",
]

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column of a table.

    :param text: returns a row's cell; a ``str`` must be one of ours.
    :param is_number: whether it is aligned to the right.
    :param from_width: the narrowest terminal that shows it.
    :param takes_rest: whether it is cut where the table is too wide; all others keep their width.
    """

    heading: str
    text: Callable[[Row], Text | str]
    is_number: bool = False
    from_width: int = 0
    takes_rest: bool = False


def table(columns: Sequence[Column[Row]], rows: Iterable[Row], width: int) -> Table:
    """Return the rows as a table for a terminal that is so wide."""
    shown = [column for column in columns if column.from_width <= width]
    found = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in shown:
        found.add_column(
            column.heading,
            justify="right" if column.is_number else "left",
            no_wrap=not column.takes_rest,
            overflow="ellipsis",
        )
    for row in rows:
        found.add_row(*(column.text(row) for column in shown))
    return found


def cluster_name(name: str) -> str:
    """Return a cluster's name for people."""
    return "All clusters" if name == "*" else plain(name)


def kind_title(kind: ErrorKindRow) -> str:
    """Return a kind of error as one line."""
    parts = (kind["type"], kind["message"])
    return plain(": ".join(filter(None, parts))) or "an error without a text"


def job_state(row: JobRow) -> Text:
    """Return a job's state as people read it."""
    return state("failed" if row["failed"] else row["state"])


def node_state(row: NodeRow) -> Text:
    """Return a node's state, and what its jobs say of it."""
    compared = row["compared"]
    verdicts = [word for word in ("slow", "failing") if compared and compared[word]]
    found = state(row["state"])
    for word in verdicts:
        found.append(" ").append(word, style_of(word))
    return found


def compared(row: NodeRow, name: str) -> Any:
    """Return a figure of a node's comparison with the others, ``None`` if it is unknown."""
    return dict(row["compared"] or {}).get(name)


def free(row: NodeRow, name: str) -> Any:
    """Return how much of something is free on a node, of CPU in percent; ``None`` if unknown."""
    return dict(row["avail_info"] or {}).get(name)


def cpu_free(row: NodeRow) -> str:
    """Return how much of a node's CPU is free: "63 %"."""
    cpu = free(row, "cpu")
    return percent(None if cpu is None else cpu / 100)


def node_name(row: NodeRow) -> Text:
    """Return a node's name, or its address if it has none."""
    return line(row["name"] or row["ip_addr"])


def times_others(row: NodeRow) -> str:
    """Return how a node's median compares with the others': "2.1x"."""
    times = compared(row, "times_others")
    return UNKNOWN if times is None else f"{times:.1f}x"


def part_of(part: int, whole: int) -> str:
    """Return how many of all: "3/8"."""
    return f"{count(part)}/{count(whole)}"


def event_text(row: EventRow) -> Text:
    """Return what happened, and who did it."""
    return line(f"{row['text']} {by_whom(row)}".rstrip())


def arguments_of(row: JobRow) -> str:
    """Return a job's arguments."""
    if row.get("hidden"):
        return "(hidden)"
    return ", ".join(filter(None, (row["args"], row["kwargs"])))


CLUSTERS: Final[tuple[Column[Summary], ...]] = (
    Column("Cluster", lambda row: line(cluster_name(row["name"])[:40])),
    Column("Outlook", lambda row: state(row["outlook"]["state"])),
    Column("Done", lambda row: count(row["jobs"]["done"]), is_number=True),
    Column("Pending", lambda row: count(row["jobs"]["pending"]), is_number=True),
    Column("Failed", lambda row: _failures(row["jobs"]["failed"]), is_number=True),
    Column("CPUs busy", lambda row: part_of(row["cpus"]["busy"], row["cpus"]["total"]), True, 90),
    Column("Nodes up", lambda row: part_of(row["nodes"]["up"], row["nodes"]["known"]), True, 100),
    Column("Jobs/s", lambda row: amount(row["jobs_per_sec"]), True, 110),
    Column("", lambda row: line(row["outlook"]["message"]), takes_rest=True),
)

NODES: Final[tuple[Column[NodeRow], ...]] = (
    Column("Address", lambda row: line(row["ip_addr"])),
    Column("Name", lambda row: line(row["name"]), takes_rest=True),
    Column("State", node_state),
    Column("Busy", lambda row: part_of(row["busy"], row["cpus"]), True),
    Column("Jobs done", lambda row: count(row["jobs_done"]), True),
    Column("Failed", lambda row: percent(compared(row, "failed_share")), True),
    Column("Median", lambda row: duration(compared(row, "median_sec")), True, 90),
    Column("x others", times_others, True),
    Column("CPU free", cpu_free, True, 100),
    Column("Memory free", lambda row: size(free(row, "memory")), True, 110),
    Column("Disk free", lambda row: size(free(row, "disk")), True, 130),
    Column("CPU time", lambda row: duration(row["cpu_time"]), True, 120),
    Column("Clusters", lambda row: line(", ".join(row.get("clusters", ()))), False, 140, True),
)

ERRORS: Final[tuple[Column[ErrorKindRow], ...]] = (
    Column("Jobs", lambda row: count(row["count"]), is_number=True),
    Column("Share", lambda row: percent(row["share"]), is_number=True),
    Column("", lambda row: line("new" if row["new"] else "", "bold")),
    Column("Error", lambda row: line(kind_title(row)), takes_rest=True),
    Column("Function", lambda row: line(row["function"][:30]), from_width=80),
    Column("Nodes", lambda row: count(row["nodes_total"]), True, 100),
    Column("Kind", lambda row: line(row["id"])),
)


def job_columns(clock: Clock, *, combined: bool) -> list[Column[JobRow]]:
    """Return the columns of jobs.

    :param combined: whether they may be of several clusters.
    """
    columns: list[Column[JobRow]] = [
        Column("Serial", lambda row: str(row["serial"]), is_number=True),
        Column("Id", lambda row: line(row["id"][:30])),
        Column("State", job_state),
        Column("Cluster", lambda row: line(row["cluster"][:30]), from_width=120),
        Column("Node", lambda row: line(row["node"] or "")),
        Column("Submitted", lambda row: clock.text(row["submitted_at"]), False, 150),
        Column("Started", lambda row: clock.text(row["started_at"]), False, 130),
        Column("Waited", lambda row: duration(row["waited_sec"]), True, 100),
        Column("Ran", lambda row: duration(row["duration_sec"]), True),
        Column("Arguments", lambda row: line(arguments_of(row)), False, 110, True),
        Column("Error", lambda row: line(row["error"] or ""), False, 0, True),
    ]
    return [column for column in columns if combined or column.heading != "Cluster"]


def event_columns(clock: Clock) -> list[Column[EventRow]]:
    """Return the columns of what happened."""
    return [
        Column("Time", lambda row: clock.text(row["at"])),
        Column("Cluster", lambda row: line((row["cluster"] or "")[:30]), from_width=100),
        Column("Event", event_text, False, 0, True),
    ]


def run_columns(clock: Clock) -> list[Column[RunRow]]:
    """Return the columns of runs."""
    return [
        Column("Run", lambda row: str(row["id"]), is_number=True),
        Column("Name", lambda row: line(row["name"]), takes_rest=True),
        Column("Tags", lambda row: line(", ".join(row["tags"])), False, 110, True),
        Column("Started", lambda row: clock.text(row["started_at"])),
        Column("Took", lambda row: duration(row["duration_sec"]), True),
        Column("", lambda row: "live" if row["live"] else "" if row["complete"] else "cut off"),
        Column("Jobs", lambda row: count(row["jobs"]), True),
        Column("Failed", lambda row: _failures(row["failed"]), True),
        Column("Median", lambda row: duration(row["median_sec"]), True, 90),
        Column("95 %", lambda row: duration(row["p95_sec"]), True, 100),
        Column("CPU time", lambda row: duration(row["cpu_time_sec"]), True, 110),
    ]


def _failures(number: int) -> Text:
    return line(count(number), style_of("failed") if number else "")
