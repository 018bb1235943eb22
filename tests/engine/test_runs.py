"""Two runs on real nodes, the second slower and failing more, asked of the JSON API."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters import LocalDispy, submit, wait_until
from computations import work_or_fail
from flask import Flask

from flask_dispy import ClusterRegistry, PastRegistry, create_blueprint
from flask_dispy.watching.dashboard import Dashboard

pytestmark = pytest.mark.cluster

JOBS = 20


def ask(of: Dashboard, address: str) -> dict:  # type: ignore[type-arg]
    app = Flask(__name__)
    app.register_blueprint(create_blueprint(of))
    answer: dict = app.test_client().get(f"/api/v1/{address}").json  # type: ignore[type-arg]
    return answer


@pytest.mark.timeout(300)  # its own waits come to more than others may take
def test_run_that_got_worse_is_found_out(local_dispy: LocalDispy, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    local_dispy.start_node(2, cpus=2)
    local_dispy.start_node(3, cpus=2)
    registry = ClusterRegistry(history=path)
    for tag, sleep_sec, failing in (("good", 0.01, 1), ("bad", 2.0, JOBS)):
        cluster = local_dispy.job_cluster(work_or_fail)
        name = registry.add(cluster, tags=[tag])
        for number in range(JOBS):
            submit(cluster, "", number, sleep_sec)
        for number in range(failing):
            submit(cluster, "key", number, 0.0)
        view = registry.view(name)
        wait_until(
            lambda view=view, failing=failing: view.summary()["jobs"]["done"] == JOBS + failing,
            timeout_sec=100,
            what="the end of all jobs",
        )
        registry.remove(cluster)
        cluster.close()
    wait_until(lambda: all(run["complete"] for run in ask(registry, "runs")["items"]))
    bad, good = ask(registry, "runs")["items"]
    assert (good["tags"], good["jobs"], good["failed"]) == (["good"], JOBS + 1, 1)
    assert (bad["tags"], bad["jobs"], bad["failed"]) == (["bad"], 2 * JOBS, JOBS)
    assert bad["median_sec"] > good["median_sec"]
    found = ask(registry, f"runs/compare?a={good['id']}&b={bad['id']}")
    sure = {(row["what"], row["of"]): row for row in found["items"] if row["sure"]}
    assert {("ran", "function"), ("failed", "function"), ("failed", "error_kind")} <= sure.keys()
    assert {row["verdict"] for key, row in sure.items() if key[0] != "waited"} == {"worse"}
    registry.close()
    past = PastRegistry(path)
    assert ask(past, f"runs/compare?a={good['id']}&b={bad['id']}")["items"] == found["items"]
    past.close()
