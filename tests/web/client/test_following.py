"""The client follows and waits: over streams that break, servers that restart, and proxies."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from clusters import wait_until
from flask import Flask
from processes import in_thread
from web.conftest import Scene
from web.fakes import FakeCluster, make_node, watched_cluster
from web.hosted import serving as hosting
from web.served import serving

from flask_dispy import AsyncClient, Client, ClusterRegistry, DispyHTTPServer, create_blueprint
from flask_dispy.client import (
    Mirror,
    NotFound,
    Unreachable,
    WaitTimeout,
    following,
    sending,
    waiting,
)
from flask_dispy.client.reading import Reading
from flask_dispy.client.sending import BlockingIO
from flask_dispy.wire.shapes.clusters import Summary
from flask_dispy.wire.summaries import summary_of


def run_job(cluster: FakeCluster, node: Any, **end: Any) -> None:
    job = cluster.submit("x")
    cluster.start(job, node)
    cluster.end(job, node, **end)


def followed_until(
    followed: Iterator[Any], holds: Callable[[Mirror], bool], mirror: Mirror | None = None
) -> Mirror:
    """Return what a follower knows as soon as something holds; pytest's timeout is the deadline."""
    mirror = mirror or Mirror()
    for changes in followed:
        mirror.apply(changes)
        if holds(mirror):
            return mirror
    raise AssertionError("the follower ended")


def test_follower_knows_what_a_reader_sees(client: Client, scene: Scene) -> None:
    followed = client.follow("compute")
    mirror = followed_until(followed, lambda m: len(m.nodes) == 2)
    gamma = scene.cluster.join(make_node("10.0.0.3", "gamma"))
    scene.cluster.start(scene.queued, gamma)
    followed_until(followed, lambda m: m.clusters["compute"]["jobs"]["running"] == 2, mirror=mirror)
    followed_until(followed, lambda m: m.nodes["10.0.0.3"]["running"] == 1, mirror=mirror)
    assert client.healthz()["streams"] == 1
    followed.close()
    wait_until(lambda: client.healthz()["streams"] == 0)
    rows = {row["ip_addr"]: row for row in client.nodes("compute")}
    assert mirror.nodes.keys() == rows.keys()
    resumed = next(client.follow("compute", since=mirror.cursor))
    assert not resumed["snapshot"]


def test_removed_nodes_leave_the_mirror(client: Client, registry: ClusterRegistry) -> None:
    first, second = (watched_cluster(registry, name) for name in ("first", "second"))
    first.join(make_node("10.0.0.1", "alpha"))
    second.join(make_node("10.0.0.2", "beta"))
    followed = client.follow()
    mirror = followed_until(followed, lambda m: len(m.nodes) == 2)
    registry.remove(second)
    followed_until(followed, lambda m: list(m.nodes) == ["10.0.0.1"], mirror=mirror)
    assert "second" not in mirror.clusters
    followed.close()


