"""What the jobs of a search have in common, through the JSON API."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry, PastRegistry
from flask_dispy.core.search.query import JobQuery

API = "/api/v1/clusters"


def work(cluster: FakeCluster, jobs: int = 40) -> None:
    """Let jobs run on four nodes: every third fails, in one of two ways, every tenth goes on."""
    nodes = [cluster.join(make_node(f"10.0.0.{n}", f"node-{n}")) for n in range(1, 5)]
    for number in range(jobs):
        job = cluster.submit(number, job_id=f"job-{number}")
        cluster.start(job, nodes[number % 4])
        if number % 10 == 0:
            continue
        error = f"Traceback\n{'ValueError' if number % 2 else 'KeyError'}: no {number}"
        cluster.end(job, nodes[number % 4], exception=error if number % 3 == 0 else None)


def facets_of(client: Any, query: str = "", name: str = "compute") -> dict[str, Any]:
    body = client.get(f"{API}/{name}/jobs/facets{query}").json
    return {facet["qualifier"]: facet for facet in body["facets"]} | {"total": body["total"]}


def rows_of(client: Any, query: str, name: str) -> list[dict[str, Any]]:
    return list(client.get(f"{API}/{name}/jobs?limit=1000&q={query}").json["items"])


def counted(facet: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {item["value"]: (item["jobs"], item["failed"]) for item in facet["items"]}


@pytest.mark.parametrize("name", ["compute", "*"])
@pytest.mark.parametrize("q", ["", "node:10.0.0.2 OR node:10.0.0.3", "-state:failed", "id:job-1*"])
def test_facets_are_those_of_the_jobs_listed(
    client: Any, registry: ClusterRegistry, name: str, q: str
) -> None:
    work(watched_cluster(registry, "compute"))
    work(watched_cluster(registry, "render"), 7)
    rows = rows_of(client, q, name)
    found = facets_of(client, f"?q={q}", name)
    assert found["total"] == len(rows) > 0
    for qualifier, field in (
        ("node", "node"),
        ("cluster", "cluster"),
        ("error-kind", "error_kind"),
    ):
        jobs = Counter(row[field] for row in rows if row[field])
        failed = Counter(row[field] for row in rows if row[field] and row["failed"])
        assert counted(found[qualifier]) == {
            value: (number, failed[value]) for value, number in jobs.items()
        }
        for value, (number, _) in counted(found[qualifier]).items():
            narrowed = client.get(f"{API}/{name}/jobs?q={q} {qualifier}:{value}").json
            assert q.endswith("OR") or " OR " in q or narrowed["total"] == number


def test_states_are_counted_as_if_the_search_named_none(
    client: Any, registry: ClusterRegistry
) -> None:
    work(watched_cluster(registry, "compute"))
    whole, some = facets_of(client), facets_of(client, "?state=failed")
    assert whole["state"] == some["state"]
    assert some["total"] == dict(counted(whole["state"]))["failed"][0]
    assert all(item["jobs"] == item["failed"] for item in some["node"]["items"])


def test_most_frequent_values_come_first_and_the_rest_is_summed_up(
    client: Any, registry: ClusterRegistry
) -> None:
    work(watched_cluster(registry, "compute"), 39)
    whole = facets_of(client)["node"]
    cut = facets_of(client, "?limit=3")["node"]
    assert whole["other"] == {"values": 0, "jobs": 0, "failed": 0}
    assert cut["items"] == whole["items"][:3]
    (last,) = whole["items"][3:]
    assert (last["value"], last["label"]) == ("10.0.0.4", "node-4")
    assert cut["other"] == {"values": 1, "jobs": last["jobs"], "failed": last["failed"]}


def test_client_that_may_not_see_arguments_learns_none(make_client: Any, registry: Any) -> None:
    work(watched_cluster(registry, "compute"))
    client = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    labels = {item["label"] for item in facets_of(client)["error-kind"]["items"]}
    assert labels == {"ValueError", "KeyError"}
    assert facets_of(client, "?q=arg:1")["total"] == 0
    assert all(not facet["items"] for facet in client.get(
        f"{API}/compute/jobs/facets?q=error:no").json["facets"])  # fmt: skip


def test_past_run_has_the_facets_it_ended_with(tmp_path: Path) -> None:
    live = ClusterRegistry(history=tmp_path / "runs.sqlite")
    work(watched_cluster(live, "compute"))
    before = live.view("*").job_facets(JobQuery.parse("-is:failed OR slower:0s"))
    live.close()
    past = PastRegistry(tmp_path / "runs.sqlite").view("*")
    after = past.job_facets(JobQuery.parse("-is:failed OR slower:0s"))
    ended = [facet for facet in after["facets"] if facet["qualifier"] == "error-kind"]
    assert ended == [facet for facet in before["facets"] if facet["qualifier"] == "error-kind"]
    assert ended[0]["items"][0]["label"] == "ValueError: no #"
