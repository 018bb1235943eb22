"""All nodes' load in one chart, at the start of the Node page."""

from __future__ import annotations

import time

from browser.stage import Stage
from playwright.sync_api import Locator, Page, expect

from flask_dispy.watching.dashboard import board_of


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
