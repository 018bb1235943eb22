"""The tables of a registry: our own fields of nodes and jobs, and those of its custom columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from ..core.cluster import ClusterState
from ..core.columns import Column
from ..core.errors import BadRequest
from ..core.jobs import Job, Output
from ..core.nodes import Node
from ..core.search.order import JOB_SORTS
from ..core.search.query import QUALIFIERS
from ..core.settings import Settings
from ..core.text import Cut
from .comparison import compared_job
from .fields import Field, NodeField, SortKey
from .jobs import JOB_FIELDS, JobField
from .nodes import NODE_FIELDS
from .shapes.jobs import JobDetail, JobRow
from .shapes.nodes import NodeRow

__all__ = ["JobTable", "NodeTable", "Tables"]

# Names of what rows bear at some place besides the fields, or that searches or scripts know.
_TAKEN_OF_NODES: Final = frozenset((
    "sec_per_job", "avail_cpu", "running_jobs", "running_total", "recent_jobs", "recent_total",
    "events", "removed", "ip", "cluster", "clock", "is", "block", "index", "constructor",
))  # fmt: skip
_TAKEN_OF_JOBS: Final = frozenset((
    *QUALIFIERS, *JOB_SORTS, *Output.__slots__, "queue_sec", "history", "hidden", "compared",
    "constructor",
))  # fmt: skip

# The texts of a job that may be cut short.
_TEXTS: Final = ("id", "args", "kwargs", *Output.__slots__)

RowKey = Callable[[NodeRow], Any]


class NodeTable:
    """The fields of a registry's nodes.

    :param columns: its custom ones.
    :raises BadRequest: the name of one is taken.

    ``names`` are those of the custom ones; ``fields`` those of a row, in their order;
    ``sort_keys`` are what rows can be sorted by, and how: ``None`` for a row without the figure.
    """

    def __init__(self, columns: Sequence[Column] = ()) -> None:
        own = [part.name for field in NODE_FIELDS for part in (field, *field.parts)]
        _check_names("node_columns", columns, {*own, *_TAKEN_OF_NODES})
        self.names = tuple(column.name for column in columns)
        custom = [
            NodeField(**_of_column(place, column), sort=_any_kind if column.sortable else None)
            for place, column in enumerate(columns)
        ]
        *single, clusters = NODE_FIELDS
        self.fields = (*single, *custom, clusters)
        self.sort_keys = _sort_keys(self.fields)

    def of_pages(self) -> list[dict[str, Any]]:
        """Return what the pages are to know of the fields that have a column."""
        return [
            _of_pages(column, self.names, sortable=column.sort is not None)
            | ({"within": field.name} if field.parts else {})
            for field in self.fields
            for column in field.columns()
            if column.label
        ]


class JobTable:
    """The fields of a registry's jobs.

    :param columns: its custom ones.
    :raises BadRequest: the name of one is taken.

    ``names`` are those of the custom ones; ``fields`` those of a row, in their order;
    ``sort_keys`` are what lists can be sorted by.
    """

    def __init__(self, columns: Sequence[Column] = ()) -> None:
        taken = {*(field.name for field in JOB_FIELDS), *(f"{name}_truncated" for name in _TEXTS)}
        _check_names("job_columns", columns, taken | _TAKEN_OF_JOBS)
        self.names = tuple(column.name for column in columns)
        custom = [JobField(**_of_column(place, column)) for place, column in enumerate(columns)]
        self.fields = (*JOB_FIELDS, *custom)
        self.sort_keys = (*JOB_SORTS, *(column.name for column in columns if column.sortable))
        self._values = [(field.name, field.value or (lambda _: None)) for field in self.fields]

    def row(self, job: Job, cluster: str, now: float) -> JobRow:
        """Return the job as a list shows it.

        :param cluster: the name of its cluster.
        :param now: until when it has run, if it still does.
        """
        row = {name: value(job) for name, value in self._values}
        row["cluster"], row["duration_sec"] = cluster, job.duration_sec(now)
        row["waited_sec"] = job.waited_sec(now)
        return cast(JobRow, row)

    def detail(self, job: Job, state: ClusterState, now: float) -> JobDetail:
        """Return all that is known of a job of a cluster."""
        row = self.row(job, state.name, now)
        detail: dict[str, Any] = {**row, "compared": compared_job(row, state)}
        detail |= {name: getattr(job.output, name, None) for name in Output.__slots__}
        detail |= {f"{name}_truncated": isinstance(detail[name], Cut) for name in _TEXTS}
        detail["texts_dropped"] = bool(job.texts_dropped)
        # Not waited_sec: that ends now, also if the clock was set back to before the start.
        started = job.started_at
        detail["queue_sec"] = None if started is None else max(0.0, started - job.submitted_at)
        detail["history"] = job.history()
        return cast(JobDetail, detail)

    def of_pages(self, *, custom: bool = True) -> list[dict[str, Any]]:
        """Return what the pages are to know of the fields that have a column.

        :param custom: whether the custom ones are among them.
        """
        fields = self.fields if custom else JOB_FIELDS
        return [
            _of_pages(field, self.names, sortable=field.name in self.sort_keys)
            for field in fields
            if field.label
        ]


@dataclass(frozen=True, slots=True)
class Tables:
    """Both tables of a registry."""

    nodes: NodeTable
    jobs: JobTable

    @classmethod
    def of(cls, settings: Settings) -> Tables:
        """Return the tables of a registry with these settings.

        :raises BadRequest: the name of a custom column is taken.
        """
        return cls(NodeTable(settings.node_columns), JobTable(settings.job_columns))


def _check_names(setting: str, columns: Iterable[Column], taken: set[str]) -> None:
    for column in columns:
        if column.name in taken:
            raise BadRequest(
                f"The name of the column {column.name} in {setting} is taken: give another.",
                field=setting,
            )
        taken.add(column.name)


def _of_column(place: int, column: Column) -> dict[str, Any]:
    """Return what a field of nodes or jobs is for the custom column at *place*."""

    def value(about: Node | Job) -> Any:
        return about.columns[place] if about.columns else None

    return {
        "name": column.name,
        "schema": {"type": column.type or ["number", "string", "boolean"]},
        "nullable": True,
        "label": column.label,
        "unit": column.unit,
        "value": value,
    }


def _any_kind(value: Any) -> tuple[int, Any]:
    """Sort numbers before texts."""
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


def _of_pages(field: Field, custom: Sequence[str], *, sortable: bool) -> dict[str, Any]:
    kind = field.schema["type"]
    return {
        "name": field.name,
        "label": field.label,
        "hint": field.hint,
        "unit": field.unit,
        "type": kind if isinstance(kind, str) else "any",
        "custom": field.name in custom,
        "sortable": sortable,
    }


# -- sorting -------------------------------------------------------------------------------------


def _sec_per_job(row: NodeRow) -> Any:
    return row["cpu_time"] / row["jobs_done"] if row["jobs_done"] else None


def _sorted_by(name: str, sort: SortKey, within: str | None) -> RowKey:
    def key(row: Mapping[str, Any]) -> Any:
        value = (row[within] and row[within][name]) if within else row[name]
        return None if value is None else sort(value)

    return key


def _sort_keys(fields: Iterable[NodeField]) -> dict[str, RowKey]:
    keys: dict[str, RowKey] = {}
    for field in fields:
        within = field.name if field.parts else None
        for column in field.columns():
            if column.sort is not None:
                keys[column.name] = _sorted_by(column.name, column.sort, within)
    return {**keys, "sec_per_job": _sec_per_job}
