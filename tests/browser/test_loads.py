"""All nodes' load in one chart, at the start of the Node page."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from browser.stage import Browsers, Stage, serve
from playwright.sync_api import Locator, Page, expect
from unit.histories import run_once

from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry


def chart(page: Page) -> Locator:
    return page.locator("#loads .chart")


def twenty_minutes_pass(stage: Stage) -> None:
    """Have bands of the last twenty minutes, as though nothing had changed in them."""
    board = board_of(stage.registry)
    board.fold()
    with board.lock:
        for loads in (board.combined.loads, *(state.roster.loads for state in board.states())):
            loads._bands.clear()
            for step in range(100):
                loads.sample(time.time() - 1_000 + 10 * step)


def test_a_few_nodes_have_a_line_each_which_leads_to_the_node(stage: Stage) -> None:
    twenty_minutes_pass(stage)
    page = stage.open("node.html")
    expect(chart(page).locator(".chart-line")).to_have_count(3)
    plot = chart(page).get_by_role("slider")
    # At the end, where the busiest of the three stands alone: alpha, with 1 of 4 CPUs.
    expect(chart(page).locator(".chart-label", has_text="alpha")).to_contain_text("25 %")
    label = chart(page).locator(".chart-label", has_text="alpha").bounding_box()
    box = plot.bounding_box()
    assert label is not None
    assert box is not None
    page.mouse.click(label["x"] - 10, label["y"] + label["height"] / 2)
    page.wait_for_url("**/node.html?*host=10.0.0.2")


def test_many_nodes_have_bands(stage: Stage) -> None:
    for number in range(20, 40):
        stage.joins(f"10.0.0.{number}", f"n{number}", cpus=2)
    twenty_minutes_pass(stage)
    page = stage.open("node.html")
    expect(chart(page).locator(".chart-line")).to_have_count(5)
    expect(chart(page).locator(".chart-label", has_text="median")).to_contain_text("0 %")
    chart(page).get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#loads")).to_contain_text("least")


def test_past_run_has_its_whole_load_or_says_that_it_is_not_known(
    tmp_path: Path, browsers: Browsers
) -> None:
    path = tmp_path / "runs.sqlite"
    run_once(path)
    run_once(path, "old")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET started_at = started_at - 3600")
        db.execute("DELETE FROM loads")
        db.executemany(
            "INSERT INTO loads SELECT id, last_at - ?, ? FROM runs WHERE name = 'compute'",
            [(10 * n, f'{{"10.0.0.1": {n % 100}}}') for n in range(300)],
        )
    registry = PastRegistry(path)
    compute, old = (
        next(name for name in registry.names() if name.startswith(word))
        for word in ("compute", "old")
    )
    with serve(registry, browsers, read_only=True) as stage:
        page = stage.open(f"node.html?cluster={compute}")
        expect(chart(page).locator(".chart-line")).to_have_count(1)
        plot = chart(page).get_by_role("slider")
        expect(plot).to_have_attribute("aria-valuemax", "299")
        plot.press("Home")
        expect(page.locator("#loads .tip")).to_contain_text("99 %")
        stage.go(page, f"node.html?cluster={old}")
        expect(page.locator("#loads")).to_contain_text("an earlier version of flask_dispy wrote")
        stage.go(page, "node.html")
        expect(page.locator("#loads")).to_contain_text("one run at a time")
    registry.close()
