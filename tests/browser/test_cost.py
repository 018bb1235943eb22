"""What CPU time came to and cost, on Monitor, in the table of nodes and on a node's page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser.stage import Browsers, Stage, fill_stage, serve, tile
from playwright.sync_api import expect

from flask_dispy import ClusterRegistry

MONEY = re.compile(r"^[\d,]+\.\d\d+( / [\d,]+\.\d\d)?$")


@pytest.fixture
def priced(browsers: Browsers) -> Iterator[Stage]:
    registry = ClusterRegistry(cpu_hour_price={"10.0.0.2": 3_600, "*": 360})
    with serve(registry, browsers) as stage:
        fill_stage(stage)
        yield stage
    registry.close()


def test_monitor_says_what_the_run_cost_and_a_nodes_page_how_long_it_idled(priced: Stage) -> None:
    page = priced.open()
    cost = page.locator(".tile", has_text="Cost so far")
    expect(cost.locator(".tile-value")).to_have_text(MONEY)
    expect(cost).to_have_attribute("title", re.compile("so far.*an hour as it is now.*were idle"))
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Cost", exact=True).check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="Cost", exact=True)).to_be_visible()
    expect(page.locator("[data-key='10.0.0.2']")).to_contain_text(re.compile(r"\d\.\d\d"))
    priced.go(page, "node.html?host=10.0.0.2")
    for label in ("Cost", "CPU time idle"):
        fact = page.locator(".fact", has=page.get_by_text(label, exact=True))
        expect(fact.locator("dd")).to_have_text(re.compile(r"\d"))


def test_without_a_price_the_hours_are_shown(stage: Stage) -> None:
    page = stage.open()
    expect(tile(page, "CPU hours used")).to_have_text(re.compile(r"^[\d.]+( / [\d.]+)?$"))
    expect(page.get_by_text("Cost so far")).to_have_count(0)
    stage.go(page, "node.html?host=10.0.0.2")
    expect(page.get_by_text("CPU time idle", exact=True)).to_be_visible()
    expect(page.get_by_text("Cost", exact=True)).to_be_hidden()
