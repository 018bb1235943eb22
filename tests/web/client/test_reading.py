"""What the client reads of a live server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from processes import in_thread
from web.conftest import Scene
from web.fakes import FakeCluster, watched_cluster
from web.hosted import serving as hosting
from web.test_shapes import fits

import flask_dispy
from flask_dispy import AsyncClient, Client, ClusterRegistry, DispyHTTPServer
from flask_dispy.client import (
    Unreachable,
)
from flask_dispy.client.sending import Request, Sender

READS: dict[str, tuple[Any, ...]] = {
    "changes": (), "cluster": (), "durations": (), "healthz": (), "job": (1,), "job_facets": (),
    "node": ("alpha",), "node_loads": (), "node_series": ("alpha",), "series": (), "settings": (),
    "timeline": (), "clusters": (), "comparison": (), "errors": (), "events": (), "jobs": (),
    "nodes": (), "offers": (),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(READS))
def test_answers_have_the_shapes_that_they_are_said_to_have(
    client: Client, scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[Any] = []
    send = Sender.send

    async def noting(self: Sender, request: Request[Any], *rest: Any) -> Any:
        shapes.append(request.shape)
        return await send(self, request, *rest)

    monkeypatch.setattr(Sender, "send", noting)
    answer = getattr(client, name)(*READS[name])
    answer = answer.page() if hasattr(answer, "page") else answer
    if name == "healthz":
        assert answer["status"] == "ok"
    else:
        assert fits(answer, shapes[0])


def test_rows_come_from_all_pages_and_each_once(client: Client, cluster: FakeCluster) -> None:
    count = 1_203
    for number in range(count):
        cluster.submit(number)
    found = [row["serial"] for row in client.jobs("compute")]
    assert sorted(found, reverse=True) == found
    assert len(set(found)) == count
    assert [row["serial"] for row in client.jobs(sort="submitted", order="asc")] == found[::-1]
    assert [len(page["items"]) for page in client.jobs().pages()] == [1_000, 203]


def test_limit_counts_rows_over_all_pages(client: Client, cluster: FakeCluster) -> None:
    for number in range(1_010):
        cluster.submit(number)
    assert len(list(client.jobs(limit=1_002))) == 1_002
    assert [row["serial"] for row in client.jobs(limit=2)] == [1_010, 1_009]
    assert len(client.jobs(limit=1_002).page()["items"]) == 1_000
    assert len(list(client.jobs(limit=3).jsonl().lines())) == 3
    page = client.jobs(limit=2, q="state:queued").page()
    assert (page["total"], len(page["items"]), page["counts"]["queued"]) == (1_010, 2, 1_010)


def test_searches_and_words_reach_the_server(client: Client, scene: Scene) -> None:
    assert [row["id"] for row in client.jobs(state=["failed", "running"])] == ["c", "b"]
    assert [row["id"] for row in client.jobs("compute", state="failed", q="error:ValueError")] == [
        "b"
    ]
    assert [row["name"] for row in client.nodes("compute", q="bet")] == ["beta"]
    assert client.timeline(start=1.0, end=2.0)["to"] == 2.0


@pytest.mark.parametrize("name", ["..", ".", "a/jobs", "50% *?#&+", "ä ö"])
def test_cluster_may_have_any_name(client: Client, registry: ClusterRegistry, name: str) -> None:
    watched_cluster(registry, name).submit("x")
    assert client.cluster(name)["name"] == name
    assert [row["cluster"] for row in client.jobs(name)] == [name]
    assert client.changes(name)["nodes"] == []


def test_dashboard_may_lie_below_a_prefix(registry: ClusterRegistry, cluster: Any) -> None:
    from flask import Flask

    app = Flask("host")
    app.register_blueprint(flask_dispy.create_blueprint(registry), url_prefix="/team/dispy")
    with hosting(app) as (host, port), Client(f"http://{host}:{port}/team/dispy") as client:
        assert client.cluster("compute")["name"] == "compute"
        with Client(f"http://{host}:{port}") as wrong, pytest.raises(Unreachable) as raised:
            wrong.cluster()
    assert raised.value.code == "not_a_dashboard"
    assert "Give the dashboard's root" in str(raised.value)


def test_async_client_reads_the_same(server: DispyHTTPServer, scene: Scene) -> None:
    async def read() -> tuple[Any, ...]:
        async with AsyncClient(server.url) as client:
            ids = [row["id"] async for row in client.jobs(state="failed")]
            pages = [page["total"] async for page in client.jobs().pages()]
            csv = [line async for line in client.jobs(limit=1).csv().lines()]
            return ids, pages, len(csv), (await client.cluster("compute"))["name"], repr(client)

    found = in_thread(lambda: asyncio.run(read()))
    assert found == (["b"], [4], 2, "compute", f"<AsyncClient {server.url}>")


def test_client_works_inside_an_event_loop(client: Client, scene: Scene) -> None:
    async def read() -> list[str]:
        return [row["id"] for row in client.jobs(state="failed")]

    assert in_thread(lambda: asyncio.run(read())) == ["b"]
