"""A hundred thousand jobs on three hundred nodes: found, counted and drawn like a handful."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from browser.stage import Browsers, Stage, becomes, rows, serve, tile
from playwright.sync_api import Page, expect
from web.fakes import make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.jobs import Job, Output
from flask_dispy.watching.dashboard import board_of

JOBS = 100_000
NODES = 300
SPAN_SEC = 3_600.0


@pytest.fixture(scope="module")
def crowd() -> Iterator[ClusterRegistry]:
    """A cluster that has run for an hour, made once; one job in fifty failed."""
    registry = ClusterRegistry(history_limit=JOBS)
    cluster = watched_cluster(registry)
    for number in range(NODES):
        cluster.join(make_node(_address(number), f"node-{number:03}", cpus=4))
    board_of(registry).fold()
    (watched,) = board_of(registry).members()
    began_at = time.time() - SPAN_SEC
    with board_of(registry).lock:
        watched.state.adopt([_job(serial, began_at) for serial in range(1, JOBS + 1)])
        board_of(registry).publish(watched)
    yield registry
    registry.close()


@pytest.fixture
def stage(crowd: ClusterRegistry, browsers: Browsers) -> Iterator[Stage]:
    with serve(crowd, browsers) as stage:
        yield stage


def _address(number: int) -> str:
    return f"10.0.{number // 100}.{number % 100 + 1}"


def _job(serial: int, began_at: float) -> Job:
    started_at = began_at + (SPAN_SEC - 20) * serial / JOBS
    job = Job(serial, serial, started_at - 5, f"job-{serial}", f"{serial}, alpha", "")
    job.node, job.attempts = _address(serial % NODES), 1
    job.started_at, job.ended_at = started_at, started_at + 10
    job.state = "terminated" if serial % 50 == 0 else "finished"
    if job.state == "terminated":
        job.output = Output()
        job.output.exception = "Traceback\nValueError: no such thing"
    return job


def _ids(page: Page) -> list[str]:
    return page.locator(".tbody .job-link").all_inner_texts()


def test_monitor_counts_them(stage: Stage) -> None:
    page = stage.open()
    expect(tile(page, "finished")).to_have_text("98,000")
    expect(page.get_by_role("link", name="2,000 jobs failed")).to_be_visible()
    expect(tile(page, "Nodes up")).to_have_text("300 / 300")


def test_jobs_are_counted_by_state_come_as_they_are_scrolled_to_and_are_searched(
    stage: Stage,
) -> None:
    page = stage.open("jobs.html")
    becomes(lambda: _ids(page)[:2], ["job-100000", "job-99999"])
    shown = page.locator("#jobs .table-count")
    expect(shown).to_contain_text("of 100,000")
    expect(page.locator(".tab", has_text="Failed")).to_contain_text("2,000")
    becomes(lambda: len(_ids(page)) > 10, True)
    before = shown.inner_text()
    page.mouse.move(600, 600)

    def more_came() -> bool:
        page.mouse.wheel(0, 4_000)
        return shown.inner_text() != before

    becomes(more_came, True)
    expect(shown).to_contain_text("of 100,000")
    search = page.get_by_role("combobox", name="Search jobs")
    for query, found in (
        ("id:job-77777", ["job-77777"]),
        ("state:failed id:job-7775?", ["job-77750"]),
        ("arg:12345, node:node-045", ["job-12345"]),
    ):
        search.fill(query)
        page.keyboard.press("Enter")
        becomes(lambda: _ids(page), found)


def test_timeline_sums_up_many_jobs(stage: Stage) -> None:
    page = stage.open("timeline.html")
    page.get_by_role("button", name="All", exact=True).click()
    summary = page.locator(".timeline-summary")
    expect(summary).to_contain_text(re.compile(r"on 300 nodes: 98,000 finished, 2,000 failed"))
    for _ in range(12):
        page.get_by_role("button", name="Zoom in").click()
    expect(summary).not_to_contain_text("98,000")
    expect(rows(page)).to_have_count(0)
