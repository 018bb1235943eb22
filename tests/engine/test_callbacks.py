"""A real cluster whose program sets a callback of its own, before or after it is watched."""

from __future__ import annotations

from typing import Any

import pytest
from clusters import LocalDispy, wait_until
from computations import act
from engine.faults import ACT, ask, jobs_of, must_count_as, serving

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


def test_callback_that_is_replaced_while_jobs_run_is_noticed(
    local_dispy: LocalDispy, caplog: pytest.LogCaptureFixture
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    heard: list[int] = []

    def mine(status, node, job):  # type: ignore[no-untyped-def]
        heard.append(status)

    with serving(cluster, poll_sec=2) as server:
        wait_until(lambda: ask(server, ACT)[1]["nodes"]["up"] == 1, what="the node")
        ours = cluster.cluster_status
        cluster.cluster_status = mine
        jobs = [cluster.submit("nap", 30) for _ in range(6)]
        wait_until(lambda: ask(server, ACT)[1]["trouble"], timeout_sec=30, what="the trouble")
        summary = ask(server, ACT)[1]
        assert (summary["watching"], summary["nodes"]["up"]) == ("polling", 1)
        assert "replaced" in summary["trouble"]
        status, health = ask(server, "/healthz")
        assert (status, health["status"]) == (503, "degraded")
        assert "server.cluster_status(status, node, job)" in health["problems"][0]
        assert "replaced" in caplog.text
        assert heard
        wait_until(lambda: jobs_of(server)["before_watching"] == 6, what="the jobs, as a number")

        cluster.cluster_status = ours
        wait_until(lambda: ask(server, ACT)[1]["trouble"] is None, what="the end of the trouble")
        for job in jobs:
            cluster.cancel(job)
        wait_until(lambda: jobs_of(server)["terminated"] > 0, what="reports that arrive again")
        assert ask(server, "/healthz")[0] == 200


@pytest.mark.parametrize("method", [True, False], ids=["our method", "our callback"])
def test_documented_chaining_works_and_warns_of_nothing(
    local_dispy: LocalDispy, caplog: pytest.LogCaptureFixture, method: bool
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    called: list[Any] = []

    def mine(status, node, job):  # type: ignore[no-untyped-def]
        for call in called:
            call(status, node, job)

    if method:
        cluster.cluster_status = mine
    with serving(cluster) as server:
        called.append(server.cluster_status if method else cluster.cluster_status)
        cluster.cluster_status = mine
        must_count_as(server, [cluster.submit("nap", 0.1) for _ in range(20)])
        summary = ask(server, ACT)[1]
        assert (summary["watching"], summary["trouble"]) == ("callback", None)
        assert caplog.text == ""
        assert ask(server, "/healthz")[0] == 200
