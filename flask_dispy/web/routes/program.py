"""The routes of the whole program: its runs, changes, settings and health."""

from __future__ import annotations

from typing import Final

from ...core.search.runs import NEWEST_RUN, RUN_SORTS
from ...core.settings import LONGEST_POLL_SEC
from ...watching.intervals import Intervals
from ...wire.answers import RunList, SettingsRow
from ...wire.runs import RunComparison
from ..api import changes as stream
from ..api import control as api_control
from ..api import metrics, openapi
from ..api import read as api_read
from ..api import runs as api_runs
from ..api.exports import MEDIA_TYPES
from ..http.values import Choice, Flag, Group, Integer, Number, Text
from ..routing import Route
from .parameters import API_ROOT, FORMAT, LIMIT, OFFSET, QUERY, SERIAL, TEXT, sorted_by

__all__ = ["PROGRAM"]

_CLUSTER_NAME: Final = Text(default="*")

PROGRAM: Final = (
    Route(
        "runs_list",
        f"GET {API_ROOT}/runs",
        api_runs.runs,
        "The runs of the history, filtered, sorted and paged.",
        RunList,
        MEDIA_TYPES,
        query={
            "q": QUERY,
            **sorted_by(RUN_SORTS, NEWEST_RUN.column, "desc"),
            "limit": LIMIT,
            "after": TEXT,
            "format": FORMAT,
        },
        errors=(404,),
        costly=True,
    ),
    Route(
        "compare_runs",
        f"GET {API_ROOT}/runs/compare",
        api_runs.compare,
        "Two runs side by side: what got worse in b comes first.",
        RunComparison,
        query={"a": SERIAL, "b": SERIAL, "limit": LIMIT, "offset": OFFSET},
        errors=(404,),
        costly=True,
    ),
    Route(
        "changes",
        f"GET {API_ROOT}/changes",
        stream.changes,
        "What changed since a cursor.",
        "Changes",
        query={
            "cluster": _CLUSTER_NAME,
            "since": TEXT,
            "form": Choice(choices=("rows", "columns"), default="rows"),
        },
    ),
    Route(
        "stream",
        f"GET {API_ROOT}/stream",
        stream.stream,
        "The changes as server-sent events; each event's id is the cursor.",
        "text/event-stream",
        query={
            "cluster": _CLUSTER_NAME,
            "since": TEXT,
            "alive_sec": Integer(least=1, most=int(Intervals().keep_alive_sec)),
        },
    ),
    Route("settings", f"GET {API_ROOT}/settings", api_read.settings, "The settings.", SettingsRow),
    Route(
        "change_settings",
        f"PATCH {API_ROOT}/settings",
        api_control.change_settings,
        "Change the settings that are given.",
        SettingsRow,
        permission="change_settings",
        body=Group(
            members={
                "poll_sec": Number(most=LONGEST_POLL_SEC),
                "show_job_args": Flag(),
            }
        ),
    ),
    Route(
        "openapi",
        f"GET {API_ROOT}/openapi.json",
        openapi.openapi,
        "This description.",
        "application/json",
        costly=True,
    ),
    Route(
        "metrics",
        "GET /metrics",
        metrics.metrics,
        "Figures for Prometheus.",
        "text/plain",
        (metrics.OPENMETRICS,),
        errors=(501,),
        costly=True,
    ),
    Route(
        "healthz",
        "GET /healthz",
        api_read.healthz,
        "Whether the dashboard is well; details for who may view.",
        "Health",
        permission="public",
        errors=(503,),
    ),
)
