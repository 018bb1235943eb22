"""What a real node that leaves is shown as: lost if it was missed, closed if somebody wanted it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from clusters import LocalDispy, wait_until
from computations import act
from engine.faults import ACT, FAR, NEAR, ask, jobs_of, serving, state_of

from flask_dispy import DispyHTTPServer

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


def _becomes(server: DispyHTTPServer, state: str, ip_addr: str = NEAR) -> None:
    wait_until(lambda: state_of(server, ip_addr) == state, what=f"{ip_addr} {state}")


def _allocate(server: DispyHTTPServer) -> None:
    assert ask(server, f"{ACT}/nodes/{NEAR}/allocate", "POST")[0] == 200


def _comes_back(server: DispyHTTPServer, allocate: Callable[[], object]) -> None:
    """Allocate the node until it is up.

    A node refuses a cluster that it is still putting away, and one from which dispy only
    deallocated it, and dispy asks it only once; it can be set up again after that.
    """

    def is_up() -> bool:
        allocate()
        with contextlib.suppress(AssertionError):
            wait_until(lambda: state_of(server, NEAR) == "up", timeout_sec=3)
            return True
        return False

    wait_until(is_up, timeout_sec=30, what=f"{NEAR} up again")


def _at_work(server: DispyHTTPServer, cluster: Any, number: int = 2) -> list[Any]:
    """Return jobs that run on the first node and do not end."""
    _becomes(server, "up")
    jobs = [cluster.submit_node(NEAR, "nap", 60) for _ in range(number)]
    wait_until(lambda: jobs_of(server)["running"] == number, what="the jobs that run")
    return jobs


def _works(server: DispyHTTPServer, cluster: Any) -> None:
    """Have a job run, so that the node is surely the cluster's, and idle again."""
    before = jobs_of(server)["finished"]
    cluster.submit("nap", 0.01)
    wait_until(lambda: jobs_of(server)["finished"] == before + 1, what="the end of a job")


def _events(server: DispyHTTPServer, ip_addr: str = NEAR) -> list[str]:
    return [entry["event"] for entry in ask(server, f"{ACT}/nodes/{ip_addr}")[1]["events"]]


@pytest.mark.parametrize("pulse_interval", [0.5, None], ids=["pulses", "no pulses"])
def test_node_that_is_killed_at_work_is_lost_and_comes_back(
    local_dispy: LocalDispy, pulse_interval: float | None
) -> None:
    node = local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act, pulse_interval=pulse_interval)
    with serving(cluster) as server:
        _at_work(server, cluster, 1)
        node.kill()
        jobs = 1
        if pulse_interval is None:  # dispy notices when it sends the next job, and loses that, too
            cluster.submit("nap", 0.01)
            jobs = 2
        _becomes(server, "lost")
        wait_until(lambda: jobs_of(server)["abandoned"] == jobs, what="the abandoned jobs")
        summary = ask(server, ACT)[1]
        assert (summary["nodes"]["lost"], summary["cpus"]["total"]) == (1, 0)
        assert (summary["attention"]["lost"], summary["attention"]["abandoned"]) == (1, jobs)
        assert [row["state"] for row in ask(server, f"{ACT}/nodes?q=lost")[1]["items"]] == ["lost"]
        local_dispy.start_node(2)
        _becomes(server, "up")
        assert ask(server, ACT)[1]["attention"]["lost"] == 0
        assert _events(server)[:2] == ["joined", "lost"]


def test_node_that_is_killed_while_jobs_wait_for_it_is_lost(local_dispy: LocalDispy) -> None:
    node = local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act, pulse_interval=None, ping_interval=None)
    with serving(cluster) as server:
        _works(server, cluster)
        node.kill()
        assert state_of(server, NEAR) == "up"  # nobody can know yet
        cluster.submit("nap", 0.01)
        _becomes(server, "lost")


def test_idle_node_that_is_shut_down_is_closed(local_dispy: LocalDispy) -> None:
    node = local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with serving(cluster) as server:
        _works(server, cluster)
        node.close_input()
        _becomes(server, "closed")
        assert _events(server)[0] == "closed"


def test_node_that_is_shut_down_at_work_is_lost(local_dispy: LocalDispy) -> None:
    node = local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act, ping_interval=None)
    with serving(cluster) as server:
        _at_work(server, cluster)
        node.close_input()
        wait_until(lambda: state_of(server, NEAR) != "up", what="its end")
        jobs = jobs_of(server)
        assert (state_of(server, NEAR), jobs["abandoned"] + jobs["terminated"]) == ("lost", 2), jobs


@pytest.mark.parametrize("method", ["close_node", "deallocate_node"])
def test_node_that_the_users_program_lets_go_is_closed(
    local_dispy: LocalDispy, method: str
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act, pulse_interval=0.5, ping_interval=None)
    with serving(cluster) as server:
        _works(server, cluster)
        getattr(cluster, method)(NEAR)
        _becomes(server, "closed")
        assert ask(server, ACT)[1]["attention"]["lost"] == 0
        # From the pages it is taken back, whichever of the two it was.
        _comes_back(server, lambda: _allocate(server))
        _works(server, cluster)


@pytest.mark.parametrize("action", ["close", "deallocate"])
@pytest.mark.parametrize("shared", [False, True], ids=["JobCluster", "SharedJobCluster"])
def test_node_that_a_command_lets_go_is_closed_until_it_is_allocated(
    local_dispy: LocalDispy, action: str, shared: bool
) -> None:
    local_dispy.start_node(2)
    if shared:
        local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act) if shared else local_dispy.job_cluster(act)
    with serving(cluster) as server:
        _works(server, cluster)
        assert ask(server, f"{ACT}/nodes/{NEAR}/{action}", "POST")[0] == 200
        assert state_of(server, NEAR) == "closed"
        assert _events(server)[0] == ("closed" if action == "close" else "deallocated")
        if shared and action == "close":
            return  # dispyscheduler does not set up again what it closed
        _comes_back(server, lambda: _allocate(server))
        _works(server, cluster)


def test_program_that_takes_a_node_back_is_noticed(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with serving(cluster) as server:
        _works(server, cluster)
        cluster.deallocate_node(NEAR)
        _becomes(server, "closed")
        _comes_back(server, lambda: cluster.allocate_node(NEAR))


def test_cluster_that_ends_closes_its_nodes_but_for_the_lost(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    doomed = local_dispy.start_node(3)
    cluster = local_dispy.job_cluster(act, pulse_interval=0.5, ping_interval=None)
    with serving(cluster) as server:
        _becomes(server, "up", NEAR)
        _becomes(server, "up", FAR)
        cluster.submit_node(FAR, "nap", 60)
        wait_until(lambda: jobs_of(server)["running"] == 1, what="the job that runs")
        doomed.kill()
        _becomes(server, "lost", FAR)
        cluster.close(timeout=5, terminate=True)
        wait_until(lambda: ask(server, ACT)[1]["state"] == "closed", what="the cluster's end")
        assert (state_of(server, NEAR), state_of(server, FAR)) == ("closed", "lost")