def test_unknown_cluster_is_refused_and_a_removed_one_ends_it(
    client: Client, registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    with pytest.raises(NotFound):
        next(client.follow("none"))
    followed = client.follow("compute")
    next(followed)
    registry.remove(cluster)
    with pytest.raises(NotFound) as raised:
        list(followed)
    assert raised.value.code == "unknown_cluster"


# -- what breaks -----------------------------------------------------------------------------


class Restart:
    """A server that is away when the client looks for it, until it has waited for it."""

    def __init__(self, server: DispyHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self._server = server
        self._registry = ClusterRegistry()
        self.cluster = watched_cluster(self._registry, "compute")
        self.again: DispyHTTPServer | None = None
        self.pauses: list[float] = []
        sleep, port = BlockingIO.sleep, server.port

        async def come_back(io: Any, sec: float) -> None:
            self.pauses.append(sec)
            if self.again is None:
                options = {"host": "127.0.0.1", "port": port, "registry": self._registry}
                self.again = DispyHTTPServer(None, **options)
            await sleep(io, min(sec, 0.1))

        monkeypatch.setattr(BlockingIO, "sleep", come_back)

    def end(self) -> None:
        self._server.shutdown(wait=False)

    def close(self) -> None:
        if self.again is not None:
            self.again.shutdown(wait=False)
        self._registry.close()


@pytest.fixture
def restart(server: DispyHTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restart]:
    restart = Restart(server, monkeypatch)
    yield restart
    restart.close()


def test_follower_survives_a_server_that_restarts(
    client: Client, scene: Scene, restart: Restart
) -> None:
    followed = client.follow("compute")
    mirror = followed_until(followed, lambda m: len(m.nodes) == 2)
    restart.cluster.join(make_node("10.9.9.9", "other"))
    restart.end()
    followed_until(followed, lambda m: list(m.nodes) == ["10.9.9.9"], mirror=mirror)
    assert restart.pauses
    followed.close()


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


def test_follower_gives_up_on_a_server_that_stays_away(
    client: Client, server: DispyHTTPServer, cluster: Any
) -> None:
    followed = client.follow(give_up_sec=0.4)
    next(followed)
    server.shutdown(wait=False)
    with pytest.raises(Unreachable):
        list(followed)


CLUSTERS = '"clusters": [], "now": 1.0, "nodes": []'


class Streams:
    """A server of streams that end after one event, and note where their readers stood."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        path, query = environ["PATH_INFO"].rpartition("/")[2], environ["QUERY_STRING"]
        self.asked.append((path, query, environ.get("HTTP_LAST_EVENT_ID", "")))
        cursor = f"e-0-{len(self.asked)}"
        body = f'{{"cursor": "{cursor}", "snapshot": false, {CLUSTERS}}}'
        if path == "stream":
            body = f":\n\nretry: 2000\n\nid: {cursor}\r\nevent: changes\ndata:{body}\n\nid: cut"
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return [body[:9].encode(), body[9:].encode()]


def test_stream_is_resumed_where_it_broke() -> None:
    app = Streams()
    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as client:
        followed = client.follow("a b")
        assert [next(followed)["cursor"] for _ in range(3)] == ["e-0-1", "e-0-2", "e-0-3"]
        followed.close()
    assert app.asked == [
        ("stream", "cluster=a+b&alive_sec=1", ""),
        ("stream", "cluster=a+b&since=e-0-1&alive_sec=1", "e-0-1"),
        ("stream", "cluster=a+b&since=e-0-2&alive_sec=1", "e-0-2"),
    ]


class Proxy:
    """Lets polls through, and does with streams what some proxies do."""

    def __init__(self, app: Flask, stream: list[bytes]) -> None:
        self._app = app
        self._stream = stream
        self.polls = 0

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"].endswith("/stream"):
            start_response("200 OK", [("Content-Type", "text/html")])
            return self._hold()
        self.polls += environ["PATH_INFO"].endswith("/changes")
        return self._app(environ, start_response)

    def _hold(self) -> Iterator[bytes]:
        yield from self._stream
        if not self._stream:
            polls = self.polls
            wait_until(lambda: self.polls > polls)  # until the client has given it up


def app_of(registry: ClusterRegistry, **options: Any) -> Flask:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, **options))
    return app


@pytest.mark.parametrize("kind", ["held back", "page", "taken"])
def test_follower_polls_where_there_is_no_stream(
    registry: ClusterRegistry, scene: Scene, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_FIRST_QUIET_SEC", 0.2)
    inner = app_of(registry, max_streams=0 if kind == "taken" else 8)
    stream = [] if kind == "held back" else [b"<p>log in"]
    app = inner if kind == "taken" else Proxy(inner, stream)
    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as client:
        followed = client.follow("compute", poll_sec=0.05)
        next(followed)
        scene.cluster.end(scene.running, scene.alpha)
        followed_until(followed, lambda m: m.clusters["compute"]["jobs"]["running"] == 0)
        followed.close()


# -- waiting ---------------------------------------------------------------------------------


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


# -- events ----------------------------------------------------------------------------------


def test_events_come_as_they_happen_the_oldest_first(client: Client, scene: Scene) -> None:
    before = client.events("compute").page()
    happened = client.follow_events("compute", after=0, kind=["node_joined", "error_kind"])
    first = [next(happened) for _ in range(3)]
    assert [event["kind"] for event in first] == ["node_joined", "node_joined", "error_kind"]
    assert {event["serial"] for event in first} <= {row["serial"] for row in before["items"]}
    scene.cluster.join(make_node("10.0.0.3", "gamma"))
    assert next(happened)["name"] == "gamma"
    happened.close()


@pytest.mark.parametrize("joined", [1, 9], ids=["fewer", "more"])
def test_events_go_on_after_a_restart(
    client: Client, scene: Scene, restart: Restart, joined: int
) -> None:
    happened = client.follow_events("compute", after=0, kind="node_joined")
    assert [next(happened)["name"] for _ in range(2)] == ["alpha", "beta"]
    names = [f"other{number}" for number in range(joined)]
    for number, name in enumerate(names):
        restart.cluster.join(make_node(f"10.9.9.{number}", name))
    restart.end()
    assert [next(happened)["name"] for _ in names] == names
    happened.close()


def test_events_go_on_if_the_server_goes_before_they_are_read(
    client: Client, scene: Scene, restart: Restart, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = client.follow_events("compute", after=0, kind="node_joined")
    read = Reading.events

    def end_the_first(self: Any, *which: Any, **options: Any) -> Any:
        if restart.again is None:
            restart.end()
        return read(self, *which, **options)

    monkeypatch.setattr(Reading, "events", end_the_first)
    monkeypatch.setattr(sending, "_TRIES", 1)  # it is away for longer
    restart.cluster.join(make_node("10.9.9.9", "other"))
    assert next(happened)["name"] == "other"
    happened.close()


def test_events_are_not_repeated_when_the_cluster_with_the_latest_is_removed(
    client: Client, registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []

    def noting(summaries: Any, cluster: str) -> Summary:
        summary = summary_of(summaries, cluster)
        shown.append(summary["events"]["latest"])
        return summary

    monkeypatch.setattr(waiting, "summary_of", noting)
    first, second = (watched_cluster(registry, name) for name in ("first", "second"))
    happened = client.follow_events(after=0, kind="node_joined")
    first.join(make_node("10.0.0.1", "alpha"))
    assert next(happened)["name"] == "alpha"
    second.join(make_node("10.0.0.2", "beta"))
    assert next(happened)["name"] == "beta"
    registry.remove(second)
    with ThreadPoolExecutor() as pool:
        upcoming = pool.submit(next, happened)
        wait_until(lambda: shown[-1] == 1, what="the client's look at the first cluster alone")
        first.join(make_node("10.0.0.3", "gamma"))
        assert upcoming.result(30)["name"] == "gamma"
    happened.close()


# -- asyncio ---------------------------------------------------------------------------------


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


def test_event_stream_of_json_alone_is_read(client: Client, cluster: FakeCluster) -> None:
    job = cluster.submit("é\u2028\x85\n")  # what some take for the end of a line
    alpha = cluster.join(make_node("10.0.0.1", "al\u2028pha"))
    cluster.start(job, alpha)
    followed = client.follow("compute")
    mirror = followed_until(followed, lambda m: bool(m.nodes))
    followed_until(followed, lambda m: m.nodes["10.0.0.1"]["running"] == 1, mirror=mirror)
    followed.close()
    (line,) = client.jobs("compute").jsonl().lines()
    assert json.loads(line)["serial"] == 1
