"""A past run's pages: its whole length, when it was, and nothing that says it goes on."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from browser.stage import Browsers, Stage, axe_violations, rows, serve, tile
from dispy import DispyJob
from dispy_objects import FakeCluster
from playwright.sync_api import Locator, Page, expect
from unit.histories import run_once
from unit.old_history import back_to

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry

# A time is "now" that is less than a second ago, as this run's end may be.
LIVE_WORDS = re.compile(r"\b(Live|Now|now .|. now|Running|busy \d|No data yet|yet|Update|Follow)\b")
PAGES = ("", "monitor.html", "node.html?host=10.0.0.1", "jobs.html", "timeline.html", "manage.html")


def write_a_run_that_is_cut_off(path: Path) -> None:
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster("compute")
    registry.add(cluster)
    node = cluster.join("10.0.0.1", "alpha", cpus=4)
    cluster.pulse(node)
    for number in range(20):
        job = cluster.submit(number, job_id=f"job {number}")
        cluster.start(job, node)
        if number < 17:
            how = {"exception": "Traceback\nValueError: odd"} if number == 5 else {"result": number}
            status = DispyJob.Terminated if number == 5 else DispyJob.Finished
            cluster.end(job, node, status, **how)
    cluster.submit("waits")
    board_of(registry).fold()
    assert board_of(registry).recorder is not None
    # As it is when the program is killed: all is written, and the end is not.
    record = board_of(registry).recorder._records[board_of(registry).states()[0]]
    record.end = record.record_due  # type: ignore[method-assign]
    registry.close()


@pytest.fixture
def stage(tmp_path: Path, browsers: Browsers) -> Iterator[Stage]:
    path = tmp_path / "runs.sqlite"
    write_a_run_that_is_cut_off(path)
    registry = PastRegistry(path)
    with serve(registry, browsers, read_only=True) as stage:
        yield stage
    registry.close()


def settled(page: Page) -> None:
    expect(page.locator("#past-run")).to_contain_text("Past run: 20")


def test_every_page_says_past_run_and_has_no_live_words_or_commands(stage: Stage) -> None:
    page = stage.open()
    for path in PAGES:
        if path:
            stage.go(page, path)
        settled(page)
        expect(page.locator("#past-run")).to_contain_text(
            "4 jobs had not ended when it was cut off."
        )
        expect(page.locator("#connection")).to_have_text("Past run")
        expect(page.locator("body")).not_to_contain_text(re.compile("Waiting for the first data"))
        SHOWN[path.partition("?")[0]](page)
        lines = page.locator("body").inner_text().splitlines()
        assert (path, [line for line in lines if LIVE_WORDS.search(line)]) == (path, [])
        expect(page.get_by_role("link", name="Manage", exact=True)).to_have_count(0)
        for command in ("Terminate", "Close", "Allocate", "Update"):
            expect(page.get_by_role("button", name=command, exact=True)).to_have_count(0)


def _monitor_shows_the_totals_of_the_run(page: Page) -> None:
    expect(tile(page, "Not ended")).to_have_text("4")
    expect(tile(page, "finished")).to_have_text("16")
    expect(tile(page, "CPUs")).to_have_text("4")
    expect(page.locator(".progress-eta")).to_have_text("4 not ended when it was cut off")
    expect(page.locator("#ranges")).to_be_hidden()
    expect(page).to_have_title(re.compile("past run$"))


def _timeline_opens_on_the_whole_run(page: Page) -> None:
    expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".timeline-summary")).to_contain_text("16 finished")
    expect(page.locator(".timeline-range")).to_contain_text(re.compile(r"^20\d\d-"))


def _jobs_are_those_that_ended(page: Page) -> None:
    expect(rows(page)).to_have_count(17)
    expect(page.locator("#tabs .tab")).to_have_count(7)  # all, five states, and errors


def _manage_says_that_there_is_nothing_to_do(page: Page) -> None:
    expect(page.get_by_text("There is nothing to manage in a past run")).to_be_visible()
    expect(page.locator("#nodes")).to_be_hidden()


SHOWN: dict[str, Callable[[Page], None]] = {
    "": lambda page: expect(rows(page)).to_have_count(1),
    "monitor.html": _monitor_shows_the_totals_of_the_run,
    "node.html": lambda page: expect(page.locator("#node-name")).to_have_text("alpha"),
    "jobs.html": _jobs_are_those_that_ended,
    "timeline.html": _timeline_opens_on_the_whole_run,
    "manage.html": _manage_says_that_there_is_nothing_to_do,
}


def test_last_update_of_a_node_counts_from_the_end_of_the_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_later = SimpleNamespace(**vars(time) | {"time": lambda: time.time() + 200_000})
    monkeypatch.setattr("flask_dispy.watching.board.time", days_later)
    page = stage.open("node.html?host=10.0.0.1")
    update = page.locator(".fact", has_text="Last update").locator("dd")
    expect(update).to_have_text(re.compile(r"^(now|\d+ (s|min|h) ago)$"))


def node_chart(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=f"{title} over time")


def test_nodes_page_has_its_load_over_the_run(tmp_path: Path, browsers: Browsers) -> None:
    path = tmp_path / "runs.sqlite"
    run_once(path)
    course = {
        "step_sec": 20, "start": int(time.time()) - 2_000, "t": [20 * n for n in range(100)],
        "cpu_avail": [50] * 90 + [None] * 10, "memory_avail_mb": [4_000] * 100,
        "disk_avail_mb": [90_000] * 100, "swap_avail": [100] * 100, "running": [3] * 99 + [0],
    }  # fmt: skip
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE node_courses SET course = ?", (json.dumps(course),))
    with (
        closing(PastRegistry(path)) as registry,
        serve(registry, browsers, read_only=True) as stage,
    ):
        page = stage.open("node.html?host=10.0.0.1")
        plot = node_chart(page, "Jobs running").get_by_role("slider")
        expect(plot).to_have_attribute("aria-valuemax", "99")
        plot.press("Home")
        expect(node_chart(page, "Jobs running").locator(".tip")).to_contain_text("3")
        expect(node_chart(page, "Available CPU").locator(".chart-label")).to_contain_text("50 %")
        expect(node_chart(page, "Available memory")).to_contain_text("3.7 GiB")
        assert axe_violations(page) == []


def test_nodes_page_says_that_an_earlier_file_keeps_no_load(
    tmp_path: Path, browsers: Browsers
) -> None:
    path = tmp_path / "runs.sqlite"
    run_once(path)
    back_to(path, 8)
    with (
        closing(PastRegistry(path)) as registry,
        serve(registry, browsers, read_only=True) as stage,
    ):
        page = stage.open("node.html?host=10.0.0.1")
        expect(page.get_by_text("The node's load is not known")).to_be_visible()
        expect(page.locator("#node .chart")).to_have_count(0)
        assert axe_violations(page) == []
