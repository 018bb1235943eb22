"""Figures for Prometheus."""

from __future__ import annotations

import sys
import time
from typing import Any

from dispy import DispyNode
from prometheus_client.parser import text_string_to_metric_families

from flask_dispy.core.events import JobEnded, JobStarted
from flask_dispy.core.nodes import NODE_STATES
from flask_dispy.core.outlook import REASONS


def _samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_are_those_of_the_clusters(client: Any, scene: Any) -> None:
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "compute")
    assert samples["dispy_jobs", (name, ("state", "finished"))] == 1
    assert samples["dispy_jobs", (name, ("state", "queued"))] == 1
    assert samples["dispy_jobs_submitted_total", (name,)] == 4
    assert samples["dispy_jobs_failed_total", (name,)] == 1
    assert samples["dispy_jobs", (name, ("state", "failed"))] == 1
    assert samples["dispy_jobs", (name, ("state", "terminated"))] == 0
    by_state = [value for (sample, _), value in samples.items() if sample == "dispy_jobs"]
    assert sum(by_state) == samples["dispy_jobs_submitted_total", (name,)]
    assert samples["dispy_cpus_busy", (name,)] == 1
    assert samples["dispy_nodes", (name, ("state", "up"))] == 2
    assert samples["dispy_outlook", (name, ("state", "going"))] == 1
    assert sum(samples["dispy_outlook", (name, ("state", state))] for state in REASONS) == 1
    assert samples["dispy_jobs_stuck", (name,)] == samples["dispy_jobs_bound", (name,)] == 0
    assert samples["dispy_jobs_before_watching", (name,)] == 0
    assert samples["flask_dispy_healthy", ()] == 1
    assert samples["flask_dispy_inbox_dropped", ()] == 0


def test_stalled_cluster_has_stuck_jobs_and_no_expected_time(client: Any, registry: Any) -> None:
    from web.fakes import watched_cluster

    watched_cluster(registry, "stalls")
    state, now = registry.view("stalls")._state, time.time()
    nothing = (None,) * 4
    state.apply(JobEnded("q", now - 100, now - 101, now - 101, "n", "finished", "q", *nothing))
    for key in "abc":
        state.apply(JobStarted(key, now - 90, now - 90, "n", key, None, None))
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "stalls")
    assert samples["dispy_outlook", (name, ("state", "stalled"))] == 1
    assert samples["dispy_jobs_stuck", (name,)] == 3
    assert ("dispy_eta_seconds", (name,)) not in samples


def test_lost_nodes_are_counted_apart_from_closed_ones(client: Any, scene: Any) -> None:
    scene.cluster.report(DispyNode.Closed, scene.alpha, None)
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "compute")
    found = {state: samples["dispy_nodes", (name, ("state", state))] for state in NODE_STATES}
    assert found == {"up": 1, "silent": 0, "lost": 1, "closed": 0}


def test_no_label_names_a_job(client: Any, scene: Any) -> None:
    labels = {
        name
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        for name in sample.labels
    }
    assert labels == {"cluster", "state", "le"}


def test_hostile_cluster_name_is_escaped(client: Any, registry: Any) -> None:
    from web.fakes import watched_cluster

    watched_cluster(registry, 'a"b\\c\n} 1\nfake_metric 1')
    (name,) = registry.names()
    samples = _samples(client.get("/metrics").text)
    assert samples["dispy_jobs_submitted_total", (("cluster", name),)] == 0
    assert not any(sample == "fake_metric" for sample, _ in samples)


def test_missing_extra_is_named(client: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    answer = client.get("/metrics")
    assert answer.status_code == 501
    assert "flask_dispy[metrics]" in answer.json["error"]["message"]
