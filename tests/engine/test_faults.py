"""What breaks in a real cluster while jobs run.

After each fault the counts equal the client's own tally, every command and every request has come
to an end in time, and no thread or descriptor is left behind.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from clusters import LocalDispy, Program, call_in_child, shut_down, wait_until
from computations import act
from dispy import DispyJob
from engine.faults import (
    ACT,
    FAR,
    NEAR,
    ask,
    jobs_of,
    must_count_as,
    open_stream,
    serving,
    state_of,
)
from engine.networks import Network, missing

from flask_dispy import DispyHTTPServer

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


# -- nodes -----------------------------------------------------------------------------------


def test_idle_node_that_is_killed_is_silent_and_comes_back(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    doomed = local_dispy.start_node(3)
    cluster = local_dispy.job_cluster(act, pulse_interval=0.5)
    with serving(cluster) as server:
        for ip_addr in (NEAR, FAR):
            wait_until(
                lambda ip_addr=ip_addr: ask(server, f"{ACT}/nodes/{ip_addr}")[1].get("avail_info"),
                what=f"the pulses of {ip_addr}",
            )
        # A node that is killed while dispy sets it up is none of the cluster's yet.
        jobs = [cluster.submit_node(ip_addr, "nap", 0.1) for ip_addr in (NEAR, FAR)]
        must_count_as(server, jobs)
        doomed.kill()
        wait_until(lambda: state_of(server, FAR) == "silent", what="its silence")
        assert ask(server, ACT)[1]["attention"]["silent"] == 1
        jobs += [cluster.submit_node(NEAR, "nap", 0.1) for _ in range(10)]
        must_count_as(server, jobs)
        local_dispy.start_node(3)
        wait_until(lambda: state_of(server, FAR) == "up", what="its return")
        jobs += [cluster.submit_node(FAR, "nap", 0.1) for _ in range(4)]
        must_count_as(server, jobs)


@pytest.fixture
def network() -> Iterator[Network]:
    """Four hosts on a switch; the first is the client's."""
    if reason := missing():
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with Network(4) as network:
        yield network


def test_network_that_is_cut_and_healed(network: Network, tmp_path: Path) -> None:
    port = 9700  # on hosts of their own, nobody else has it
    (tmp_path / "client").mkdir()
    with ExitStack() as undo:
        for number in (2, 3, 4):
            node = Program(
                "node",
                ["-p", str(port), "-c", "2"],
                folder=tmp_path / f"node{number}",
                address=(network.ip_addr(number), port + 1),
                inside=network.inside(number),
            )
            undo.callback(node.stop)
        told = call_in_child(
            "engine/cut_child.py:cut_and_heal",
            network.prefix,
            port,
            cwd=tmp_path / "client",
            inside=network.inside(1),
            timeout_sec=80,
        )
    cut, counted = told["while cut"], told["counted"]
    assert (cut["finished"], cut["abandoned"], cut["submitted"]) == (20, 2, 22)
    assert told["command_sec"] < 4
    assert told["statuses"] == {str(DispyJob.Finished): told["submitted"]}
    assert (counted["finished"], counted["submitted"]) == (told["submitted"], told["submitted"])
    assert (counted["abandoned"], counted["pending"]) == (0, 0)
    assert told["health"] == "ok"


# -- the scheduler ---------------------------------------------------------------------------


def _commands(server: DispyHTTPServer) -> list[tuple[int, Any]]:
    """Give commands that change nothing; each must be answered within 10 s.

    What a scheduler that hangs did not answer it still does when it goes on.
    """
    return [
        ask(server, f"{ACT}/nodes/{NEAR}", "PATCH", {"cpus": 2}),
        ask(server, f"{ACT}/nodes", "POST", {"host": NEAR}),
        ask(server, f"{ACT}/nodes/{NEAR}/allocate", "POST"),
    ]


