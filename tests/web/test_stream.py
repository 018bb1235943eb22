"""Server-sent events over real sockets."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.intervals import Intervals
from flask_dispy.web.blueprint import create_blueprint
from flask_dispy.web.http.audience import Audience

DEADLINE_SEC = 10.0


class _Quiet(WSGIRequestHandler):
    def log(self, *_arguments: Any) -> None:
        """Keep the test's output clean."""


class Reader:
    """A client of the stream, which reads one event at a time."""

    def __init__(self, port: int, query: str = "", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SEC)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", f"/api/v1/stream{query}", headers=named)
        self.answer = self.connection.getresponse()
        self.headers = self.answer.headers

    def event(self) -> dict[str, str]:
        """Return the next event or comment, ``{}`` at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            if line == b"\n" and fields.keys() - {"retry"}:
                return fields
            name, _, value = line.decode().rstrip("\n").partition(":")
            if line != b"\n":
                fields[name or "comment"] = value.strip()
        return {}

    def changes(self) -> Any:
        """Return the next event's data."""
        return json.loads(self.event()["data"])

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@pytest.fixture
def audience() -> Audience:
    return Audience()


@pytest.fixture
def server(registry: Any, audience: Audience) -> Iterator[BaseWSGIServer]:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, audience=audience, max_streams=210))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    audience.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_stream(server: BaseWSGIServer) -> Iterator[Callable[..., Reader]]:
    with ExitStack() as stack:
        yield lambda query="", **headers: stack.enter_context(
            closing(Reader(server.port, query, **headers))
        )


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SEC
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _stream_threads() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def test_headers_keep_proxies_from_holding_it_back(open_stream: Any, scene: Any) -> None:
    headers = open_stream().headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-content-type-options"] == "nosniff"


def test_snapshot_comes_first_then_what_changes(open_stream: Any, scene: Any) -> None:
    reader = open_stream("?cluster=compute")
    first = reader.event()
    assert first["event"] == "changes"
    body = json.loads(first["data"])
    assert (body["snapshot"], body["cursor"]) == (True, first["id"])
    scene.cluster.start(scene.queued, scene.beta)
    changed: set[str] = set()
    while "10.0.0.10" not in changed:  # what is concluded of the other may change first
        body = reader.changes()
        assert body["snapshot"] is False
        changed |= {row["ip_addr"] for row in body["nodes"]}


def test_reader_that_reconnects_goes_on_where_it_was(open_stream: Any, scene: Any) -> None:
    reader = open_stream("?cluster=compute")
    cursor = reader.event()["id"]
    reader.close()
    scene.cluster.start(scene.queued, scene.beta)
    # EventSource repeats the first URL, and names the event it saw last.
    again = open_stream("?cluster=compute&since=old", Last_Event_ID=cursor)
    body = again.changes()
    assert body["snapshot"] is False
    assert [row["ip_addr"] for row in body["nodes"]] == ["10.0.0.10"]


def test_bursts_are_joined(open_stream: Any, scene: Any, intervals: Intervals) -> None:
    reader = open_stream()
    reader.event()
    begin = time.monotonic()
    for _ in range(50):
        job = scene.cluster.submit()
        scene.cluster.start(job, scene.beta)
        scene.cluster.end(job, scene.beta)
        time.sleep(0.01)
    events = 0
    while reader.changes()["clusters"][0]["jobs"]["finished"] < 51:
        events += 1
    elapsed = time.monotonic() - begin
    assert events <= elapsed / intervals.tick_sec + 1


@pytest.mark.parametrize("intervals", [Intervals(look_up_sec=0.05, keep_alive_sec=0.1)], ids=[""])
def test_quiet_stream_is_kept_alive(open_stream: Any, scene: Any) -> None:
    reader = open_stream()
    while (event := reader.event()).get("event") == "changes":
        pass
    assert event == {"comment": ""}


@pytest.mark.parametrize("intervals", [Intervals(look_up_sec=0.05)], ids=[""])
def test_quiet_stream_gives_signs_of_life_if_asked(open_stream: Any, cluster: Any) -> None:
    reader = open_stream("?alive_sec=1")
    cursor = ""
    while (event := reader.event()).get("event") == "changes":
        cursor = event["id"]
    assert event["event"] == "alive"
    assert json.loads(event["data"]) == {"cursor": cursor}
    assert event["id"] == cursor


@pytest.mark.parametrize("alive_sec", ["0", "16", "x", "1e9"])
def test_signs_of_life_come_in_bounds(open_stream: Any, alive_sec: str) -> None:
    assert open_stream(f"?alive_sec={alive_sec}").answer.status == 422


def test_removed_cluster_ends_its_stream(open_stream: Any, registry: Any, scene: Any) -> None:
    reader = open_stream("?cluster=compute")
    reader.event()
    registry.remove(scene.cluster)
    event = reader.event()
    while event.get("event") == "changes":
        event = reader.event()
    assert event["event"] == "gone"
    assert json.loads(event["data"])["code"] == "unknown_cluster"
    assert reader.event() == {}


def test_closing_ends_every_stream(open_stream: Any, audience: Audience, scene: Any) -> None:
    readers = [open_stream() for _ in range(5)]
    for reader in readers:
        reader.event()
    audience.closing.set()
    begin = time.monotonic()
    for reader in readers:
        while reader.event():
            pass
    assert time.monotonic() - begin < 3
    _wait_until(lambda: _stream_threads() == 0)


def test_audience_hears_what_was_sent(
    open_stream: Any, registry: Any, audience: Audience, scene: Any
) -> None:
    open_stream().event()
    _wait_until(lambda: audience.present(5) == 1)
    scene.cluster.start(scene.queued, scene.beta)
    assert audience.wait_until_current(
        lambda: board_of(registry).version, within_sec=5, timeout_sec=DEADLINE_SEC
    )
    assert audience.present(5) == 1
    audience.closing.set()
    _wait_until(lambda: audience.present(5) == 0)


def test_client_that_leaves_gives_its_place_back(
    server: Any, registry: Any, scene: Any, audience: Audience
) -> None:
    reader = Reader(server.port)
    reader.event()
    reader.close()

    def left() -> bool:
        scene.cluster.submit()
        return _stream_threads() == 0

    _wait_until(left)
    assert audience.present(60) == 0


def test_streams_are_capped(registry: Any, scene: Any) -> None:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, max_streams=2))
    client = app.test_client()
    held = [client.get("/api/v1/stream") for _ in range(2)]
    refused = client.get("/api/v1/stream")
    assert (refused.status_code, refused.json["error"]["code"]) == (503, "too_many_streams")
    assert "Retry-After" in refused.headers
    held[0].close()
    again = client.get("/api/v1/stream")
    assert again.status_code == 200
    again.close()
    held[1].close()


def test_head_takes_no_place(registry: Any) -> None:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, max_streams=1))
    client = app.test_client()
    for _ in range(3):
        assert client.head("/api/v1/stream").status_code == 200


def test_two_hundred_viewers_share_the_work(
    open_stream: Any, registry: Any, scene: Any, monkeypatch: Any
) -> None:
    readers = []
    for _ in range(200):
        readers.append(open_stream())
        readers[-1].event()  # before the next: of snapshots, only so many wait for their turn
    view = type(registry.view("*"))
    made: list[str] = []
    changes = view.changes

    def counted(self: Any, since: str | None = None, **options: Any) -> Any:
        made.append(since or "")
        return changes(self, since, **options)

    monkeypatch.setattr(view, "changes", counted)
    for _ in range(5):
        scene.cluster.submit()
        for reader in readers:
            assert reader.changes()["snapshot"] is False
    assert len(made) < 100
