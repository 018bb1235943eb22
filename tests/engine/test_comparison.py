"""Real nodes compared: one takes twice as long, one fails nine times as often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from clusters import LocalDispy, wait_until
from computations import act
from dispy import DispyJob

from flask_dispy import ClusterRegistry

pytestmark = pytest.mark.cluster

SLOW, FAILING = "127.0.0.4", "127.0.0.5"
NODES = ("127.0.0.2", "127.0.0.3", SLOW, FAILING)
JOBS = 30
NAP_SEC = 0.25


@pytest.fixture
def registry() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(history_limit=20)
    yield registry
    registry.close()


def fails(ip_addr: str, number: int) -> bool:
    return number % 3 == 0 if ip_addr == FAILING else number == 20


@pytest.mark.timeout(240)
def test_the_slow_and_the_failing_node_are_found_though_jobs_are_forgotten(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    for number in range(2, 6):
        local_dispy.start_node(number, cpus=2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    view = registry.view("act")
    wait_until(lambda: len(view.nodes()) == len(NODES), what="all nodes")
    jobs: list[DispyJob] = []
    for number in range(JOBS):
        for ip_addr in NODES:
            nap = 2 * NAP_SEC if ip_addr == SLOW else NAP_SEC
            deed = ("fail", "no") if fails(ip_addr, number) else ("nap", nap)
            jobs.append(cluster.submit_node(ip_addr, *deed))
    done = len(NODES) * JOBS
    wait_until(lambda: view.summary()["jobs"]["done"] == done, timeout_sec=120, what="all ends")
    ends = Counter((job.ip_addr, job.status) for job in jobs)

    def verdicts() -> dict[str, tuple[bool, bool]]:
        return {row["ip_addr"]: (row["slow"], row["failing"]) for row in view.comparison()}

    found = dict.fromkeys(NODES, (False, False)) | {SLOW: (True, False), FAILING: (False, True)}
    wait_until(lambda: verdicts() == found, timeout_sec=30, what="the verdicts")
    rows = {row["ip_addr"]: row for row in view.comparison()}
    for ip_addr in NODES:
        assert rows[ip_addr]["failed"] == ends[ip_addr, DispyJob.Terminated]
        assert rows[ip_addr]["jobs"] == JOBS
        times = view.durations(node=ip_addr, words=["finished"])["ran"]
        assert times["jobs"] == ends[ip_addr, DispyJob.Finished]
        assert times["median_sec"] == rows[ip_addr]["median_sec"]
    assert rows[SLOW]["rank"] == 1
    assert (rows[SLOW]["times_others"] or 0.0) > 1.5
    attention = view.summary()["attention"]
    assert (attention["slow"], attention["failing"]) == (1, 1)
    assert view.summary()["history"]["retained"] == 20
