"""Figures for Prometheus, computed when they are asked for.

Labels name clusters, and within a bound nodes and kinds of errors, never jobs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from ...core.jobs import JOB_WORDS, count_of
from ...core.nodes import NODE_STATES
from ...core.outlook import REASONS
from ..context import Web
from ..http.errors import HttpError
from .duration_metrics import duration_metrics
from .view_metrics import view_metrics

if TYPE_CHECKING:
    from prometheus_client import Metric

__all__ = ["OPENMETRICS", "metrics"]

OPENMETRICS: Final = "application/openmetrics-text"

_PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics(web: Web) -> Response:
    """Answer in the text format of Prometheus, or as OpenMetrics to a client that prefers it.

    :raises HttpError: 501, the ``metrics`` extra is not installed.
    """
    try:
        from prometheus_client import exposition
        from prometheus_client.openmetrics import exposition as openmetrics
    except ImportError:
        raise HttpError(
            501,
            "metrics_not_installed",
            "Metrics need prometheus-client: pip install 'flask_dispy[metrics]'.",
        ) from None
    generate: Any = exposition.generate_latest  # that of OpenMetrics has no types
    media_type = _PLAIN
    if _prefers_openmetrics():
        generate, media_type = openmetrics.generate_latest, openmetrics.CONTENT_TYPE_LATEST
    answer = Response(generate(_Collector(web)), content_type=media_type)
    answer.vary.add("Accept")
    return answer


def _prefers_openmetrics() -> bool:
    """Whether the client asks for OpenMetrics by name, and not for plain text before it."""
    quality = {OPENMETRICS: 0.0, "text/plain": 0.0}
    for accepted, value in request.accept_mimetypes:
        media_type = accepted.partition(";")[0].strip().lower()
        if media_type in quality:  # of any version: scrapers read the one that the answer names
            quality[media_type] = max(quality[media_type], value)
    return 0.0 < quality[OPENMETRICS] >= quality["text/plain"]


# Of each cluster: name, help, and where its summary has the figure. ``_total`` makes a counter.
_FIGURES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("dispy_jobs_submitted_total", "Jobs submitted since watching began.", "jobs.submitted"),
    ("dispy_jobs_failed_total", "Jobs that raised, or whose process died.", "jobs.failed"),
    ("dispy_jobs_per_second", "Jobs done lately.", "jobs_per_sec"),
    ("dispy_progress_ratio", "Jobs done, of those submitted.", "progress"),
    ("dispy_eta_seconds", "Time left, as expected; none while stalled.", "eta_sec"),
    ("dispy_eta_early_seconds", "Time left, if all goes well (1 in 10).", "outlook.eta_early_sec"),
    ("dispy_eta_late_seconds", "Time left, if it goes badly (1 in 10).", "outlook.eta_late_sec"),
    (
        "dispy_stragglers",
        "Running jobs that take far longer than others.",
        "attention.stragglers",
    ),
    (
        "dispy_jobs_stuck",
        "Running jobs that a stalled cluster waits for.",
        lambda s: s["outlook"]["stuck"]["jobs"] or 0,
    ),
    ("dispy_jobs_bound", "Queued jobs bound to a node that is gone.", "outlook.bound"),
    (
        "dispy_jobs_before_watching",
        "Jobs from before watching, not seen yet.",
        "jobs.before_watching",
    ),
    ("dispy_cluster_up", "1 while the cluster is open.", lambda s: s["state"] == "open"),
    ("dispy_cpus", "CPUs of the cluster's nodes.", "cpus.total"),
    ("dispy_cpus_busy", "CPUs in use.", "cpus.busy"),
    ("dispy_offers", "Nodes that were asked to join and have not.", "offers.waiting"),
    (
        "dispy_nodes_not_joined",
        "Nodes that were asked to join over 30 s ago and have not.",
        "attention.offers",
    ),
    ("dispy_nodes_clock_off", "Nodes whose clocks are over a minute off.", "attention.clocks_off"),
    ("dispy_cpu_time_seconds_total", "CPU time of jobs, as nodes report it.", "cpu_time_sec"),
    ("dispy_cpu_offered_seconds_total", "CPU time that nodes offered.", "cost.offered_sec"),
    # No counters: they fall a little when a node reports how long a job really ran, or when a job
    # that was abandoned ends after all.
    ("dispy_cpu_used_seconds", "CPU time that jobs used of what was offered.", "cost.used_sec"),
    ("dispy_cpu_idle_seconds", "CPU time that no job used.", "cost.idle_sec"),
    (
        "dispy_cpu_lost_seconds",
        "CPU time that failed jobs and abandoned attempts used.",
        "cost.lost_sec",
    ),
    ("dispy_cost_total", "Price so far, in the currency of cpu_hour_price.", "cost.money"),
    ("dispy_cost_per_hour", "Price of an hour as it is now.", "cost.money_per_hour"),
    ("dispy_cost_at_end", "Price by the expected end.", "cost.end_money"),
)

# Of each state of something in each cluster.
_BY_STATE: Final = (
    (
        "dispy_jobs",
        "Jobs by state; failed: raised, or its process died; terminated: ended by somebody.",
        lambda s: {word: count_of(s["jobs"], word) for word in JOB_WORDS},
    ),
    (
        "dispy_outlook",
        "1 for what the cluster is: done, going, waiting or stalled.",
        lambda s: {state: state == s["outlook"]["state"] for state in REASONS},
    ),
    ("dispy_nodes", "Nodes by state.", lambda s: {n: s["nodes"][n] for n in NODE_STATES}),
)


class _Collector:
    """Turns the clusters' summaries into metrics when it is scraped."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def collect(self) -> Iterable[Metric]:
        """Yield every metric."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        summaries = [view.summary() for view in self._web.registry.views()]
        for name, text, where in _FIGURES:
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            metric = family(name, text, labels=["cluster"])
            for summary in summaries:
                value = _at(summary, where) if isinstance(where, str) else where(summary)
                if value is not None:
                    metric.add_metric([summary["name"]], value)
            yield metric
        for name, text, each in _BY_STATE:
            metric = GaugeMetricFamily(name, text, labels=["cluster", "state"])
            for summary in summaries:
                for state, count in each(summary).items():
                    metric.add_metric([summary["name"], state], count)
            yield metric
        yield from duration_metrics(self._web.registry.views())
        yield from view_metrics(self._web.registry.views())
        yield from _own_metrics(self._web)


def _at(summary: Any, path: str) -> Any:
    """Return the value at a path such as ``cpus.total``."""
    return reduce(getitem, path.split("."), summary)


# Figures of /healthz that count from the program's start; all others go up and down.
_COUNTED: Final = frozenset(
    ("delivered", "died", "dropped", "failed", "failures", "faults", "unreadable", "written")
)


def _own_metrics(web: Web) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    yield GaugeMetricFamily("flask_dispy_streams", "Open event streams.", value=web.streams.taken)
    health = web.registry.health()
    yield GaugeMetricFamily(
        "flask_dispy_healthy", "1 while /healthz finds nothing wrong.", health["status"] == "ok"
    )
    for part, figures in sorted(health.items()):
        if isinstance(figures, dict):
            for name, value in sorted(figures.items()):
                if isinstance(value, (int, float)):
                    family = CounterMetricFamily if name in _COUNTED else GaugeMetricFamily
                    unit = re.sub(r"_sec$", "_seconds", name)
                    text = f"{part}.{name} of /healthz."
                    yield family(f"flask_dispy_{part}_{unit}", text, value)
