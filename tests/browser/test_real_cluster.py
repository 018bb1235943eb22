"""The whole way: real dispynodes that run real jobs, seen and managed in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import computations
import pytest
from browser.stage import Browsers, Stage, becomes, keys_shown, rows, serve, tile
from clusters import LocalDispy, cancel_all, result_of, wait_until
from dispy import DispyJob
from playwright.sync_api import expect

from flask_dispy import ClusterRegistry

pytestmark = pytest.mark.cluster

FIRST, SECOND, SPARE = "127.0.0.2", "127.0.0.3", "127.0.0.4"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster on two nodes of two CPUs; a third node is there for whoever adds it."""
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch, LocalDispy(folder / "dispy") as dispy:
        patch.chdir(folder)  # dispy leaves files where it runs
        for number in (2, 3, 4):
            dispy.start_node(number)
        yield dispy.job_cluster(computations.nap, nodes=[FIRST, SECOND])


@pytest.fixture
def stage(cluster: Any, registry: ClusterRegistry, browsers: Browsers) -> Iterator[Stage]:
    """The cluster with its two nodes, before a browser."""
    wait_until(lambda: len(cluster.status().nodes) >= 2, what="two nodes")
    registry.add(cluster)
    with serve(registry, browsers) as stage:
        yield stage
    registry.remove(cluster)


@pytest.fixture
def submit(cluster: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that submits a job with an id; the jobs end with the test."""
    jobs: list[Any] = []

    def submit(job_id: str, *args: Any) -> Any:
        jobs.append(cluster.submit(*args))
        jobs[-1].id = job_id
        return jobs[-1]

    yield submit
    cancel_all(cluster, jobs)


def test_jobs_are_seen_from_the_queue_to_their_end(stage: Stage, submit: Any) -> None:
    page = stage.open()
    expect(tile(page, "Nodes up")).to_have_text("2 / 2")
    for number in range(5):
        submit(f"nap {number}", 60)
    expect(tile(page, "running")).to_have_text("4")
    expect(tile(page, "queued")).to_have_text("1")
    expect(tile(page, "CPUs busy")).to_have_text("4 / 4")


def test_finished_jobs_show_their_result(stage: Stage, submit: Any) -> None:
    page = stage.open("jobs.html")
    submit("short", 0.1, "well slept")
    page.locator(".job-link", has_text="short").click()
    expect(page.locator(".job-pre-result")).to_have_text("well slept")


def test_job_is_terminated_from_its_nodes_page(stage: Stage, submit: Any) -> None:
    job = submit("endless", 600)
    wait_until(lambda: job.ip_addr, what="a node for the job")
    page = stage.open(f"node.html?host={job.ip_addr}")
    page.get_by_role("checkbox", name="Select job").check()
    page.get_by_role("button", name="Terminate", exact=True).click()
    page.get_by_role("button", name="Terminate 1 job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 1 job")
    recent = page.get_by_role("region", name="Recent jobs", exact=True)
    expect(rows(recent).first).to_contain_text("terminated")
    assert job.finish.wait(15)
    assert job.status == DispyJob.Terminated


def test_cpus_are_changed_on_the_nodes_page(stage: Stage, cluster: Any) -> None:
    page = stage.open(f"node.html?host={FIRST}")
    for cpus in (1, 2):
        box = page.get_by_role("spinbutton", name=f"CPUs of {FIRST}")
        box.fill(str(cpus))
        page.get_by_role("button", name="Set", exact=True).click()
        expect(page.locator(".notice-title").first).to_have_text("Set CPUs of 1 node")
        becomes(lambda: _cpus(cluster, FIRST), cpus)
        expect(page.locator(".fact dd").nth(1)).to_have_text(f"0 of {cpus}")


def _cpus(cluster: Any, ip_addr: str) -> int:
    return next(node.cpus for node in cluster.status().nodes if node.ip_addr == ip_addr)


def test_node_is_deallocated_and_allocated_again(stage: Stage, submit: Any) -> None:
    page = stage.open(f"node.html?host={SECOND}")
    page.get_by_role("button", name="Deallocate", exact=True).click()
    page.get_by_role("button", name="Deallocate 1 node").click()
    expect(page.locator(".notice-title")).to_have_text("Deallocated 1 node")
    for number in range(3):
        submit(f"elsewhere {number}", 60)
    running = stage.open("jobs.html?q=state:running")
    becomes(lambda: running.locator("[data-column=node] a").all_inner_texts(), [FIRST, FIRST])
    page.get_by_role("button", name="Allocate", exact=True).click()
    expect(page.locator(".notice-title").first).to_have_text("Asked 1 node")
    becomes(
        lambda: sorted(running.locator("[data-column=node] a").all_inner_texts()),
        [FIRST, FIRST, SECOND],
    )


def test_node_is_added_by_address(stage: Stage, submit: Any) -> None:
    page = stage.open("manage.html")
    page.get_by_label("Host or IP address").fill(SPARE)
    page.keyboard.press("Enter")
    expect(page.locator(".notice-title")).to_have_text(f"Asked for {SPARE}")
    becomes(lambda: SPARE in keys_shown(page), True)
    for number in range(6):
        submit(f"nap {number}", 60)
    expect(page.locator(f"[data-key='{SPARE}'] [data-column=running] .td-value")).to_have_text("2")


def test_node_is_closed_and_its_jobs_end_as_usual(stage: Stage, submit: Any) -> None:
    """The last test here, for the node does not come back."""
    page = stage.open("manage.html")
    jobs = [submit(f"nap {number}", 3, "well slept") for number in range(4)]
    running = page.locator(f"[data-key='{SECOND}'] [data-column=running] .td-value")
    expect(running).not_to_have_text("0")
    page.get_by_role("checkbox", name=f"Select {SECOND}").check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.locator(".notice-title")).to_have_text("Closed 1 node")
    state = page.locator(f"[data-key='{SECOND}'] [data-column=state] .td-value")
    expect(state).to_have_text("closed")
    expect(running).to_have_text("0")
    assert [result_of(job) for job in jobs] == ["well slept"] * 4
