"""The kinds of errors through the JSON API, and the search for their jobs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster as Cluster
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry

URL = "/api/v1/clusters/compute/errors"
ERRORS = (
    "KeyError: 'key {}'",
    "ValueError: row {} is bad",
    "OSError: no /data/{}.csv",
    "MemoryError",
)


def fail(cluster: FakeCluster, node: Any, number: int) -> str:
    """Let a job fail with one of the errors; the further down, the rarer it is."""
    error = ERRORS[(number % 8).bit_length()].format(number)
    job = cluster.submit(number, job_id=f"id {number}")
    cluster.start(job, node)
    cluster.end(job, node, exception=f"Traceback\n{error}")
    return error.partition(":")[0]


@pytest.fixture
def tally(cluster: FakeCluster) -> Counter[str]:
    """How many jobs failed with each type; ten more finished."""
    nodes = [cluster.join(make_node(f"10.0.0.{n}")) for n in (1, 2)]
    tally = Counter(fail(cluster, nodes[number % 2], number) for number in range(30))
    for number in range(10):
        job = cluster.submit(number)
        cluster.start(job, nodes[0])
        cluster.end(job, nodes[0])
    return tally


def test_kinds_are_counted_as_the_client_counts(client: Any, tally: Counter[str]) -> None:
    body = client.get(URL).json
    assert {item["type"]: item["count"] for item in body["items"]} == tally
    assert (body["total"], body["failed"], body["other"], body["next"]) == (4, 30, 0, None)
    counts = [item["count"] for item in body["items"]]
    assert counts == sorted(counts, reverse=True)
    for item in body["items"]:
        assert item["share"] == round(item["count"] / 40, 6)
        assert sum(node["count"] for node in item["nodes"]) == item["count"]
        assert sum(item["course"]["counts"]) == item["count"]
        assert (item["function"], item["clusters"], item["new"]) == ("compute", ["compute"], False)
        assert item["sample"].startswith(f"Traceback\n{item['type']}")


def test_message_is_without_its_values(client: Any, tally: Counter[str]) -> None:
    messages = {item["type"]: item["message"] for item in client.get(URL).json["items"]}
    assert messages == {
        "KeyError": "'…'", "ValueError": "row # is bad", "OSError": "no <path>", "MemoryError": "",
    }  # fmt: skip


def test_kinds_are_sorted_and_paged(client: Any, tally: Counter[str]) -> None:
    first = client.get(f"{URL}?sort=first_at&order=asc&limit=3").json
    assert len(first["items"]) == 3
    second = client.get(f"{URL}{first['next']}").json
    assert (len(second["items"]), second["next"]) == (1, None)
    times = [item["first_at"] for item in [*first["items"], *second["items"]]]
    assert times == sorted(times)
    assert client.get(f"{URL}?sort=type").status_code == 422


def test_search_finds_the_jobs_of_a_kind(client: Any, tally: Counter[str]) -> None:
    jobs = "/api/v1/clusters/compute/jobs"
    for item in client.get(URL).json["items"]:
        found = client.get(f"{jobs}?q=error-kind:{item['id']}").json
        assert found["total"] == item["count"]
        assert {row["error_kind"] for row in found["items"]} == {item["id"]}
        assert [row["serial"] for row in found["items"][:5]] == item["serials"]
    kinds = [item["id"] for item in client.get(URL).json["items"][:2]]
    both = client.get(f"{jobs}?q=error-kind:{kinds[0]} ERROR-KIND:{kinds[1]}").json
    assert both["total"] == sum(sorted(tally.values())[-2:])
    assert client.get(f"{jobs}?q=error-kind:none").json["total"] == 0
    assert client.get(f"{jobs}?q=error-kind:").status_code == 422


def test_clusters_of_one_function_share_their_kinds(
    registry: Any, client: Any, cluster: FakeCluster
) -> None:
    other = watched_cluster(registry, "compute")
    third = watched_cluster(registry, "render")
    for one, number in ((cluster, 0), (other, 8), (third, 0)):
        fail(one, one.join(make_node("10.0.0.1")), number)
    items = client.get("/api/v1/clusters/*/errors").json["items"]
    assert sorted((item["function"], item["count"], item["clusters"]) for item in items) == [
        ("compute", 2, ["compute", "compute (2)"]), ("render", 1, ["render"]),
    ]  # fmt: skip
    (shared,) = (item for item in items if item["count"] == 2)
    assert shared["nodes"] == [{"ip_addr": "10.0.0.1", "count": 2}]
    assert sum(shared["course"]["counts"]) == 2


def test_client_without_output_sees_no_message(make_client: Any, tally: Counter[str]) -> None:
    client = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    body = client.get(URL)
    assert {item["type"]: item["count"] for item in body.json["items"]} == tally
    assert {(item["message"], item["sample"]) for item in body.json["items"]} == {(None, None)}
    assert "row" not in body.text.replace("rows", "")


def test_kinds_can_be_had_as_a_file(client: Any, tally: Counter[str]) -> None:
    text = client.get(f"{URL}?format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["type"]: int(row["count"]) for row in rows} == tally


@pytest.fixture
def redacting() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(
        redact=lambda text, _kind: text.replace("secret", "***"), history_limit=1
    )
    yield registry
    registry.close()


def test_errors_are_grouped_by_their_redacted_text(redacting: ClusterRegistry) -> None:
    cluster = Cluster("compute")
    redacting.add(cluster)
    node = cluster.join("10.0.0.1")
    for number in range(3):
        job = cluster.submit(number)
        cluster.start(job, node)
        cluster.end(job, node, DispyJob.Terminated, exception=f"ValueError: secret {number}")
    view = redacting.view("compute")
    wait_until(lambda: view.error_kinds().total and not view.error_kinds().other)
    (kind,) = view.error_kinds().items
    assert (kind["message"], kind["count"]) == ("*** #", 3)


@pytest.mark.parametrize("history_limit", [1_000, 3])
def test_past_run_shows_all_kinds_whatever_of_its_jobs_is_kept(
    tmp_path: Path, history_limit: int
) -> None:
    path = tmp_path / "runs.sqlite"
    registry = ClusterRegistry(history=path, history_limit=history_limit)
    cluster = Cluster("compute")
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    for number in range(30):
        job = cluster.submit(number)
        cluster.start(job, node)
        error = ERRORS[(number % 8).bit_length()].format(number)
        cluster.end(job, node, DispyJob.Terminated, exception=error)
    board_of(registry).fold()
    live = registry.view("compute").error_kinds()
    registry.close()
    past = PastRegistry(path, most_jobs=5)
    (view,) = past.views()
    kept = view.error_kinds()
    assert (kept.total, kept.failed, kept.other) == (4, 30, 0)
    for one, other in zip(kept.items, live.items, strict=True):
        assert {**one, "clusters": other["clusters"]} == other
    past.close()
