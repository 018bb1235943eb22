"""The routes of clusters: their figures over time, what happened, and the report of the run."""

from __future__ import annotations

from typing import Final

from ...core.coloring import COLORS_BY
from ...core.journal import ENTRY_KINDS
from ...core.tally import TIMED_WORDS
from ...core.timeline import DEFAULT_LIMIT, LANE_ORDERS
from ...core.whatif import WhatIf
from ...engine.commands.outcomes import MOST_CPUS
from ...wire.answers import ClusterList, ErrorList, EventList
from ...wire.durations import DurationsRow
from ...wire.errorkinds import ERROR_ORDERS
from ...wire.shapes.clusters import SeriesData, Summary
from ...wire.shapes.timeline import TimelineData
from ..api import events, files, spreads
from ..api import read as api_read
from ..api.exports import MEDIA_TYPES
from ..http.values import Choice, Integer, Number, Words
from ..routing import Route
from .parameters import API_ROOT, CLUSTER, FORMAT, LIMIT, PAGED, SERIAL, TEXT, sorted_by

__all__ = ["CLUSTERS"]

CLUSTERS: Final = (
    Route(
        "clusters",
        f"GET {API_ROOT}/clusters",
        api_read.clusters,
        "The summary of every cluster.",
        ClusterList,
        MEDIA_TYPES,
        query={"format": FORMAT},
    ),
    Route(
        "cluster",
        f"GET {CLUSTER}",
        api_read.cluster,
        "A cluster's summary.",
        Summary,
    ),
    Route(
        "what_if",
        f"GET {CLUSTER}/what-if",
        api_read.what_if,
        "When a cluster would be done with so many CPUs, how many it takes to be done by a time, "
        "or what it would take without a node.",
        WhatIf,
        query={"cpus": Integer(least=1, most=MOST_CPUS), "by": Number(), "without": TEXT},
        errors=(409,),
        costly=True,
    ),
    Route(
        "errors",
        f"GET {CLUSTER}/errors",
        api_read.errors,
        "The kinds of errors that a cluster's jobs failed with, sorted and paged.",
        ErrorList,
        MEDIA_TYPES,
        query={**sorted_by(ERROR_ORDERS, "count", "desc"), **PAGED},
        costly=True,
    ),
    Route(
        "events_list",
        f"GET {CLUSTER}/events",
        events.events,
        "What happened in a cluster, the newest first, filtered and paged.",
        EventList,
        MEDIA_TYPES,
        query={
            "kind": Words(known=ENTRY_KINDS),
            "since": Number(),
            "after": Integer(least=0),
            "before": SERIAL,
            "limit": LIMIT,
            "format": FORMAT,
        },
        costly=True,
    ),
    Route(
        "series",
        f"GET {CLUSTER}/series",
        api_read.cluster_series,
        "A cluster's throughput, queue and CPUs over time.",
        SeriesData,
        query={"resolution_sec": Choice(choices=(1, 10, 60, 600), default=1)},
        costly=True,
    ),
    Route(
        "durations",
        f"GET {CLUSTER}/durations",
        spreads.durations,
        "How long jobs ran and waited: histograms over the whole run.",
        DurationsRow,
        query={"state": Words(known=TIMED_WORDS), "node": TEXT},
        errors=(409,),
        costly=True,
    ),
    Route(
        "timeline_data",
        f"GET {CLUSTER}/timeline",
        api_read.timeline,
        "What ran where in a window of time.",
        TimelineData,
        query={
            "from": Number(),
            "to": Number(),
            "limit": Integer(least=1, most=10_000, default=DEFAULT_LIMIT),
            "node": TEXT,
            "color": Choice(choices=COLORS_BY, default="state"),
            "sort": Choice(choices=LANE_ORDERS, default="address"),
            "lanes": Choice(choices=("nodes", "together"), default="nodes"),
        },
        errors=(409,),
        costly=True,
    ),
    Route(
        "trace",
        f"GET {CLUSTER}/trace",
        files.trace,
        "All that ran, as a trace for Perfetto or chrome://tracing.",
        "application/json",
        costly=True,
    ),
    Route(
        "report",
        f"GET {CLUSTER}/report",
        api_read.report,
        "The run's report, one HTML file; without arguments and output for who may not see them.",
        "text/html",
        costly=True,
    ),
)
