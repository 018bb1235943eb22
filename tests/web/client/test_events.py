"""The client yields events as they happen, each once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from clusters import wait_until
from web.client.conftest import Restart
from web.conftest import Scene
from web.fakes import make_node, watched_cluster

from flask_dispy import Client, ClusterRegistry
from flask_dispy.client import sending, waiting
from flask_dispy.client.following import summary_in
from flask_dispy.client.reading import Reading
from flask_dispy.wire.shapes.clusters import Summary


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

    def noting(changes: Any, cluster: str) -> Summary:
        summary = summary_in(changes, cluster)
        shown.append(summary["events"]["latest"])
        return summary

    monkeypatch.setattr(waiting, "summary_in", noting)
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
