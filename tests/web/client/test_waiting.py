"""The client waits: for what was asked, no longer than was asked, and past a restart."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from processes import in_thread
from web.client.conftest import Restart
from web.conftest import Scene
from web.fakes import FakeCluster, make_node, watched_cluster
from web.hosted import serving as hosting
from web.served import serving

from flask_dispy import AsyncClient, Client, ClusterRegistry, DispyHTTPServer
from flask_dispy.client import NotFound, WaitTimeout, following, waiting
from flask_dispy.client.sending import BlockingIO
from flask_dispy.wire.shapes.clusters import Summary


def run_job(cluster: FakeCluster, node: Any, **end: Any) -> None:
    job = cluster.submit("x")
    cluster.start(job, node)
    cluster.end(job, node, **end)


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SETTLED_SEC", 0.0)


def test_wait_goes_on_while_the_program_submits_one_job_after_another(
    client: Client, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SETTLED_SEC", 3_600.0)
    alpha = cluster.join(make_node("10.0.0.1", "alpha"))
    run_job(cluster, alpha)
    later: list[Any] = []

    def show(summary: Summary) -> None:
        if not later:
            assert summary["outlook"]["state"] == "done"
            later.append(cluster.submit("the next one"))
        elif summary["jobs"]["pending"] and waiting.SETTLED_SEC:
            cluster.start(later[0], alpha)
            cluster.end(later[0], alpha)
            monkeypatch.setattr(waiting, "SETTLED_SEC", 0.0)

    assert client.wait("done", "compute", show=show)["jobs"]["finished"] == 2


def test_wait_for_jobs_that_are_over_returns_at_its_timeout(
    client: Client, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SETTLED_SEC", 60.0)
    run_job(cluster, cluster.join(make_node("10.0.0.1", "alpha")))
    assert client.wait("done", "compute", timeout_sec=3)["jobs"]["finished"] == 1


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that waits for a first answer, however slow the machine is."""
    monkeypatch.setattr(following, "_LEAST_SEC", 20.0)


def test_wait_returns_the_summary_that_met_the_condition(client: Client, scene: Scene) -> None:
    scene.cluster.end(scene.running, scene.alpha)
    scene.cluster.start(scene.queued, scene.alpha)
    scene.cluster.end(scene.queued, scene.alpha)
    summary = client.wait("done", "compute", timeout_sec=30)
    assert summary["outlook"]["state"] == "done"
    assert summary["jobs"]["failed"] == 1
    assert client.wait(["stalled", "done"], timeout_sec=30)["combined"]


@pytest.mark.usefixtures("patient")
def test_wait_for_a_run_that_has_not_begun_waits(client: Client, cluster: FakeCluster) -> None:
    with pytest.raises(WaitTimeout) as raised:
        client.wait("done", "compute", timeout_sec=0.3)
    assert raised.value.code == "wait_timeout"
    assert raised.value.summary is not None
    assert raised.value.summary["outlook"]["reason"] == "no_jobs"
    assert str(raised.value).startswith("Not done within 0.3 s.")
    assert isinstance(raised.value, TimeoutError)
    cluster.close()
    assert client.wait("done", "compute", timeout_sec=30)["state"] == "closed"


@pytest.mark.usefixtures("patient")
def test_wait_for_the_first_cluster_waits(client: Client, registry: ClusterRegistry) -> None:
    with pytest.raises(WaitTimeout) as raised:
        client.wait(timeout_sec=0.3)
    assert raised.value.summary is not None
    assert raised.value.summary["state"] == "open"
    watched_cluster(registry, "compute").close()
    assert client.wait(timeout_sec=30)["state"] == "closed"


@pytest.mark.parametrize("until", ["done", "stalled", ("done", "stalled")])
def test_wait_ends_with_a_cluster_that_is_closed_with_jobs_left(
    client: Client, scene: Scene, until: Any
) -> None:
    scene.cluster.close()
    summary = client.wait(until, "compute", timeout_sec=30)
    assert (summary["outlook"]["state"], summary["outlook"]["reason"]) == ("waiting", "closed")
    assert summary["jobs"]["pending"] == 2


def test_wait_for_all_ends_if_the_jobs_left_are_of_a_closed_cluster(
    client: Client, scene: Scene
) -> None:
    scene.cluster.close()
    assert client.wait(timeout_sec=30)["outlook"]["reason"] == "closed"
    with pytest.raises(WaitTimeout):  # another cluster is open, and may stall yet
        client.wait("stalled", timeout_sec=0.3)


