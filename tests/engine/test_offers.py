"""Real nodes that are offered to a real cluster and do not join it, each for its own reason."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from clusters import LocalDispy, call_in_child, wait_until
from computations import act
from dispy import DispyJob
from engine.faults import ACT, ask, serving

from flask_dispy import DispyHTTPServer
from flask_dispy.engine.clusters import machines_of

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


def _offers(server: DispyHTTPServer) -> dict[str, Any]:
    return {item["ip_addr"]: item for item in ask(server, f"{ACT}/offers")[1]["items"]}


def _found(server: DispyHTTPServer, ip_addr: str) -> Callable[[], str]:
    return lambda: _offers(server).get(ip_addr, {}).get("finding", "")


def test_node_that_does_not_join_is_listed_with_its_reason(
    local_dispy: LocalDispy,
) -> None:
    local_dispy.start_node(2)
    local_dispy.start_node(3, "--secret", "another")
    nobody, alone = "127.0.0.9", [program.ip_addr for program in local_dispy.programs]
    cluster = local_dispy.job_cluster(act, nodes=[*alone, nobody])
    with serving(cluster) as server:
        wait_until(lambda: ask(server, ACT)[1]["nodes"]["up"] == 1, what="the good node")
        wait_until(lambda: _found(server, "127.0.0.3")() == "listening", what="the wrong secret")
        wait_until(lambda: _found(server, nobody)() == "refused_connection", what="nobody")
        offers = _offers(server)
        assert set(offers) == {"127.0.0.3", nobody}
        assert {(one["source"], one["overdue"]) for one in offers.values()} == {("program", True)}
        assert ask(server, ACT)[1]["attention"]["offers"] == 2
        codes = [reason["code"] for reason in offers["127.0.0.3"]["reasons"]]
        assert codes[:2] == ["serves_another", "secret"]
        assert offers[nobody]["reasons"][0]["code"] == "nobody_there"

        # Asked again once it is there, it joins, and is missed no longer.
        local_dispy.start_node(9)
        path = f"{ACT}/offers/{offers[nobody]['number']}"
        status, answer = ask(server, f"{path}/ask", "POST")
        assert (status, answer["ok"]) == (200, True)
        wait_until(lambda: nobody not in _offers(server), what="its joining")

        path = f"{ACT}/offers/{_offers(server)['127.0.0.3']['number']}"
        status, answer = ask(server, path, "DELETE")
        assert (status, answer["ok"]) == (200, True)
        assert _offers(server) == {}
        assert ask(server, path, "DELETE")[0] == 404
        assert "127.0.0.3" not in [alloc.ip_addr for alloc in cluster._node_allocs]


@contextmanager
def _held_by_another_client(local_dispy: LocalDispy, ip_addr: str) -> Iterator[None]:
    folder = local_dispy.folder / "other"
    folder.mkdir()
    ready, done = folder / "ready", folder / "done"
    arguments = ("engine/offers_child.py:hold", local_dispy.port, ip_addr, str(ready), str(done))
    client = threading.Thread(target=call_in_child, args=arguments, kwargs={"cwd": folder})
    client.start()
    try:
        wait_until(ready.exists, timeout_sec=40, what="the other client's hold")
        yield
    finally:
        done.write_text("")
        client.join(30)
        assert not client.is_alive()


@pytest.mark.parametrize("is_known", [False, True], ids=["not heard of", "heard of"])
def test_node_that_serves_another_client_is_missed_until_that_one_ends(
    local_dispy: LocalDispy, is_known: bool
) -> None:
    local_dispy.start_node(2)
    local_dispy.start_node(3)
    cluster = local_dispy.job_cluster(act, nodes=["127.0.0.2"])
    with serving(cluster) as server:
        if is_known:  # a node calls out two seconds after its start, and dispy notes who does
            wait_until(lambda: "127.0.0.3" in machines_of(cluster), what="the node's call")
        with _held_by_another_client(local_dispy, "127.0.0.3"):
            status, answer = ask(server, f"{ACT}/nodes", "POST", {"host": "127.0.0.3"})
            assert (status, answer["outcomes"][0]["code"]) == (200, "asked")
            wait_until(lambda: _found(server, "127.0.0.3")() == "listening", what="the busy node")
            reasons = _offers(server)["127.0.0.3"]["reasons"]
            assert reasons[0]["code"] == "serves_another"
        wait_until(lambda: _offers(server) == {}, timeout_sec=30, what="its joining")
        assert ask(server, ACT)[1]["nodes"]["up"] == 2


def test_machine_that_another_cluster_uses_stays_known(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    local_dispy.start_node(3)
    cluster = local_dispy.job_cluster(act, nodes=["127.0.0.2"])
    other = local_dispy.job_cluster(act, nodes=["127.0.0.3"], listens=False)
    wait_until(lambda: all(one.status().nodes for one in (cluster, other)), what="the nodes")
    with serving(cluster) as server:
        machine = machines_of(cluster)["127.0.0.3"]
        assert ask(server, f"{ACT}/nodes", "POST", {"host": "127.0.0.3"})[0] == 200
        wait_until(lambda: ask(server, ACT)[1]["nodes"]["up"] == 2, what="its joining")
        assert machines_of(cluster)["127.0.0.3"] is machine


def test_machine_of_a_closed_node_that_still_runs_a_job_stays_known(
    local_dispy: LocalDispy,
) -> None:
    local_dispy.start_node(2, cpus=1)
    cluster = local_dispy.job_cluster(act, ping_interval=1000)
    with serving(cluster) as server:
        job = cluster.submit("nap", 60)
        wait_until(lambda: job.status == DispyJob.Running, what="the job")
        machine = machines_of(cluster)["127.0.0.2"]
        for action in ("close", "allocate"):
            assert ask(server, f"{ACT}/nodes/127.0.0.2/{action}", "POST")[0] == 200
        wait_until(lambda: _found(server, "127.0.0.2")() == "not_set_up", what="the failed set-up")
        path = f"{ACT}/offers/{_offers(server)['127.0.0.2']['number']}"
        assert ask(server, f"{path}/ask", "POST")[0] == 200
        assert machines_of(cluster)["127.0.0.2"] is machine
        assert cluster.cancel(job) == 0
        wait_until(lambda: job.status == DispyJob.Terminated, what="the job's end")


def test_node_that_can_not_be_set_up_is_missed(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act, setup=_fails, ping_interval=None)
    with serving(cluster) as server:
        wait_until(lambda: _found(server, "127.0.0.2")() == "not_set_up", what="the failed set-up")
        first = _offers(server)["127.0.0.2"]["reasons"][0]
        assert (first["code"], first["where"]) == ("setup", "output")
        assert first["command"] == "Failed to setup 127.0.0.2"
        assert ask(server, ACT)[1]["nodes"]["known"] == 0


def _fails():  # type: ignore[no-untyped-def]
    return -1


def test_new_port_of_an_offer_is_asked(local_dispy: LocalDispy) -> None:
    """dispy keeps the first offer of an address, and goes on asking at its port."""
    local_dispy.start_node(2)
    node = local_dispy.start_node(3)
    cluster = local_dispy.job_cluster(act, nodes=["127.0.0.2"], ping_interval=None)
    with serving(cluster) as server:
        for port in (9, node.port):
            body = {"host": "127.0.0.3", "port": port}
            assert ask(server, f"{ACT}/nodes", "POST", body)[0] == 200
        wait_until(lambda: ask(server, ACT)[1]["nodes"]["up"] == 2, what="the second node")
        wait_until(lambda: _offers(server) == {}, what="nobody to be missed")
