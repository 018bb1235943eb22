"""Figures for Prometheus, computed when they are asked for. Labels name clusters, never jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Response

from ...core.jobs import JOB_WORDS, count_of
from ...core.nodes import NODE_STATES
from ...core.outlook import REASONS
from ..http.errors import HttpError

if TYPE_CHECKING:
    from prometheus_client import Metric

    from ..context import Web

__all__ = ["metrics"]


def metrics(web: Web) -> Response:
    """Answer in the Prometheus text format.

    :raises HttpError: 501, the ``metrics`` extra is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
    except ImportError:
        raise HttpError(
            501,
            "metrics_not_installed",
            "Metrics need prometheus-client: pip install 'flask_dispy[metrics]'.",
        ) from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(web))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Collector:
    """Turns the clusters' summaries into metrics when it is scraped."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def collect(self) -> Iterable[Metric]:
        """Yield every metric."""
        summaries = [view.summary() for view in self._web.registry.views()]
        yield from _job_metrics(summaries)
        yield from _machine_metrics(summaries)
        yield from _own_metrics(self._web)


def _job_metrics(summaries: list[dict[str, Any]]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    jobs = GaugeMetricFamily(
        "dispy_jobs",
        "Jobs by state; failed: raised, or its process died; terminated: ended by somebody.",
        labels=["cluster", "state"],
    )
    submitted = CounterMetricFamily(
        "dispy_jobs_submitted", "Jobs submitted since watching began.", labels=["cluster"]
    )
    failed = CounterMetricFamily(
        "dispy_jobs_failed", "Jobs that raised, or whose process died.", labels=["cluster"]
    )
    rate = GaugeMetricFamily("dispy_jobs_per_second", "Jobs done lately.", labels=["cluster"])
    progress = GaugeMetricFamily(
        "dispy_progress_ratio", "Jobs done, of those submitted.", labels=["cluster"]
    )
    eta = GaugeMetricFamily("dispy_eta_seconds", "Expected time left.", labels=["cluster"])
    stragglers = GaugeMetricFamily(
        "dispy_stragglers", "Running jobs that take far longer than others.", labels=["cluster"]
    )
    outlook = GaugeMetricFamily(
        "dispy_outlook", "1 for what the cluster is: done, going, waiting or stalled.",
        labels=["cluster", "state"],
    )  # fmt: skip
    stuck = GaugeMetricFamily(
        "dispy_jobs_stuck", "Running jobs that a stalled cluster waits for.", labels=["cluster"]
    )
    bound = GaugeMetricFamily(
        "dispy_jobs_bound", "Queued jobs bound to a node that is gone.", labels=["cluster"]
    )
    before = GaugeMetricFamily(
        "dispy_jobs_before_watching", "Jobs from before watching, not seen yet.",
        labels=["cluster"],
    )  # fmt: skip
    for summary in summaries:
        name = [summary["name"]]
        for found in REASONS:
            outlook.add_metric([*name, found], int(summary["outlook"]["state"] == found))
        stuck.add_metric(name, summary["outlook"]["stuck"]["jobs"] or 0)
        bound.add_metric(name, summary["outlook"]["bound"])
        before.add_metric(name, summary["jobs"]["before_watching"])
        for word in JOB_WORDS:
            jobs.add_metric([*name, word], count_of(summary["jobs"], word))
        submitted.add_metric(name, summary["jobs"]["submitted"])
        failed.add_metric(name, summary["jobs"]["failed"])
        rate.add_metric(name, summary["jobs_per_sec"])
        stragglers.add_metric(name, summary["attention"]["stragglers"])
        if summary["progress"] is not None:
            progress.add_metric(name, summary["progress"])
        if summary["eta_sec"] is not None:
            eta.add_metric(name, summary["eta_sec"])
    yield from (jobs, submitted, failed, rate, progress, eta, stragglers, outlook, stuck, bound)
    yield before


def _machine_metrics(summaries: list[dict[str, Any]]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    up = GaugeMetricFamily("dispy_cluster_up", "1 while the cluster is open.", labels=["cluster"])
    cpus = GaugeMetricFamily("dispy_cpus", "CPUs of the cluster's nodes.", labels=["cluster"])
    busy = GaugeMetricFamily("dispy_cpus_busy", "CPUs in use.", labels=["cluster"])
    nodes = GaugeMetricFamily("dispy_nodes", "Nodes by state.", labels=["cluster", "state"])
    offers = GaugeMetricFamily(
        "dispy_nodes_not_joined",
        "Nodes that were asked to join over 30 s ago and have not.",
        labels=["cluster"],
    )
    cpu_time = CounterMetricFamily(
        "dispy_cpu_time_seconds", "CPU time that jobs used.", labels=["cluster"]
    )
    for summary in summaries:
        name = [summary["name"]]
        up.add_metric(name, 1 if summary["state"] == "open" else 0)
        cpus.add_metric(name, summary["cpus"]["total"])
        busy.add_metric(name, summary["cpus"]["busy"])
        for state in NODE_STATES:
            nodes.add_metric([*name, state], summary["nodes"][state])
        offers.add_metric(name, summary["attention"]["offers"])
        cpu_time.add_metric(name, summary["cpu_time_sec"])
    yield from (up, cpus, busy, nodes, offers, cpu_time)


def _own_metrics(web: Web) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily("flask_dispy_streams", "Open event streams.", value=web.streams.taken)
    health = web.registry.health()
    yield GaugeMetricFamily(
        "flask_dispy_healthy", "1 while /healthz finds nothing wrong.", health["status"] == "ok"
    )
    for part, figures in sorted(health.items()):
        if isinstance(figures, dict):
            for name, value in sorted(figures.items()):
                if isinstance(value, (int, float)):
                    yield GaugeMetricFamily(
                        f"flask_dispy_{part}_{name}", f"{part}.{name} of /healthz.", value
                    )