@pytest.mark.usefixtures("patient")
def test_wait_without_time_looks_once(client: Client, scene: Scene) -> None:
    with pytest.raises(WaitTimeout) as raised:
        client.wait("done", "compute", timeout_sec=0)
    assert raised.value.summary is not None
    assert raised.value.summary["jobs"]["pending"] == 2
    assert client.wait("going", "compute", timeout_sec=0)["name"] == "compute"


@pytest.mark.parametrize("first", [b"", b"event: changes\ndata: {}\n\n"], ids=["mute", "hangs"])
def test_wait_gives_up_in_time_on_a_server_that_does_not_answer(
    client: Client, cluster: FakeCluster, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    event = first.replace(b"{}", json.dumps(client.changes("compute")).encode())

    def app(environ: Any, start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        if event and environ["PATH_INFO"].endswith("/stream"):
            yield event
        go_on.wait(30)

    patience: list[float] = []
    send = BlockingIO.send

    async def note_timeouts(io: BlockingIO, request: httpx.Request) -> httpx.Response:
        patience.append(max(request.extensions["timeout"].values()))
        return await send(io, request)

    monkeypatch.setattr(BlockingIO, "send", note_timeouts)
    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as asking:
        with pytest.raises(WaitTimeout) as raised:
            asking.wait("done", "compute", timeout_sec=0.5)
        go_on.set()
    (most_sec,) = patience
    assert most_sec < 1.1
    said = "No job has been submitted yet." if event else "The dashboard has not answered."
    assert said in str(raised.value)


def test_wait_ends_with_a_cluster_that_is_removed_while_the_server_answers(client: Client) -> None:
    alone = json.dumps(client.changes())  # without the cluster

    def app(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return [f"event: changes\ndata: {alone}\n\n".encode()]

    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as asking:
        with pytest.raises(NotFound, match="'compute' was removed"):
            asking.wait("done", "compute")
        with pytest.raises(WaitTimeout) as late:
            asking.wait("done", "*", timeout_sec=0)
    assert late.value.summary is not None
    assert late.value.summary["combined"]


def test_wait_notices_a_run_that_stalls() -> None:
    registry = ClusterRegistry(stall_sec=0.1)
    cluster = watched_cluster(registry, "compute")
    alpha = cluster.join(make_node("10.0.0.1", "alpha"))
    run_job(cluster, alpha)
    stuck = cluster.submit("stuck")
    cluster.start(stuck, alpha)
    with serving(registry=registry) as server, Client(server.url) as client:
        summary = client.wait(("stalled", "done"), "compute", timeout_sec=60)
        assert summary["outlook"]["reason"] == "none_ended"
    registry.close()


def test_wait_goes_on_with_the_server_that_comes_back(
    client: Client, scene: Scene, restart: Restart, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = restart.cluster.join(make_node("10.9.9.9", "other"))
    run_job(restart.cluster, alpha)
    noted = following.Follower._noted

    def end_the_first(self: Any, changes: Any) -> Any:
        if restart.again is None:
            restart.end()
        return noted(self, changes)

    monkeypatch.setattr(following.Follower, "_noted", end_the_first)
    summary = client.wait("done", "compute", timeout_sec=30)
    assert restart.again is not None
    assert (summary["jobs"]["submitted"], summary["jobs"]["finished"]) == (1, 1)


def test_async_client_follows_and_waits(server: DispyHTTPServer, scene: Scene) -> None:
    async def follow() -> tuple[str, int]:
        async with AsyncClient(server.url) as client:
            task = asyncio.create_task(client.wait("done", "compute", timeout_sec=30))
            followed = client.follow("compute")
            assert (await anext(followed))["snapshot"]
            scene.cluster.end(scene.running, scene.alpha)
            scene.cluster.start(scene.queued, scene.alpha)
            scene.cluster.end(scene.queued, scene.alpha)
            summary = await task
            await followed.aclose()
            # One that is cancelled leaves no stream behind.
            task = asyncio.create_task(client.wait("stalled"))
            while (await client.healthz())["streams"] != 1:
                await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while (await client.healthz())["streams"]:
                await asyncio.sleep(0.02)
            return summary["outlook"]["state"], summary["jobs"]["pending"]

    assert in_thread(lambda: asyncio.run(follow())) == ("done", 0)
