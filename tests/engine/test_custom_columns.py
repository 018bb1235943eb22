"""Columns of a user's own, of real nodes and the jobs that run there."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from clusters import LocalDispy, wait_until
from computations import echo
from dispy import DispyJob, DispyNode
from engine.faults import NEAR, ask, serving

from flask_dispy import Column

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


def test_columns_of_real_nodes_and_jobs(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(echo)
    given: list[Any] = []
    threads: set[str] = set()

    def free(node: DispyNode) -> int:
        threads.add(threading.current_thread().name)
        given.append(node)
        return int(node.cpus - node.busy)

    def batch(job: DispyJob) -> str:
        threads.add(threading.current_thread().name)
        given.append(job)
        return f"{job._args[0]} {job._kwargs['of']} {job.result}"

    columns = {
        "node_columns": [Column("free", label="Free", value=free)],
        "job_columns": [Column("batch", value=batch)],
    }
    with serving(cluster, **columns) as server:
        nodes, jobs = (f"/api/v1/clusters/echo/{what}" for what in ("nodes", "jobs"))
        wait_until(
            lambda: [row["free"] for row in ask(server, nodes)[1]["items"]] == [2], what="the node"
        )
        job = cluster.submit("night", of="summer")
        assert job() == "night"
        wait_until(
            lambda: (
                [row["batch"] for row in ask(server, jobs)[1]["items"]] == ["night summer night"]
            ),
            what="what the job came to",
        )
        assert ask(server, f"{jobs}?q=batch:summer")[1]["total"] == 1
        assert ask(server, f"{nodes}/{NEAR}")[1]["recent_jobs"][0]["batch"] == "night summer night"
        assert ask(server, "/healthz")[1]["columns"]["unknown"] == {}
    assert {type(one) for one in given} == {DispyNode, DispyJob}
    assert job not in given  # but copies
    assert threads == {"flask_dispy-columns"}
