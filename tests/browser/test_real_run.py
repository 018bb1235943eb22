"""A bad run on real nodes: the questions that its user has, asked of JSON and pages.

One node takes twice as long, one fails nine times as often, one is lost; jobs fail in five ways;
and the history drops nine of ten jobs. The answers are compared with the client's own tally.
"""

from __future__ import annotations

import json
import re
import statistics
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.stage import Browsers, Stage, cells, rows, serve, tile
from clusters import LocalDispy, submit_node, wait_until
from computations import work_or_fail
from dispy import DispyJob
from playwright.sync_api import expect

from flask_dispy import ClusterRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

ALIKE, SLOW, FAILING, LOST = ("127.0.0.2", "127.0.0.3"), "127.0.0.4", "127.0.0.5", "127.0.0.6"
NODES = (*ALIKE, SLOW, FAILING)
JOBS = 30
NAP_SEC = 0.3
LIMIT = 12

WAYS = {
    "key": "KeyError",
    "value": "ValueError",
    "index": "IndexError",
    "runtime": "RuntimeError",
    "die": "process died",
}


def way_of(ip_addr: str, number: int) -> str:
    """How a job ends: eighteen fail on the failing node, two on each of the others."""
    fails = number % 5 < 3 if ip_addr == FAILING else number in (10, 20)
    return list(WAYS)[number % 7 % 5] if fails else ""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(
        history_limit=LIMIT, history=tmp_path / "runs.sqlite", cpu_hour_price=36.0
    )
    yield registry
    registry.close()


class Run:
    """The run, and the client's own account of it."""

    def __init__(self, local_dispy: LocalDispy, registry: ClusterRegistry) -> None:
        for number in range(2, 6):
            local_dispy.start_node(number)
        doomed = local_dispy.start_node(6)
        cluster = local_dispy.job_cluster(work_or_fail)
        registry.add(cluster, tags=["bad"])
        view = registry.view("work_or_fail")
        wait_until(lambda: len(view.nodes()) == 5, what="all nodes")
        self.lost = [submit_node(cluster, LOST, "", n, 120) for n in range(2)]
        wait_until(lambda: view.summary()["jobs"]["running"] == 2, what="jobs on the doomed node")
        doomed.kill()
        self.jobs: dict[DispyJob, str] = {}
        for number in range(JOBS):
            for ip_addr in NODES:
                nap = 2 * NAP_SEC if ip_addr == SLOW else NAP_SEC
                way = way_of(ip_addr, number)
                self.jobs[submit_node(cluster, ip_addr, way, number, nap)] = way
        self.all = len(self.jobs) + len(self.lost)
        wait_until(
            lambda: view.summary()["jobs"]["done"] == self.all, timeout_sec=120, what="all ends"
        )

    @property
    def failed(self) -> list[DispyJob]:
        return [job for job, way in self.jobs.items() if way]

    def ran_on(self, ip_addr: str) -> list[float]:
        """How long the jobs took that finished on a node."""
        return [
            job.end_time - job.start_time
            for job, way in self.jobs.items()
            if job.ip_addr == ip_addr and not way
        ]


def ask(stage: Stage, path: str) -> Any:
    with urllib.request.urlopen(f"{stage.server.url}api/v1/{path}", timeout=30) as answer:
        return json.load(answer)


def test_bad_run_is_understood_though_most_jobs_are_forgotten(
    local_dispy: LocalDispy, registry: ClusterRegistry, browsers: Browsers
) -> None:
    run = Run(local_dispy, registry)
    with serve(registry, browsers) as stage:
        summary = ask(stage, "clusters/work_or_fail")
        assert summary["history"]["retained"] == LIMIT
        assert summary["jobs"]["failed"] == len(run.failed)
        assert summary["jobs"]["finished"] == len(run.jobs) - len(run.failed)
        assert summary["jobs"]["abandoned"] == len(run.lost)
        what_fails_most(stage, run)
        which_nodes_are_worse(stage, run)
        how_long_jobs_took(stage, run)
        what_happened(stage)
        what_it_cost(stage, run)
        how_the_run_did(stage, run)


