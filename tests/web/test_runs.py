"""The runs of a history, and two of them side by side, through the JSON API."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster
from flask import Flask

from flask_dispy import ClusterRegistry, PastRegistry, create_blueprint
from flask_dispy.watching.dashboard import Dashboard, board_of

URL = "/api/v1/runs"
COMPARE = "/api/v1/runs/compare"


def work(cluster: FakeCluster, took_sec: float, failed: int, error: str) -> None:
    """Let 60 jobs run, of which so many fail."""
    node = cluster.join("10.0.0.1", "alpha")
    cluster.join(f"10.0.0.{len(error)}", "other")
    cluster.pulse(node)
    for number in range(60):
        job = cluster.submit(number, since_sec=20.0)
        cluster.start(job, node, since_sec=took_sec)
        fails = number < failed
        status = DispyJob.Terminated if fails else DispyJob.Finished
        how = {"exception": f"{error}: {number}"} if fails else {}
        cluster.end(job, node, status, **how)


def run_once(path: Path, took_sec: float, failed: int, error: str, *tags: str) -> None:
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster("compute")
    registry.add(cluster, tags=tags)
    work(cluster, took_sec, failed, error)
    board_of(registry).fold()
    registry.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of three runs: good, slow and failing, and good again."""
    path = tmp_path_factory.mktemp("history") / "runs.sqlite"
    run_once(path, 2.0, 3, "KeyError", "night", "v1")
    run_once(path, 8.0, 40, "OSError", "night", "v2")
    run_once(path, 2.0, 3, "KeyError", "day")
    return path


@pytest.fixture
def past(path: Path) -> Iterator[PastRegistry]:
    registry = PastRegistry(path)
    yield registry
    registry.close()


def client_of(registry: Dashboard, authorize: Callable[..., bool] | None = None) -> Any:
    app = Flask(__name__)
    app.register_blueprint(create_blueprint(registry, authorize=authorize))
    return app.test_client()


@pytest.fixture
def client(past: PastRegistry) -> Any:
    return client_of(past)


def ids(body: Any) -> list[int]:
    return [item["id"] for item in body["items"]]


def test_runs_come_newest_first_with_their_totals(client: Any, past: PastRegistry) -> None:
    body = client.get(URL).json
    assert ids(body) == [3, 2, 1]
    assert (body["total"], body["next"], body["next_after"]) == (3, None, None)
    slow = body["items"][1]
    assert (slow["name"], slow["tags"], slow["cluster"]) == (
        "compute",
        ["night", "v2"],
        past.names()[1],
    )
    assert (slow["jobs"], slow["failed"], slow["live"], slow["complete"]) == (60, 40, False, True)
    assert slow["median_sec"] == pytest.approx(8.0, rel=0.1)
    assert slow["p95_sec"] == pytest.approx(8.0, rel=0.1)
    assert slow["duration_sec"] == pytest.approx(slow["ended_at"] - slow["started_at"], abs=0.01)
    assert sum(slow["course"]["counts"]) == 60


def test_runs_are_searched_sorted_and_paged(client: Any) -> None:
    assert ids(client.get(f"{URL}?q=tag:night").json) == [2, 1]
    assert ids(client.get(f"{URL}?sort=failed&order=asc").json) == [3, 1, 2]
    first = client.get(f"{URL}?sort=median_sec&limit=2").json
    second = client.get(URL + first["next"]).json
    assert sorted(ids(first) + ids(second)) == [1, 2, 3]
    assert ids(first)[0] == 2
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [("q=node:a", "q"), ("sort=x", "sort"), ("after=x", "after"), ("sort=jobs&after=name~1~ta",
     "after"), ("limit=0", "limit")],
)  # fmt: skip
def test_nonsense_is_refused(client: Any, query: str, field: str) -> None:
    answer = client.get(f"{URL}?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_all_runs_can_be_taken_along(client: Any) -> None:
    lines = client.get(f"{URL}?format=jsonl&q=tag:night").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [2, 1]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{URL}?format=csv").text)))
    assert [row["id"] for row in rows] == ["3", "2", "1"]
    assert rows[1]["tags"] == "night, v2"


def test_worse_changes_come_first(client: Any) -> None:
    body = client.get(f"{COMPARE}?a=1&b=2").json
    assert (body["a"]["id"], body["b"]["id"], body["next"]) == (1, 2, None)
    assert body["total"] == len(body["items"])
    sure = [(row["what"], row["of"], row["name"]) for row in body["items"] if row["sure"]]
    assert sure[:3] == [
        ("failed", "function", "compute"),
        ("ran", "function", "compute"),
        ("failed", "error_kind", "OSError"),
    ]
    ran = body["items"][1]
    assert ran["verdict"] == "worse"
    assert ran["times"] == pytest.approx(4.0, rel=0.1)
    assert (ran["a"]["jobs"], ran["b"]["jobs"]) == (57, 20)
    failed = body["items"][0]
    assert (failed["a"]["failed"], failed["b"]["failed"], failed["b"]["jobs"]) == (3, 40, 60)
    nodes = [row["name"] for row in body["items"] if row["of"] == "node"]
    assert set(nodes) == {"10.0.0.1"}
    assert next(row["detail"] for row in body["items"] if row["of"] == "node") == "alpha"


def test_alike_runs_differ_in_nothing_for_sure(client: Any) -> None:
    body = client.get(f"{COMPARE}?a=1&b=3").json
    assert [row for row in body["items"] if row["sure"]] == []


def test_comparison_is_paged(client: Any) -> None:
    whole = client.get(f"{COMPARE}?a=1&b=2").json
    first = client.get(f"{COMPARE}?a=1&b=2&limit=2").json
    second = client.get(COMPARE + first["next"]).json
    assert first["items"] + second["items"] == whole["items"][:4]


def test_runs_that_are_not_there_are_not_found(client: Any) -> None:
    answer = client.get(f"{COMPARE}?a=1&b=99")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_run")
    answer = client.get(f"{COMPARE}?a=1")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "b")


def test_messages_are_for_those_who_may_see_arguments(past: PastRegistry) -> None:
    client = client_of(past, lambda permission, _request: permission != "see_arguments")
    rows = client.get(f"{COMPARE}?a=1&b=2").json["items"]
    kinds = [row for row in rows if row["of"] == "error_kind"]
    assert [row["detail"] for row in kinds] == [None, None]
    assert {row["name"] for row in kinds} == {"KeyError", "OSError"}


def test_registry_without_history_has_none(registry: ClusterRegistry) -> None:
    answer = client_of(registry).get(URL)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_run")


def test_live_dashboard_lists_what_goes_on_among_the_others(path: Path, tmp_path: Path) -> None:
    registry = ClusterRegistry(history=shutil.copy(path, tmp_path))
    cluster = FakeCluster("now")
    registry.add(cluster)
    work(cluster, 2.0, 0, "E")
    client = client_of(registry)
    wait_until(lambda: client.get(URL).json["total"] == 4)
    first = client.get(URL).json["items"][0]
    assert (first["name"], first["live"], first["cluster"]) == ("now", True, "now")
    assert [item["live"] for item in client.get(URL).json["items"][1:]] == [False] * 3
    registry.close()
