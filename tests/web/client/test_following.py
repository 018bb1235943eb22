"""The client follows: over streams that break, servers that restart, and proxies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from clusters import wait_until
from flask import Flask
from web.client.conftest import Restart
from web.conftest import Scene
from web.fakes import FakeCluster, make_node, watched_cluster
from web.hosted import serving as hosting

from flask_dispy import Client, ClusterRegistry, DispyHTTPServer, create_blueprint
from flask_dispy.client import Mirror, NotFound, Unreachable, following
from flask_dispy.client.sending import BlockingIO


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
    """A server of streams that end after one event, and note where their readers stood.

    :param headers: sent with each.
    """

    def __init__(self, *headers: tuple[str, str]) -> None:
        self.headers = [("Content-Type", "text/event-stream"), *headers]
        self.asked: list[tuple[str, str, str]] = []

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        path, query = environ["PATH_INFO"].rpartition("/")[2], environ["QUERY_STRING"]
        self.asked.append((path, query, environ.get("HTTP_LAST_EVENT_ID", "")))
        cursor = f"e-0-{len(self.asked)}"
        body = f'{{"cursor": "{cursor}", "snapshot": false, {CLUSTERS}}}'
        if path == "stream":
            body = f":\n\nretry: 2000\n\nid: {cursor}\r\nevent: changes\ndata:{body}\n\nid: cut"
        start_response("200 OK", list(self.headers))
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


@pytest.mark.parametrize("headers", [[], [("Content-Length", "9999")]], ids=["ends", "breaks"])
@pytest.mark.parametrize("lasting_sec", [3600.0, 0.0], ids=["ends soon", "lasts"])
def test_pauses_grow_while_streams_end_soon(
    headers: list[tuple[str, str]], lasting_sec: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(_io: Any, sec: float) -> None:
        pauses[-1] += sec

    monkeypatch.setattr(BlockingIO, "sleep", sleep)
    monkeypatch.setattr(following, "_LASTING_SEC", lasting_sec)
    app = Streams(*headers)
    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as client:
        followed = client.follow(give_up_sec=3600)
        next(followed)
        for _ in range(7):
            pauses.append(0.0)
            next(followed)
        followed.close()
    assert [path for path, *_ in app.asked] == ["stream"] * 8
    growing = [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert pauses == (growing if lasting_sec else [0.25] * 7)


def test_own_pauses_do_not_count_as_being_away(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(_io: Any, sec: float) -> None:
        slept.append(sec)

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(slept))
    monkeypatch.setattr(BlockingIO, "sleep", sleep)
    monkeypatch.setattr(following, "time", clock)
    streams, answers = Streams(), count()

    def app(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        if next(answers) == 6:  # the pauses have grown to 5 s
            start_response("502 Bad Gateway", [])
            return [b""]
        return streams(environ, start_response)

    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as client:
        followed = client.follow(give_up_sec=4)
        assert [next(followed)["cursor"] for _ in range(7)] == [f"e-0-{n}" for n in range(1, 8)]
        followed.close()
    assert sum(slept) < 0.25 + 0.5 + 1 + 2 + 4 + 5 + 4.1


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
