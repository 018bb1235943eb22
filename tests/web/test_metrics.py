"""Figures for Prometheus."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from dispy import DispyNode
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from web.fakes import make_node, stall, watched_cluster

from flask_dispy.core.journal import ENTRY_KINDS
from flask_dispy.core.nodes import GONE_STATES, NODE_STATES
from flask_dispy.core.outlook import REASONS
from flask_dispy.web.api import view_metrics


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
    assert samples["flask_dispy_inbox_dropped_total", ()] == 0


def test_stalled_cluster_has_stuck_jobs_and_no_expected_time(client: Any, registry: Any) -> None:
    stall(registry, "stalls")
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "stalls")
    assert samples["dispy_outlook", (name, ("state", "stalled"))] == 1
    assert samples["dispy_jobs_stuck", (name,)] == 3
    for eta in ("dispy_eta_seconds", "dispy_eta_early_seconds", "dispy_eta_late_seconds"):
        assert (eta, (name,)) not in samples


def test_lost_nodes_are_counted_apart_from_closed_ones(client: Any, scene: Any) -> None:
    scene.cluster.report(DispyNode.Closed, scene.alpha, None)
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "compute")
    found = {state: samples["dispy_nodes", (name, ("state", state))] for state in NODE_STATES}
    assert found == {"up": 1, "silent": 0, "lost": 1, "closed": 0}


def test_failures_are_counted_by_the_most_frequent_kinds(
    client: Any, registry: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(view_metrics, "MOST_ERRORS", 2)
    cluster = watched_cluster(registry, "fails")
    node = cluster.join(make_node("10.0.0.2", "alpha"))
    for error in ("KeyError: 'a'", "KeyError: 'b'", "ValueError: x", "ValueError: x", "OSError: y"):
        job = cluster.submit(1)
        cluster.start(job, node)
        cluster.end(job, node, exception=f"Traceback\n{error}")
    text = client.get("/metrics").text
    found = {
        (dict(labels)["type"], dict(labels)["kind"] == "other"): value
        for (name, labels), value in _samples(text).items()
        if name == "dispy_failures"
    }
    assert found == {("KeyError", False): 2, ("ValueError", False): 2, ("", True): 1}
    kinds = {row["id"] for row in registry.view("fails").error_kinds().items}
    assert any(f'kind="{kind}"' in text for kind in kinds)


def test_money_is_there_only_with_a_price(client: Any, scene: Any) -> None:
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "compute")
    assert samples["dispy_cpu_offered_seconds_total", (name,)] >= 0
    assert not {sample for sample, _ in samples if sample.startswith("dispy_cost")}


def test_offers_and_events_are_counted(client: Any, scene: Any) -> None:
    client.post("/api/v1/clusters/compute/nodes", json={"host": "127.0.0.9", "cpus": 2})
    samples = _samples(client.get("/metrics").text)
    name = ("cluster", "compute")
    assert samples["dispy_offers", (name,)] == 1
    assert samples["dispy_nodes_not_joined", (name,)] == 0
    events = {kind: samples["dispy_events_total", (name, ("kind", kind))] for kind in ENTRY_KINDS}
    assert {kind: count for kind, count in events.items() if count} == {
        "node_joined": 2, "error_kind": 1, "node_asked": 1,
    }  # fmt: skip


def test_nodes_whose_clocks_are_furthest_off_are_named(
    client: Any, registry: Any, scene: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(view_metrics, "MOST_CLOCKS", 1)
    nodes = registry.view("compute")._state.nodes
    nodes["10.0.0.2"].clock_offset_sec, nodes["10.0.0.10"].clock_offset_sec = 3.0, -3600.0
    found = {
        labels: value
        for (name, labels), value in _samples(client.get("/metrics").text).items()
        if name == "dispy_node_clock_offset_seconds"
    }
    assert found == {(("cluster", "compute"), ("node", "10.0.0.10")): -3600.0}
    scene.cluster.report(DispyNode.Closed, scene.beta, None)
    assert registry.view("*").node("10.0.0.10")["state"] in GONE_STATES
    nodes["10.0.0.10"].clock_offset_sec = -3600.0
    assert registry.view("*").clock_offsets(5) == {"10.0.0.2": 3.0}


OPENMETRICS = "application/openmetrics-text"


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        (f"{OPENMETRICS};version=1.0.0,{OPENMETRICS};version=0.0.1;q=0.75,text/plain;q=0.5", True),
        (
            f"{OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.3,*/*;q=0.1",
            True,
        ),
        (OPENMETRICS, True),
        (f"text/plain,{OPENMETRICS}", True),
        (f"{OPENMETRICS};q=0.2,text/plain;version=0.0.4", False),
        (f"{OPENMETRICS};q=0", False),
        ("text/html,*/*;q=0.8", False),
        (None, False),
    ],
)
def test_openmetrics_is_sent_to_a_client_that_prefers_it(
    client: Any, scene: Any, accept: str | None, is_open: bool
) -> None:
    answer = client.get("/metrics", headers={"Accept": accept} if accept else {})
    assert answer.headers["Vary"] == "Accept"
    assert answer.mimetype == (OPENMETRICS if is_open else "text/plain")
    parse = (
        openmetrics.text_string_to_metric_families if is_open else text_string_to_metric_families
    )
    assert "dispy_jobs_submitted" in {family.name for family in parse(answer.text)}


def test_no_label_names_a_job(client: Any, scene: Any) -> None:
    labels = {
        name
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        for name in sample.labels
    }
    assert labels == {"cluster", "state", "le", "kind", "type"}


def test_hostile_cluster_name_is_escaped(client: Any, registry: Any) -> None:
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
