"""The jobs list in any order, page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from web.fakes import make_node

from flask_dispy.core.search.order import JOB_SORTS

JOBS = "/api/v1/clusters/*/jobs"


@pytest.fixture
def many(cluster: Any, registry: Any) -> Any:
    """Jobs in each state, on three nodes, whose waits differ by more than a slow test takes."""
    nodes = [cluster.join(make_node(f"10.0.0.{number}")) for number in (2, 10, 9)]
    for number in range(60):
        job = cluster.submit(number, job_id=f"job-{number}", since_sec=number % 7 * 100.0 + number)
        if number % 4:
            cluster.start(job, nodes[number % 3])
        if number % 4 > 1:
            error = "Traceback\nValueError: no" if number % 4 == 3 else None
            cluster.end(job, nodes[number % 3], exception=error)
    return cluster


def pages(client: Any, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    following = f"?limit=7{query}"
    while following:
        body = client.get(JOBS + following).json
        rows += body["items"]
        following = body["next"]
    return rows


@pytest.mark.parametrize("sort", JOB_SORTS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_hold_each_job_once_in_order(client: Any, many: Any, sort: str, order: str) -> None:
    query = f"&sort={sort}&order={order}"
    rows = pages(client, query)
    assert sorted(row["serial"] for row in rows) == list(range(1, 61))
    whole = client.get(f"{JOBS}?limit=1000{query}").json["items"]
    assert [row["serial"] for row in rows] == [row["serial"] for row in whole]
    exported = client.get(f"{JOBS}?format=jsonl{query}").text.splitlines()
    assert [json.loads(line)["serial"] for line in exported] == [row["serial"] for row in whole]


@pytest.mark.parametrize(
    ("sort", "field"),
    [("submitted", "submitted_at"), ("started", "started_at"), ("ended", "ended_at"),
     ("waited", "waited_sec"), ("ran", "duration_sec"), ("attempts", "attempts")],
)  # fmt: skip
def test_largest_come_first_and_unknown_ones_last(
    client: Any, many: Any, sort: str, field: str
) -> None:
    search = "&state=finished" if sort in ("waited", "ran") else ""  # of others it goes on
    values = [row[field] for row in pages(client, f"&sort={sort}{search}")]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values == known + [None] * (len(values) - len(known))


def test_search_is_sorted_too(client: Any, many: Any) -> None:
    rows = pages(client, "&sort=node&order=asc&state=failed")
    assert [row["node"] for row in rows] == ["10.0.0.2"] * 5 + ["10.0.0.9"] * 5 + ["10.0.0.10"] * 5
    assert {row["failed"] for row in rows} == {True}


@pytest.mark.parametrize(
    ("query", "field"),
    [("sort=size", "sort"), ("order=up", "order"), ("sort=ran&before=5", "before"),
     ("sort=ran&after=5", "after"), ("sort=ran&after=node~1.0~5~tx", "after")],
)  # fmt: skip
def test_nonsense_is_refused(client: Any, many: Any, query: str, field: str) -> None:
    refused = client.get(f"{JOBS}?{query}")
    assert (refused.status_code, refused.json["error"]["field"]) == (422, field)


def test_order_that_time_changes_is_never_called_unchanged(client: Any, many: Any) -> None:
    assert "ETag" not in client.get(f"{JOBS}?sort=ran").headers
    assert "ETag" in client.get(f"{JOBS}?sort=ended").headers
