"""Nodes that are slower, or fail more often, than the others."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, cells, keys_shown, rows
from playwright.sync_api import Page, expect
from web.fakes import watched_cluster

NODES = tuple(f"10.0.0.{number}" for number in range(2, 8))
SLOW, FAILING = "10.0.0.4", "10.0.0.6"


@pytest.fixture
def page(stage: Stage) -> Page:
    """Monitor, with six nodes of which one is slow and one fails."""
    join(stage)
    work(stage)
    return show(stage)


def join(stage: Stage) -> None:
    stage.cluster = watched_cluster(stage.registry, "compared")
    for ip_addr in NODES:
        stage.joins(ip_addr, f"node {ip_addr[-1]}")


def work(stage: Stage) -> None:
    for number in range(40):
        for ip_addr in NODES:
            took = 40.0 + number % 7
            took *= 2 if ip_addr == SLOW else 1
            job = stage.runs(ip_addr, number, job_id=f"{ip_addr} {number}", since_sec=took)
            if ip_addr == FAILING and number % 3 == 0:
                stage.ends(job, exception="Traceback\nValueError: no")
            else:
                stage.ends(job, after_sec=took)


def show(stage: Stage, width: int = 1280) -> Page:
    page = stage.audience.page()
    page.set_viewport_size({"width": width, "height": 800})
    stage.go(page, "monitor.html?cluster=compared")
    expect(rows(page)).to_have_count(6)
    return page


def test_table_and_map_say_by_how_much_and_the_browser_keeps_their_columns_and_shade(
    page: Page,
) -> None:
    expect(page.locator(".chip-slow")).to_be_visible()
    expect(page.locator(".chip-failing")).to_be_visible()
    head = page.get_by_role("columnheader", name=re.compile("x others"))
    expect(head).to_be_visible()
    assert page.locator(".table").first.evaluate("e => e.scrollWidth <= e.clientWidth")
    head.click()
    expect(rows(page).locator(".is-alert").first).to_have_text(re.compile(r"^(1\.9|2\.0|2\.1) .$"))
    assert keys_shown(page)[0] == SLOW
    assert sorted(cells(page, "failed_share"))[:2] == ["0 %", "0 %"]
    assert "35 %" in cells(page, "failed_share")
    expect(page.get_by_role("columnheader", name="Swap")).to_have_count(0)
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Name", exact=True).uncheck()
    expect(page.get_by_role("columnheader", name="Swap")).to_have_count(0)
    kept = page.evaluate("JSON.parse(localStorage.getItem('dispy.columns.monitor'))")
    assert "name" in kept
    assert "swap" not in kept
    page.get_by_role("checkbox", name="x others").uncheck()
    expect(head).to_have_count(0)
    page.keyboard.press("Escape")
    shade = page.get_by_role("combobox", name="Shade of the node map")
    link = page.locator(".nodemap-link")
    page.locator(".nodemap-field").hover(position={"x": 12, "y": 12})
    expect(link).to_have_text(re.compile("0 of 4 CPUs busy$"))
    before = page.locator(".nodemap-canvas").screenshot()
    shade.select_option("failing")
    page.locator(".nodemap-field").hover(position={"x": 14, "y": 12})
    expect(link).to_have_text(re.compile("busy, failing [0-9]+ %$"))
    assert page.locator(".nodemap-canvas").screenshot() != before
    page.reload()
    expect(page.get_by_role("columnheader", name="Failed")).to_be_visible()
    expect(head).to_have_count(0)
    expect(shade).to_have_value("failing")


def test_comparison_columns_take_no_room_from_columns_chosen_before(stage: Stage) -> None:
    join(stage)
    page = show(stage)
    expect(page.get_by_role("columnheader", name="x others")).to_have_count(0)
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Name", exact=True).uncheck()
    page.keyboard.press("Escape")
    work(stage)
    expect(page.get_by_role("columnheader", name="x others")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Swap")).to_be_visible()


def test_slow_and_failing_nodes_are_found_and_phone_and_a_nodes_page_say_the_verdict_too(
    stage: Stage,
) -> None:
    join(stage)
    work(stage)
    page = show(stage, 390)
    expect(page.locator(".td[data-column=failed_share]", has_text="35 %")).to_be_visible()
    expect(page.locator(".td[data-column=times_others] .is-alert")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    failing = page.locator(".chip-failing")
    expect(failing).to_have_text(re.compile(r"^node \d failing: 35 %$"))
    page.locator(".chip-slow", has_text=re.compile(r"^node \d slow: [12]\.\d . others$")).click()
    expect(rows(page)).to_have_count(1)
    assert keys_shown(page) == [SLOW]
    failing.click()
    expect(rows(page).locator(".cell-link")).to_have_text(FAILING)
    page.set_viewport_size({"width": 390, "height": 800})
    stage.go(page, "node.html?cluster=compared")
    expect(page.locator(".node-card .is-alert")).to_have_text(
        [re.compile(r"^35 % failed$"), re.compile(r"^[12]\.\d . others$")]
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    stage.go(page, f"node.html?cluster=compared&host={SLOW}")
    fact = page.locator(".fact", has_text="Beside the others")
    expect(fact).to_contain_text(re.compile(r"(1\.9|2\.0|2\.1) .: slow"))
    expect(page.locator(".fact", has_text="Rank by time")).to_contain_text("slowest of 6")
    stage.go(page, f"node.html?cluster=compared&host={FAILING}")
    expect(page.locator(".fact", has_text="Failed")).to_contain_text("14, 35 %: failing")
