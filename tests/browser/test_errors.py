"""The kinds of errors: a tab of Jobs, the commonest on Monitor, and the way to their jobs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from browser.stage import Stage, becomes, cells, rows
from playwright.sync_api import Page, Route, expect
from web.fakes import watched_cluster

TRACE = 'Traceback (most recent call last):\n  File "job.py", line 7, in compute\n    step(row)\n'
ERRORS = (
    "KeyError: 'column {}'",
    "ValueError: row {} holds no number where one is needed, but a text of many words",
    "OSError: [Errno 5] Input/output error: '/data/part-{}.csv'",
    "MemoryError",
    "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='store', port=80): Read timed out.",
    "json.decoder.JSONDecodeError: Expecting value: line {} column 1 (char 0)",
)


def fail(stage: Stage, count: int = 63) -> Counter[str]:
    """Let jobs fail with six errors, each half as often as the one before; return the tally."""
    tally: Counter[str] = Counter()
    nodes = list(stage.nodes)
    for number in range(1, count + 1):
        error = ERRORS[min(5, (number & -number).bit_length() - 1)].format(number)
        job = stage.runs(nodes[number % len(nodes)], f"part {number}", job_id=f"job {number}")
        stage.ends(job, exception=f"{TRACE}{error}")
        tally[error.partition(":")[0]] += 1
    return tally


@pytest.fixture
def failing(make_stage: Callable[..., Stage]) -> tuple[Stage, Counter[str]]:
    """A cluster with two nodes whose jobs fail, and how often with which error."""
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "compute")
    stage.joins("10.0.0.2")
    stage.joins("10.0.0.3")
    return stage, fail(stage)


def errors_of(page: Page) -> Any:
    return page.locator("#errors")


def shown(page: Page) -> dict[str, int]:
    """Return how many jobs the tab shows for each type."""
    section = errors_of(page)
    kinds = [text.removeprefix("new").split()[0] for text in cells(section, "kind")]
    return dict(zip(kinds, map(int, cells(section, "count")), strict=False))


def test_tab_counts_as_the_client_does_and_takes_the_place_of_an_open_job(
    failing: tuple[Stage, Counter[str]],
) -> None:
    stage, tally = failing
    page = stage.open("jobs.html")
    expect(page.locator(".tab-errors .tab-count")).to_have_text("6")
    page.locator(".tab-errors").click()
    becomes(lambda: shown(page), dict(tally))
    expect(page.locator("#jobs")).to_be_hidden()
    expect(page.locator(".tab-errors")).to_have_attribute("aria-current", "true")
    assert page.url.endswith("view=errors")
    counts = [int(text) for text in cells(errors_of(page), "count")]
    assert counts == sorted(counts, reverse=True)
    tally += fail(stage, 3)
    becomes(lambda: shown(page), dict(tally))
    page.get_by_role("link", name="Failed", exact=False).first.click()
    expect(page.locator("#jobs")).to_be_visible()
    expect(errors_of(page)).to_be_hidden()
    box = page.get_by_role("combobox", name="Search jobs")
    box.fill("")
    box.press_sequentially("error-kind:mem")
    expect(page.locator(".searchbox-option")).to_have_count(1)
    box.press("Tab")
    becomes(lambda: rows(page.locator("#jobs")).count(), tally["MemoryError"])
    box.fill("")
    box.press("Enter")
    page.locator(".job-link").first.click()
    expect(page.locator("#job")).to_be_visible()
    page.locator(".tab-errors").click()
    becomes(lambda: shown(page), dict(tally))
    expect(page).not_to_have_url(re.compile("job="))
    expect(page.locator("#job")).to_be_hidden()


def test_kinds_are_walked_by_keys_lead_to_their_jobs_and_say_how_they_are_exported(
    failing: tuple[Stage, Counter[str]],
) -> None:
    stage, tally = failing
    page = stage.open("jobs.html?view=errors")
    becomes(lambda: shown(page), dict(tally))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#kind h2")).to_be_focused()
    first = page.locator("#kind h2").inner_text()
    page.keyboard.press("j")
    expect(page.locator("#kind h2")).not_to_have_text(first)
    page.keyboard.press("Escape")
    panel = page.locator("#kind")
    expect(panel).to_be_hidden()
    section = errors_of(page)
    caption = section.locator(".export-menu .caption")
    expect(rows(section)).to_have_count(6)
    for column, text in (
        ("Share", "All kinds of errors, in this order"),
        ("Nodes", "All kinds of errors"),
    ):
        section.locator(".th-button", has_text=column).click()
        section.get_by_role("button", name="Export").click()
        expect(caption).to_have_text(text)
        page.keyboard.press("Escape")
    rows(errors_of(page)).filter(has_text="OSError").locator("[data-column=kind]").click()
    expect(panel.locator(".job-pre")).to_contain_text("Input/output error: '/data/part-")
    expect(panel.locator("h2")).to_have_text("OSError")
    expect(panel).to_contain_text("10.0.0.2")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    rows(errors_of(page)).filter(has_text="OSError").locator("[data-column=count] a").click()
    becomes(lambda: rows(page.locator("#jobs")).count(), tally["OSError"])
    assert "error-kind" in page.get_by_role("combobox", name="Search jobs").input_value()


def test_open_kind_is_in_the_address(failing: tuple[Stage, Counter[str]]) -> None:
    stage, tally = failing
    page = stage.open("jobs.html?view=errors")
    becomes(lambda: shown(page), dict(tally))
    rows(errors_of(page)).filter(has_text="OSError").locator("[data-column=kind]").click()
    panel = page.locator("#kind")
    expect(panel.locator("h2")).to_have_text("OSError")
    expect(page).to_have_url(re.compile(r"view=errors&kind=\w+$"))
    # Columns are hidden beside the panel, and so all rows are made anew.
    expect(errors_of(page).locator(".td[data-column=nodes]")).to_have_count(0)
    opened = errors_of(page).locator(".tr.is-open")
    expect(opened.locator("[data-column=kind]")).to_contain_text("OSError")
    page.emulate_media(forced_colors="active")
    expect(opened).to_have_css("outline-style", "solid")
    page.emulate_media(forced_colors="none")
    sent = stage.open(page.url.removeprefix(stage.server.url))
    expect(sent.locator("#kind h2")).to_have_text("OSError")
    page.keyboard.press("j")
    expect(panel.locator("h2")).not_to_have_text("OSError")
    page.go_back()
    expect(panel).to_be_hidden()
    expect(errors_of(page)).to_be_visible()
    page.go_forward()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page).to_have_url(re.compile("view=errors$"))


def test_monitor_shows_the_commonest_while_there_are_failures(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "compute")
    stage.joins("10.0.0.2")
    stage.ends(stage.runs("10.0.0.2", job_id="well"))
    page = stage.open("monitor.html")
    expect(page.locator("[data-tile=finished] .tile-value")).to_have_text("1")
    expect(errors_of(page)).to_be_hidden()
    fail(stage)
    expect(page.locator(".top-errors li")).to_have_count(5)
    expect(page.locator(".top-errors li").first).to_contain_text("KeyError '…'")
    expect(page.locator(".top-errors li").first).to_contain_text("32 jobs")
    page.locator(".top-errors a").nth(1).click()
    becomes(lambda: rows(page.locator("#jobs")).count(), 16)


def test_error_is_never_dropped_and_shows_thirty_characters(
    failing: tuple[Stage, Counter[str]],
) -> None:
    stage, _ = failing
    page = stage.open("jobs.html?q=ValueError")
    fits = """() => {
        const cell = document.querySelector("#jobs [data-column=error] .td-value");
        if (!cell?.checkVisibility()) return false;
        const text = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode();
        const range = document.createRange();
        range.setStart(text, 0);
        range.setEnd(text, 30);
        const right = (part) => cell.closest(part).getBoundingClientRect().right;
        return range.getBoundingClientRect().right <= Math.min(right(".td"), right(".table"));
    }"""

    def check(*widths: int) -> None:
        for width in widths:
            page.set_viewport_size({"width": width, "height": 860})
            for _ in range(2):  # the table takes note of its width in a frame
                page.evaluate("new Promise(requestAnimationFrame)")
            becomes(lambda: (width, page.evaluate(fits)), (width, True))  # noqa: B023

    check(320, 390, 701, 768, 900, 1100, 1360, 1900)
    rows(page.locator("#jobs")).first.locator(".job-link").click()
    expect(page.locator("#job .job-pre").first).to_be_visible()
    check(1100, 1360, 1900)  # on a narrower screen the panel covers the list


def _is_missed(page: Page, said: str) -> None:
    expect(page.locator(".notice-title")).to_have_text(said)
    expect(page).to_have_url(re.compile("view=errors$"))


def test_kind_of_an_address_that_did_not_occur_is_missed_even_where_no_job_failed(
    failing: tuple[Stage, Counter[str]],
) -> None:
    stage, _ = failing
    page = stage.open("jobs.html?view=errors&kind=0123456789ab")
    _is_missed(page, "No job failed with the error kind 0123456789ab")
    expect(page.locator("#kind")).to_be_hidden()
    watched_cluster(stage.registry, "faultless")
    stage.go(page, "jobs.html?cluster=faultless&view=errors&kind=0123456789ab")
    _is_missed(page, "No job failed with the error kind 0123456789ab")


def test_kind_beyond_those_listed_is_not_said_to_be_none(
    failing: tuple[Stage, Counter[str]],
) -> None:
    stage, _ = failing

    def more(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["items"] = (found["items"] * 100)[:500]
        for number, kind in enumerate(found["items"]):
            kind["id"] = f"{number:012}"
        route.fulfill(response=answer, json={**found, "total": 501})

    page = stage.open(
        "jobs.html?view=errors&kind=0123456789ab",
        before=lambda page: page.route(re.compile(r"/errors\?limit=500"), more),
    )
    _is_missed(page, "The error kind 0123456789ab is not among the 500 listed")
