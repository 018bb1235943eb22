"""The timeline through the JSON API: what runs are coloured by, and what lanes are sorted by."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
from dispy_objects import FakeCluster as Cluster
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.coloring import COLORS_BY
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry

URL = "/api/v1/clusters/{}/timeline"
LENGTHS = (1.0,) * 8 + (3.0, 10.0)


def run(
    cluster: Cluster, node: Any, sec: float, *, ago_sec: float = 60.0, error: str | None = None
) -> None:
    """Let a job run for so many seconds, and end, perhaps with an error."""
    job = cluster.submit(since_sec=ago_sec)
    cluster.start(job, node, since_sec=ago_sec)
    ended_at = time.time() - ago_sec + sec
    error = error and f"Traceback (most recent call last):\n{error}"
    cluster.end(job, node, exception=error, ended_at=ended_at)


def fill(cluster: Cluster) -> Any:
    """Ten jobs on one node, two of them long, and three failures on another; return the latter."""
    alpha, beta = (cluster.join(make_node(f"10.0.0.{n}", cpus=2)) for n in (1, 2))
    for sec in LENGTHS:
        run(cluster, alpha, sec)
    for error in ("KeyError: 1", "ValueError: row 5", "KeyError: 2"):
        run(cluster, beta, 0.1, error=error)
    return beta


def told(body: Any) -> dict[str, int]:
    """Return how many runs each class has, from the bars or from the buckets."""
    classes = body["classes"]
    if "bars" in body:
        of = body["bars"]["class"]
        counts = {each["label"]: of.count(place) for place, each in enumerate(classes)}
    else:
        ended = body["buckets"]["ended_by"]
        counts = {each["label"]: sum(ended.get(each["key"], ())) for each in classes}
    return {label: count for label, count in counts.items() if count}


@pytest.mark.parametrize("limit", [1000, 1])
@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ("function", {"compute": 13}),
        ("error", {"no error": 10, "KeyError": 2, "ValueError": 1}),
        (
            "ran",
            {
                "under 0.5 of the median": 3,
                "0.8 to 1.25 times the median": 8,
                "2 to 4 times the median": 1,
                "over 4 times the median": 1,
            },
        ),
    ],
)
def test_each_run_has_its_class_in_bars_and_in_aggregates(
    client: Any, cluster: FakeCluster, color: str, expected: dict[str, int], limit: int
) -> None:
    fill(cluster)
    body = client.get(URL.format("compute"), query_string={"color": color, "limit": limit}).json
    assert (body["mode"], body["color"]) == ("bars" if limit > 1 else "aggregate", color)
    assert told(body) == expected
    if limit == 1:
        by = body["buckets"]["busy_by"]
        assert set(by) <= {each["key"] for each in body["classes"]}
        sums = [sum(shares) for shares in zip(*by.values(), strict=True)]
        assert sums == pytest.approx(body["buckets"]["busy"])


def test_state_needs_no_column_of_its_own(client: Any, cluster: FakeCluster) -> None:
    fill(cluster)
    bars, sums = (client.get(f"{URL.format('compute')}?limit={n}").json for n in (100, 1))
    words = ["running", "finished", "failed", "terminated", "cancelled", "abandoned"]
    assert [each["key"] for each in bars["classes"]] == words
    assert bars["color"] == "state"
    assert "class" not in bars["bars"]
    assert "ended_by" not in sums["buckets"]


def test_functions_of_all_clusters_are_distinguished(
    registry: Any, client: Any, cluster: FakeCluster
) -> None:
    names = ["compute", "compute", *(f"f{n}" for n in range(8))]
    clusters = [cluster, *(watched_cluster(registry, name) for name in names[1:])]
    for place, one in enumerate(clusters):
        node = one.join(make_node("10.0.0.1"))
        for _ in range(1 + place // 4):
            run(one, node, 1.0)
    body = client.get(f"{URL.format('*')}?color=function").json
    # compute has two jobs in two clusters; the two functions with one are put together.
    counts = told(body)
    assert counts.pop("other") == 2
    assert counts == {"compute": 2, **{f"f{n}": 1 + (n + 2) // 4 for n in range(2, 8)}}
    assert body["classes"][-1] == {"key": "other", "label": "other", "detail": "2 functions"}


def test_error_message_needs_the_permission_to_see_output(
    make_client: Any, cluster: FakeCluster
) -> None:
    fill(cluster)
    url = f"{URL.format('compute')}?color=error"
    details = [each["detail"] for each in make_client().get(url).json["classes"]]
    assert details == [None, "#", "row #"]
    barred = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    body = barred.get(url).json
    assert [each["detail"] for each in body["classes"]] == [None, None, None]
    assert told(body) == {"no error": 10, "KeyError": 2, "ValueError": 1}
    assert [each["detail"] for each in make_client().get(url).json["classes"]] == details


def test_kinds_beyond_seven_share_a_class(client: Any, cluster: FakeCluster) -> None:
    node = cluster.join(make_node("10.0.0.1"))
    for number in range(9):
        for _ in range(10 - number):
            run(cluster, node, 0.1, error=f"Bad{'abcdefghi'[number]}Error: x")
    counts = told(client.get(f"{URL.format('*')}?color=error").json)
    assert counts == {
        **{f"Bad{'abcdefghi'[n]}Error": 10 - n for n in range(7)}, "other errors": 3 + 2,
    }  # fmt: skip


def test_time_run_needs_a_job_that_finished(client: Any, cluster: FakeCluster) -> None:
    cluster.start(cluster.submit(), cluster.join(make_node("10.0.0.1")), since_sec=5)
    body = client.get(f"{URL.format('compute')}?color=ran").json
    assert told(body) == {"no median yet": 1}


@pytest.mark.parametrize(
    ("sort", "order", "first"),
    [
        ("address", ["10.0.0.3", "10.0.0.2", "10.0.0.1"], None),
        ("busy", ["10.0.0.1", "10.0.0.2", "10.0.0.3"], 0.525),
        ("failing", ["10.0.0.2", "10.0.0.3", "10.0.0.1"], 1.0),
        ("slow", ["10.0.0.2", "10.0.0.1", "10.0.0.3"], 4.0),
    ],
)
def test_lanes_are_sorted(
    registry: Any, client: Any, cluster: FakeCluster, sort: str, order: list[str], first: Any
) -> None:
    began_at = time.time()
    beta = fill(cluster)
    cluster.join(make_node("10.0.0.3"))
    if sort == "slow":
        for _ in range(5):
            run(cluster, beta, 4.0)
    board_of(registry).fold()
    (state,) = board_of(registry).states()
    state.comparison.refresh_all()
    window = {"from": began_at - 60, "to": began_at - 40}
    body = client.get(URL.format("compute"), query_string={"sort": sort, **window}).json
    lanes = body["lanes"]
    assert [lane["node"] for lane in lanes] == order
    assert lanes[0].get("figure") == (first and pytest.approx(first, rel=0.1))
    assert all(("figure" in lane) == (sort != "address") for lane in lanes)


def test_all_nodes_in_one_lane_make_a_map_of_the_run(client: Any, cluster: FakeCluster) -> None:
    fill(cluster)
    body = client.get(f"{URL.format('compute')}?lanes=together").json
    assert (body["mode"], body["total"]) == ("aggregate", 13)
    slots = max(4, math.ceil(max(body["buckets"]["busy"])))
    assert body["lanes"] == [{"node": "", "name": "", "slots": slots}]
    assert set(body["buckets"]["lane"]) == {0}
    assert sum(body["buckets"]["finished"]) == 10
    assert sum(body["buckets"]["failed"]) == 3


def test_past_run_has_the_same_colours(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    registry = ClusterRegistry(history=path)
    cluster = Cluster("compute")
    registry.add(cluster)
    fill(cluster)
    board_of(registry).fold()
    live = {color: told_of(registry.view("compute"), color) for color in COLORS_BY[1:]}
    registry.close()
    past = PastRegistry(path)
    (view,) = past.views()
    assert {color: told_of(view, color) for color in COLORS_BY[1:]} == live
    past.close()


def told_of(view: Any, color: str) -> dict[str, int]:
    return told(view.timeline(start=time.time() - 300, end=time.time(), color=color))
