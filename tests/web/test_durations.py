"""How long jobs ran and waited, through the JSON API."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from dispy import DispyJob
from prometheus_client.parser import text_string_to_metric_families
from web.fakes import make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.report import render_report
from flask_dispy.web.api.duration_metrics import LIMITS_SEC

API = "/api/v1/clusters"


def ran(cluster: Any, node: Any, seconds: float, *, waited: float = 0.0, **how: Any) -> None:
    """Let a job end now that ran and had waited for so long."""
    job = cluster.submit(job_id="a", since_sec=seconds + waited)
    job.start_time = time.time() - seconds
    cluster.report(DispyJob.Running, node, job)
    cluster.end(job, node, **how)


def counted(spread: dict[str, Any]) -> dict[str, int]:
    return {word: sum(counts) for word, counts in spread["counts"].items()}


@pytest.fixture
def two(registry: ClusterRegistry) -> None:
    """Two clusters on two nodes, with quick jobs and slow ones."""
    for name, times in (("quick", (1.0, 1.0, 2.0)), ("slow", (100.0,))):
        cluster = watched_cluster(registry, name)
        alpha, beta = (
            cluster.join(make_node(f"10.0.0.{n}", host)) for n, host in ((1, "alpha"), (2, "beta"))
        )
        for seconds in times:
            ran(cluster, alpha, seconds, waited=30.0)
        ran(cluster, beta, 10.0, exception="Traceback\nValueError: no")


def test_durations_of_a_cluster_say_how_long_jobs_ran_and_waited(client: Any, two: None) -> None:
    found = client.get(f"{API}/quick/durations").json
    assert counted(found["ran"]) == {"finished": 3, "failed": 1, "terminated": 0}
    assert found["ran"]["median_sec"] == pytest.approx(1.0, rel=0.1)
    assert found["ran"]["longest_sec"] == pytest.approx(10.0, abs=1.0)
    assert found["waited"]["median_sec"] == pytest.approx(30.0, rel=0.1)
    edges, counts = found["ran"]["edges_sec"], found["ran"]["counts"]["failed"]
    assert len(edges) == len(counts) + 1
    (bucket,) = [at for at, count in enumerate(counts) if count]
    assert edges[bucket] <= found["ran"]["longest_sec"] <= edges[bucket + 1]


def test_durations_are_asked_by_node_and_state(client: Any, two: None) -> None:
    found = client.get(f"{API}/quick/durations?node=alpha&state=finished").json
    assert (found["node"], found["state"]) == ("10.0.0.1", ["finished"])
    assert counted(found["ran"]) == {"finished": 3}
    assert client.get(f"{API}/quick/durations?node=beta").json["ran"]["jobs"] == 1
    assert client.get(f"{API}/quick/durations?node=gamma").status_code == 404
    assert client.get(f"{API}/quick/durations?state=queued").status_code == 422


def test_durations_of_all_clusters_are_listed_by_function(client: Any, two: None) -> None:
    found = client.get(f"{API}/*/durations?node=10.0.0.1").json
    assert found["ran"]["jobs"] == 4
    assert [(one["cluster"], one["jobs"]) for one in found["functions"]] == [
        ("quick", 3),
        ("slow", 1),
    ]
    assert found["functions"][1]["median_sec"] == pytest.approx(100.0, rel=0.06)
    assert found["functions"][1]["waited_median_sec"] == pytest.approx(30.0, rel=0.06)


def test_nothing_that_ended_has_no_duration(client: Any, registry: ClusterRegistry) -> None:
    watched_cluster(registry, "empty")
    found = client.get(f"{API}/empty/durations").json
    assert found["ran"]["median_sec"] is found["ran"]["longest_sec"] is None
    assert found["ran"]["edges_sec"] == []


def test_report_draws_how_long_jobs_ran_and_waited(registry: ClusterRegistry, two: None) -> None:
    report = render_report(registry.view("*"))
    (section,) = re.findall(r'<section id="durations".*?</section>', report, re.DOTALL)
    assert section.count("<svg") == 2
    assert len(re.findall(r"histogram-bar is-finished", section)) >= 3
    assert "Time run: median" in section
    assert ">slow</bdi>" in section


def test_report_of_a_run_without_an_end_has_no_histogram(registry: ClusterRegistry) -> None:
    watched_cluster(registry, "empty")
    assert "histogram-bar is" not in render_report(registry.view("empty"))


def test_metrics_have_histograms_with_fixed_limits(client: Any, two: None) -> None:
    families = {
        family.name: family
        for family in text_string_to_metric_families(client.get("/metrics").text)
    }
    samples = {
        (sample.name, sample.labels["cluster"], sample.labels["state"], sample.labels.get("le")):
        sample.value
        for name in ("dispy_job_run_seconds", "dispy_job_wait_seconds")
        for sample in families[name].samples
    }  # fmt: skip
    assert families["dispy_job_run_seconds"].type == "histogram"
    name = "dispy_job_run_seconds_bucket"
    run = {key[-1]: n for key, n in samples.items() if key[:-1] == (name, "quick", "finished")}
    assert len(run) == len(LIMITS_SEC) + 1
    assert (run["0.316"], run["3.16"], run["+Inf"]) == (0.0, 3.0, 3.0)
    assert samples["dispy_job_run_seconds_count", "quick", "failed", None] == 1.0
    assert samples["dispy_job_run_seconds_sum", "slow", "finished", None] == pytest.approx(
        100.0, rel=0.06
    )
    assert samples["dispy_job_wait_seconds_bucket", "slow", "finished", "31.6"] == 1.0
