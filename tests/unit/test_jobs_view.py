"""Pages of jobs: first filtered, then cut, complete and without repeats."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import UnknownJob
from flask_dispy.core.search.query import JobQuery
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.views import View


def all_pages(view: View, query: JobQuery, limit: int) -> list[int]:
    serials: list[int] = []
    after = None
    while True:
        page = view.jobs(query, limit=limit, after=after)
        serials.extend(job["serial"] for job in page.items)
        after = page.end
        if after is None:
            return serials


@pytest.fixture
def other(registry: ClusterRegistry) -> FakeCluster:
    other = FakeCluster("render")
    registry.add(other)
    return other


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 11])
def test_pages_are_complete_newest_first(
    registry: ClusterRegistry, cluster: FakeCluster, other: FakeCluster, limit: int
) -> None:
    for number in range(10):
        (cluster if number % 3 else other).submit(number)
    assert len(all_pages(registry.view("compute"), JobQuery(), limit)) == 6
    assert all_pages(registry.view("*"), JobQuery(), limit) == list(range(10, 0, -1))


def test_total_and_counts_are_of_the_whole_search(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    node = cluster.join("10.0.0.1")
    for number in range(9):
        job = cluster.submit("even" if number % 2 == 0 else "odd")
        if number < 3:
            cluster.end(job, node)
    page = registry.view("compute").jobs(JobQuery.parse("even", states=["queued"]), limit=2)
    assert (page.total, len(page.items)) == (3, 2)
    assert {state: n for state, n in page.counts.items() if n} == {"queued": 3, "finished": 2}


def test_stragglers_are_those_that_the_summary_counts(
    registry: ClusterRegistry, cluster: FakeCluster, other: FakeCluster
) -> None:
    nodes = [(cluster, cluster.join("10.0.0.1")), (other, other.join("10.0.0.2"))]
    for one, node in nodes:
        one.start(quick := one.submit(), node)
        one.end(quick, node)
    for since_sec in (60, 30, 1):
        for one, node in nodes:
            one.start(one.submit(), node, since_sec=since_sec)
    query = JobQuery.parse("is:straggler")
    combined = registry.view("*")
    assert [job["serial"] for job in combined.jobs(query).items] == [7, 6, 3, 2]
    assert combined.summary()["attention"]["stragglers"] == 4
    page = registry.view("compute").jobs(query, limit=1)
    assert (page.total, page.items[0]["serial"], page.end.serial) == (2, 3, 3)
    assert combined.jobs(JobQuery.parse("-is:straggler")).total == 4
    either = JobQuery.parse("is:straggler OR #1 cluster:compute")
    assert [job["serial"] for job in combined.jobs(either).items] == [3, 2, 1]
    assert combined.job_facets(either)["total"] == 3


def test_last_page_says_so(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    for _ in range(4):
        cluster.submit(1)
    assert registry.view("compute").jobs(limit=4).end is None
    end = registry.view("compute").jobs(limit=3).end
    assert end is not None
    assert end.serial == 2


def test_no_job_is_missed_or_repeated_while_jobs_come_and_go(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    node = cluster.join("10.0.0.1")
    jobs = [cluster.submit(number) for number in range(300)]
    board_of(registry).fold()
    stop = threading.Event()

    def churn() -> None:
        while not stop.wait(0.0005):
            if jobs:
                cluster.end(jobs.pop(), node)
            cluster.submit("new")

    busy = threading.Thread(target=churn)
    busy.start()
    try:
        serials = all_pages(registry.view("compute"), JobQuery(), 7)
    finally:
        stop.set()
        busy.join()
    assert serials == sorted(set(serials), reverse=True)
    assert set(range(1, 301)) <= set(serials)


def test_forgotten_jobs_leave_no_hole_in_the_pages() -> None:
    registry = ClusterRegistry(history_limit=3)
    cluster = FakeCluster()
    registry.add(cluster)
    for number in range(10):
        cluster.end(cluster.submit(number), None)
    assert all_pages(registry.view("compute"), JobQuery(), 2) == [10, 9, 8]
    registry.close()


def test_job_of_one_cluster_is_unknown_to_another(
    registry: ClusterRegistry, cluster: FakeCluster, other: FakeCluster
) -> None:
    cluster.submit("mine", job_id="x")
    assert registry.view("compute").job(1)["args"] == "mine"
    assert registry.view("*").job(1)["cluster"] == "compute"
    with pytest.raises(UnknownJob):
        registry.view("render").job(1)


def test_cluster_of_a_search_narrows_the_combined_view(
    registry: ClusterRegistry, cluster: FakeCluster, other: FakeCluster
) -> None:
    cluster.submit(1)
    other.submit(2)
    page = registry.view("*").jobs(JobQuery.parse("cluster:render"))
    assert [job["cluster"] for job in page.items] == ["render"]


def test_running_jobs_of_a_node_are_those_of_all_its_clusters(
    registry: ClusterRegistry, cluster: FakeCluster, other: FakeCluster
) -> None:
    for each in (cluster, other):
        each.start(each.submit(1), each.join("10.0.0.1"))
    assert len(registry.view("*").running_jobs("10.0.0.1")) == 2
    assert len(registry.view("*").running_jobs("10.0.0.1", 1)) == 1
    assert [job["cluster"] for job in registry.view("render").running_jobs("10.0.0.1")] == [
        "render"
    ]
    assert registry.view("*").running_jobs("10.9.9.9") == []


def test_private_search_leaks_nothing_by_its_counts(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    cluster.end(cluster.submit("secret", k="secret"), None, DispyJob.Terminated, exception="secret")
    for q in ("secret", "arg:secret", "error:secret"):
        page = registry.view("compute").jobs(JobQuery.parse(q), private=True)
        assert (page.total, page.items, sum(page.counts.values())) == (0, [], 0)


def test_argument_of_a_users_class_is_shown_soon(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    release = threading.Event()

    class Own:
        def __str__(self) -> str:
            release.wait(1)
            return "own text"

    cluster.submit(Own())
    view = registry.view("compute")
    assert view.job(1)["args"] is None
    version = board_of(registry).version
    release.set()
    wait_until(lambda: view.job(1)["args"] == "own text")
    assert board_of(registry).version > version
    assert view.jobs(JobQuery.parse('arg:"own text"')).total == 1


def test_argument_that_asks_the_registry_does_not_lock_it(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    class Nosy:
        def __str__(self) -> str:
            return f"{registry.view('*').summary()['jobs']['submitted']} submitted"

    cluster.submit(Nosy())
    wait_until(lambda: registry.view("compute").job(1)["args"] == "1 submitted")


def test_redacted_texts_never_show(registry: ClusterRegistry) -> None:
    private = ClusterRegistry(redact=lambda text, kind: text.replace("secret", "[hidden]"))
    cluster = FakeCluster()
    private.add(cluster)
    cluster.end(cluster.submit("secret", k="secret"), None, result="secret", exception="secret")

    def texts() -> Any:
        job = private.view("*").job(1)
        shown = [job[field] for field in ("args", "kwargs", "result", "exception")]
        assert "secret" not in repr(private.view("*").jobs()) + repr(job)
        return shown if all(shown) else None

    assert wait_until(texts) == ["[hidden]", "k=[hidden]", "[hidden]", "[hidden]"]
    private.close()