def what_fails_most(stage: Stage, run: Run) -> None:
    found = ask(stage, "clusters/work_or_fail/errors")
    tally = Counter(WAYS[run.jobs[job]] for job in run.failed)
    assert {kind["type"]: kind["count"] for kind in found["items"]} == tally
    assert (found["total"], found["other"]) == (5, 0)
    commonest = found["items"][0]
    nodes = Counter(job.ip_addr for job in run.failed if WAYS[run.jobs[job]] == commonest["type"])
    assert {node["ip_addr"]: node["count"] for node in commonest["nodes"]} == nodes
    page = stage.open("jobs.html?view=errors")
    errors = page.locator("#errors")
    expect(rows(errors)).to_have_count(5)
    assert [int(text) for text in cells(errors, "count")] == sorted(tally.values(), reverse=True)
    page = stage.open()
    expect(page.locator(".top-errors li").first).to_contain_text(f"{commonest['count']} jobs")


def which_nodes_are_worse(stage: Stage, run: Run) -> None:
    compared = {}

    def are_found() -> bool:
        items = ask(stage, "clusters/work_or_fail/comparison")["items"]
        compared.update({row["ip_addr"]: row for row in items})
        return compared[SLOW]["slow"] and compared[FAILING]["failing"]

    wait_until(are_found, what="the verdicts")
    assert not any(compared[ip_addr]["failing"] for ip_addr in (*ALIKE, SLOW))
    for ip_addr in NODES:
        assert compared[ip_addr]["failed"] == sum(job.ip_addr == ip_addr for job in run.failed)
    assert compared[SLOW]["times_others"] > 1.5
    page = stage.open()
    expect(page.get_by_role("link", name=re.compile(r"^node5 failing: \d+ %$"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(r"slow"))).to_be_visible()
    expect(page.get_by_role("link", name="1 node lost")).to_be_visible()
    expect(tile(page, "abandoned")).to_have_text("2")


def how_long_jobs_took(stage: Stage, run: Run) -> None:
    for ip_addr in NODES:
        path = f"clusters/work_or_fail/durations?state=finished&node={ip_addr}"
        found, took = ask(stage, path)["ran"], run.ran_on(ip_addr)
        assert found["jobs"] == len(took)
        assert found["median_sec"] == pytest.approx(statistics.median_low(took), rel=0.06)
        assert found["longest_sec"] == pytest.approx(max(took), abs=0.05)
    waited = ask(stage, "clusters/work_or_fail/durations?state=finished")["waited"]
    assert waited["jobs"] == len(run.jobs) - len(run.failed)
    # Each node had its jobs from the start, and two CPUs.
    assert waited["longest_sec"] > NAP_SEC * (JOBS // 2 - 1)


def what_happened(stage: Stage) -> None:
    wait_until(
        lambda: ask(stage, "clusters/work_or_fail/events?kind=done")["items"], what="the end"
    )
    items = ask(stage, "clusters/work_or_fail/events")["items"]
    serials = [item["serial"] for item in items]
    assert serials == sorted(serials, reverse=True)
    kinds = Counter(item["kind"] for item in items)
    assert kinds["error_kind"] == 5
    assert [item["node"] for item in items if item["kind"] == "node_lost"] == [LOST]
    assert {item["type"] for item in items if item["kind"] == "error_kind"} == set(WAYS.values())


def what_it_cost(stage: Stage, run: Run) -> None:
    cost = ask(stage, "clusters/work_or_fail")["cost"]
    took = {job: job.end_time - job.start_time for job in run.jobs}
    lost = sum(took[job] for job in run.failed)
    # The client knows nothing of how long the abandoned jobs ran.
    assert cost["lost_sec"] > 0.9 * lost
    assert cost["used_sec"] > 0.9 * sum(took.values())
    assert cost["used_sec"] + cost["idle_sec"] == pytest.approx(cost["offered_sec"], abs=0.01)
    assert cost["money"] == pytest.approx(cost["offered_sec"] / 100, rel=0.01)


def how_the_run_did(stage: Stage, run: Run) -> None:
    (found,) = ask(stage, "runs?q=tag:bad")["items"]
    assert (found["name"], found["jobs"], found["failed"]) == (
        "work_or_fail",
        run.all,
        len(run.failed),
    )
    took = [sec for ip_addr in NODES for sec in run.ran_on(ip_addr)]
    assert found["median_sec"] == pytest.approx(statistics.median_low(took), rel=0.06)
    report = stage.server.url + "api/v1/clusters/work_or_fail/report"
    with urllib.request.urlopen(report, timeout=30) as answer:
        text = answer.read().decode()
    for error in WAYS.values():
        assert error in text