def test_job_that_takes_its_time_makes_no_node_silent(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    with serving(cluster) as server:
        jobs = [cluster.submit("nap", 0.1 if number < 8 else 6) for number in range(10)]
        while not all(job.finish.is_set() for job in jobs):
            assert state_of(server, NEAR) in (None, "up")
            time.sleep(0.25)
        must_count_as(server, jobs)


def test_scheduler_that_is_killed_and_started_again(local_dispy: LocalDispy) -> None:
    node = local_dispy.start_node(2)
    scheduler = local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    with serving(cluster, engine_timeout_sec=3) as server:
        done = [cluster.submit("nap", 0.1) for _ in range(6)]
        must_count_as(server, done)
        lost = [cluster.submit("nap", 60) for _ in range(3)]
        wait_until(lambda: jobs_of(server)["running"] == 2, what="the running jobs")
        scheduler.kill()

        for status, answer in _commands(server):
            assert (status, answer["outcomes"][0]["code"]) == (409, "refused")
            assert "does not answer" in answer["outcomes"][0]["message"]
        running = ask(server, f"{ACT}/jobs?state=running")[1]["items"][0]["serial"]
        _, cancelled = ask(server, f"{ACT}/jobs/cancel", "POST", {"serials": [running]})
        assert cancelled["outcomes"][0]["code"] == "refused"
        wait_until(lambda: ask(server, ACT)[1]["trouble"], what="the page's word of it")
        assert "does not answer" in ask(server, ACT)[1]["trouble"]
        outlook = ask(server, ACT)[1]["outlook"]
        assert (outlook["state"], outlook["reason"]) == ("waiting", "scheduler_silent")
        assert ask(server, ACT)[1]["eta_sec"] is None
        counts = jobs_of(server)
        assert (counts["finished"], counts["running"], counts["queued"]) == (6, 2, 1)

        # A node keeps to its client until it is started again, too.
        node.kill()
        local_dispy.start_node(2)
        local_dispy.start_scheduler(nodes=[NEAR])
        wait_until(
            lambda: "started anew" in (ask(server, ACT)[1]["trouble"] or ""), what="its return"
        )
        again = local_dispy.shared_cluster(act)
        name = server.add_cluster(again)
        assert name == "act (2)"
        jobs = [again.submit("nap", 0.1) for _ in range(6)]
        wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the jobs of the new one")
        view = server.registry.view(name)
        wait_until(lambda: view.summary()["jobs"]["finished"] == 6, what="the end as we see it")
        assert view.summary()["trouble"] is None
        assert not any(job.finish.is_set() for job in lost)
        assert ask(server, "/healthz")[0] == 200


def test_scheduler_that_hangs_lets_commands_time_out(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    scheduler = local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    with serving(cluster, engine_timeout_sec=0.5) as server:
        done = [cluster.submit("nap", 0.1) for _ in range(4)]
        must_count_as(server, done)
        scheduler.signal(signal.SIGSTOP)
        wait_until(lambda: psutil.Process(scheduler.pid).status() == psutil.STATUS_STOPPED)
        for status, answer in _commands(server):
            assert (status, answer["outcomes"][0]["code"]) == (504, "timeout")
        status, health = ask(server, "/healthz")
        assert (status, health["status"]) == (503, "degraded")
        assert health["engine"]["stuck"] > 0
        assert any("did not come back in time" in problem for problem in health["problems"])
        # The bound holds: no more threads wait for it, whatever is asked.
        for _ in range(3):
            _commands(server)
        assert ask(server, "/healthz")[1]["engine"]["in_flight"] <= 3
        scheduler.signal(signal.SIGCONT)
        wait_until(lambda: ask(server, "/healthz")[0] == 200, timeout_sec=40, what="its return")
        jobs = [cluster.submit("nap", 0.1) for _ in range(4)]
        must_count_as(server, done + jobs)


# -- the client ------------------------------------------------------------------------------


def test_cluster_that_is_shut_down_amid_requests(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    statuses: Counter[int] = Counter()
    slowest: list[float] = []
    ended = threading.Event()

    def pester(path: str, method: str, body: Any) -> None:
        while not ended.is_set():
            asked_at = time.monotonic()
            statuses[ask(server, path, method, body)[0]] += 1
            slowest.append(time.monotonic() - asked_at)

    with serving(cluster, engine_timeout_sec=2) as server:
        jobs = [cluster.submit("nap", 0.1) for _ in range(20)]
        wait_until(lambda: jobs_of(server)["finished"] >= 4, what="the first jobs")
        errands = [
            (f"{ACT}/nodes/{NEAR}", "PATCH", {"cpus": 2}),
            (f"{ACT}/nodes/{NEAR}/allocate", "POST", None),
            (f"{ACT}/jobs/cancel", "POST", {"serials": [1, 2, 3]}),
            (f"{ACT}/jobs", "GET", None),
            ("/api/v1/changes", "GET", None),
        ]
        threads = [threading.Thread(target=pester, args=errand) for errand in errands]
        for thread in threads:
            thread.start()
        cluster.close(timeout=20)
        shut_down(cluster)
        wait_until(lambda: ask(server, ACT)[1]["state"] == "closed", what="the cluster's end")
        time.sleep(0.5)  # requests to a cluster that is gone
        ended.set()
        for thread in threads:
            thread.join(15)
            assert not thread.is_alive()
        assert set(statuses) <= {200, 404, 409, 504}
        assert statuses[409] > 0
        assert max(slowest) < 8
        must_count_as(server, jobs)
        assert state_of(server, NEAR) == "closed"


def test_server_that_ends_with_many_streams_open(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = [cluster.submit("nap", 0.1) for _ in range(30)]
    with ExitStack() as streams:
        clients = [streams.enter_context(open_stream(server)) for _ in range(200)]
        began_at = time.monotonic()
        server.shutdown(wait=False)
        assert time.monotonic() - began_at < 10
        for client in clients:
            assert client.file.read().endswith(b"0\r\n\r\n")
    assert cluster.cluster_status is None
    wait_until(lambda: all(job.status == DispyJob.Finished for job in jobs), what="all jobs")
