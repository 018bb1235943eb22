"""How long jobs ran and waited, drawn on Jobs and on a node's page."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes, rows
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Ten jobs of 1 s and two of 100 s, on two nodes, besides those that every stage has."""
    for number in range(12):
        host, took = ("10.0.0.9", 100.0) if number >= 10 else ("10.0.0.10", 1.0)
        job = stage.runs(host, number, job_id=f"timed {number}", since_sec=took)
        stage.ends(job, after_sec=took)
    return stage


def panel(page: Page) -> Locator:
    return page.locator("#durations")


def opened(stage: Stage, path: str = "jobs.html") -> Page:
    page = stage.open(path)
    panel(page).get_by_role("button", name="Show durations").click()
    expect(figures(page)).to_contain_text("longest 1 min 40 s")
    return page


def figures(page: Page) -> Locator:
    return panel(page).locator(".histogram-figures").first


def slider(page: Page, end: str, time: str = "run") -> Locator:
    return panel(page).get_by_role("slider", name=f"Time {time}: {end}")


def bar(page: Page, kind: str, which: int, *, time: int = 0) -> dict[str, float]:
    """Where on the page a bar is."""
    box = panel(page).locator(f".histogram >> nth={time} >> .histogram-bar.is-{kind}").nth(which)
    found = box.bounding_box()
    assert found is not None
    return {**found, "middle": found["x"] + found["width"] / 2}


def searched(page: Page) -> str:
    return page.get_by_role("combobox", name="Search jobs").input_value()


def test_durations_are_asked_for_once_they_are_shown(stage: Stage) -> None:
    asked: list[str] = []
    page = stage.open(
        "jobs.html",
        before=lambda page: page.on(
            "request", lambda request: "/durations" in request.url and asked.append(request.url)
        ),
    )
    expect(rows(page)).to_have_count(17)
    assert asked == []
    expect(panel(page).locator(".histogram").first).to_be_hidden()
    panel(page).get_by_role("button", name="Show durations").click()
    expect(figures(page)).to_have_text(re.compile("median .* · 95 % up to .* · longest 1 min"))
    assert asked
    page.reload()
    expect(figures(page)).to_contain_text("longest 1 min 40 s")


def cleared(page: Page) -> None:
    page.get_by_role("combobox", name="Search jobs").fill("")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(17)


def test_drawing_clicking_or_keys_search_for_a_time_run_and_a_table_says_the_bars(
    stage: Stage,
) -> None:
    page = opened(stage)
    table = panel(page).get_by_role("table", name="Time run, jobs by duration")
    expect(table.get_by_role("row").last).to_contain_text(re.compile("min.*2 jobs"))
    slow = bar(page, "finished", -1)
    page.mouse.move(slow["middle"] - 20, slow["y"])
    page.mouse.down()
    page.mouse.move(slow["middle"] + 2, slow["y"], steps=4)
    page.mouse.up()
    becomes(lambda: bool(re.fullmatch(r"slower:[\d.]+s( faster:[\d.]+s)?", searched(page))), True)
    expect(rows(page)).to_have_count(2)
    expect(panel(page).locator(".histogram-readout").first).to_contain_text("2 jobs")
    cleared(page)
    slow = bar(page, "finished", -1)
    page.mouse.click(slow["middle"], slow["y"] + 2)
    expect(rows(page)).to_have_count(2)
    assert "slower:" in searched(page)
    cleared(page)
    least = slider(page, "at least")
    expect(least).to_have_attribute("aria-valuetext", re.compile(r"^(\d|\.)+ m?s$"))
    least.focus()
    last = int(slider(page, "at most").input_value())
    while int(least.input_value()) < last - 3:
        page.keyboard.press("ArrowRight")
    expect(least).to_have_attribute("aria-valuetext", re.compile("min"))
    expect(rows(page)).to_have_count(2)
    assert re.fullmatch(r"slower:[\d.]+s", searched(page))
    expect(least).to_be_focused()


def test_drawing_searches_for_a_time_waited_and_durations_follow_the_search_and_the_jobs(
    stage: Stage,
) -> None:
    for number in range(3):
        job = stage.jobs[f"late {number}"] = stage.cluster.submit(job_id="late", since_sec=90.0)
        stage.cluster.start(job, stage.nodes["10.0.0.10"], since_sec=30.0)
        stage.ends(job, after_sec=30.0)
    page = opened(stage)
    late = bar(page, "finished", -1, time=1)
    page.mouse.move(late["middle"] + 2, late["y"])
    page.mouse.down()
    page.mouse.move(late["middle"] - 8, late["y"], steps=4)
    page.mouse.up()
    becomes(lambda: bool(re.fullmatch(r"waited:[\d.]+s( -waited:[\d.]+s)?", searched(page))), True)
    expect(rows(page)).to_have_count(3)
    expect(panel(page).locator(".histogram-readout").nth(1)).to_contain_text("3 jobs")
    expect(slider(page, "at least", "waited")).to_have_attribute("aria-valuetext", re.compile("s$"))
    page.get_by_role("combobox", name="Search jobs").fill("node:10.0.0.9")
    page.keyboard.press("Enter")
    expect(figures(page)).to_contain_text("median 1 min 4")
    page.locator(".tab", has_text="Failed").click()
    expect(panel(page).locator(".histogram-empty").first).to_have_text("No such job has ended")
    page.get_by_role("combobox", name="Search jobs").fill("")
    page.keyboard.press("Enter")
    expect(figures(page)).to_contain_text("longest 1 min 40 s")
    job = stage.runs("10.0.0.10", job_id="longest", since_sec=4_200)
    stage.ends(job, after_sec=4_200)
    expect(figures(page)).to_contain_text("longest 1 h 10 min")


def test_a_nodes_page_shows_its_own_and_leads_to_its_jobs(stage: Stage) -> None:
    page = stage.open("node.html?host=10.0.0.9")
    expect(figures(page)).to_contain_text("median 1 min 4")
    slow = bar(page, "finished", -1)
    page.mouse.click(slow["middle"], slow["y"] + 2)
    page.wait_for_url("**/jobs.html?**")
    expect(rows(page)).to_have_count(2)
    assert searched(page).startswith("node:10.0.0.9 slower:")


def test_a_phone_shows_one_under_the_other(stage: Stage) -> None:
    page = stage.open("jobs.html", phone=True)
    panel(page).get_by_role("button", name="Show durations").click()
    expect(figures(page)).to_contain_text("longest")
    ran, waited = (panel(page).locator(".histogram").nth(n).bounding_box() for n in (0, 1))
    assert ran is not None
    assert waited is not None
    assert waited["y"] >= ran["y"] + ran["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
