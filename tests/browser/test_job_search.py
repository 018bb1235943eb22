"""Jobs: the search and its suggestions, and the tabs of states."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes, job_ids, job_search, rows
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def page(stage: Stage) -> Page:
    """Jobs with its rows."""
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    return page


def _options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


def _tab(page: Page, name: str) -> Locator:
    return page.locator(".tab", has_text=re.compile(f"^{name} "))


def _clear(page: Page) -> None:
    """Leave an empty search as one finds it on opening Jobs."""
    job_search(page).fill("")
    job_search(page).press("Enter")
    job_search(page).blur()
    becomes(lambda: len(job_ids(page)), 5)


def test_search_takes_words_and_qualifiers_and_what_is_typed_outlives_tab_and_enter(
    page: Page,
) -> None:
    for query, found in (
        ("third", ["busy"]),
        ("state:failed", ["broken"]),
        ("state:running node:10.0.0.10", ["also busy"]),
        ("node:alpha id:done", ["done"]),
        ("arg:n=3", ["busy"]),
        ('error:"no such"', ["broken"]),
        ("faster:1h", ["also busy", "busy", "broken", "done"]),
    ):
        job_search(page).fill(query)
        page.keyboard.press("Enter")
        becomes(lambda: (query, job_ids(page)), (query, found))  # noqa: B023
    _clear(page)
    job_search(page).focus()
    page.keyboard.type("state:")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator("#search-problem")).to_have_text("state: needs a value")
    _tab(page, "all").press("Enter")
    expect(job_search(page)).to_have_value("")
    becomes(lambda: len(job_ids(page)), 5)
    job_search(page).fill("slower:soon")
    page.keyboard.press("Tab")
    _tab(page, "queued").press("Enter")
    expect(job_search(page)).to_have_value("state:queued slower:soon")
    expect(page.locator("#search-problem")).to_contain_text("takes a time")


def test_words_are_completed_by_enter_by_tab_and_by_a_click(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("sta")
    expect(_options(page).first).to_contain_text("state:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(job_search(page)).to_have_value("state:")
    page.keyboard.type("fa")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(job_search(page)).to_have_value("state:failed ")
    becomes(lambda: job_ids(page), ["broken"])
    _clear(page)
    page.keyboard.press("/")
    page.keyboard.type("sta")
    page.keyboard.press("Tab")
    expect(job_search(page)).to_have_value("state:")
    page.keyboard.type("fa")
    page.keyboard.press("Tab")
    expect(job_search(page)).to_have_value("state:failed ")
    becomes(lambda: job_ids(page), ["broken"])
    expect(job_search(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(job_search(page)).not_to_be_focused()
    expect(job_search(page)).to_have_value("state:failed ")
    _clear(page)
    job_search(page).focus()
    page.keyboard.type("node:bet")
    _options(page).filter(has_text="10.0.0.10").click()
    becomes(lambda: job_ids(page), ["also busy"])


def test_what_is_typed_survives_updates_but_half_a_qualifier_is_not_searched_for(
    stage: Stage, page: Page
) -> None:
    job_search(page).focus()
    page.keyboard.type("state:")
    stage.cluster.submit(job_id="late")
    expect(_tab(page, "queued").locator(".tab-count")).to_have_text("2")
    expect(job_search(page)).to_have_value("state:")
    expect(_options(page).first).to_be_visible()
    job_search(page).fill("")
    becomes(lambda: len(job_ids(page)), 6)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    job_search(page).focus()
    page.keyboard.type("is")
    stage.cluster.submit(job_id="later")  # the list is asked for anew, after the search's rest
    becomes(lambda: job_ids(page)[0], "later")
    stage.cluster.submit(job_id="last")
    becomes(lambda: job_ids(page)[0], "last")
    page.keyboard.type("sue")
    expect(page.get_by_text("No job matches")).to_be_visible()
    assert [url for url in asked if re.search(r"q=is(&|$)", url)] == []


def test_mistakes_in_address_and_search_are_explained_and_what_finds_nothing_can_be_cleared(
    stage: Stage,
) -> None:
    page = stage.open("jobs.html?q=nodee:alpha")
    expect(page.get_by_text("This can't be searched for")).to_be_visible()
    expect(page.locator("#search-problem")).to_contain_text("There is no qualifier nodee")
    page.get_by_role("button", name="Clear the search").click()
    becomes(lambda: len(job_ids(page)), 5)
    job_search(page).fill("nothing at all")
    expect(page.get_by_text("No job matches")).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    becomes(lambda: len(job_ids(page)), 5)
    job_search(page).focus()
    page.keyboard.type("nodee:10.0.0.2")
    expect(page.locator("#search-problem")).to_contain_text(
        "There is no qualifier nodee: there are state, is, node"
    )
    assert len(job_ids(page)) == 5
    page.keyboard.press("Enter")
    expect(job_search(page)).to_have_value("nodee:10.0.0.2")
    job_search(page).fill('"nodee:10.0.0.2"')
    expect(page.get_by_text("No job matches")).to_be_visible()
    expect(page.locator("#search-problem")).to_have_text("")
    job_search(page).fill("slower:soon")
    page.keyboard.press("Enter")
    expect(page.locator("#search-problem")).to_contain_text("takes a time")
    expect(job_search(page)).to_have_attribute("aria-invalid", "true")


# -- states --------------------------------------------------------------------------------------


def test_tabs_count_each_state_and_add_it_to_the_search_which_lives_in_the_address(
    page: Page,
) -> None:
    for name, count in (
        ("all", "5"),
        ("queued", "1"),
        ("running", "2"),
        ("finished", "1"),
        ("failed", "1"),
        ("terminated", "0"),
        ("cancelled", "0"),
        ("abandoned", "0"),
    ):
        expect(_tab(page, name).locator(".tab-count")).to_have_text(count)
    job_search(page).fill("node:alpha")
    becomes(lambda: job_ids(page), ["busy", "broken", "done"])
    job_search(page).press("Escape")  # what is suggested may lie over the tabs
    _tab(page, "failed").click()
    becomes(lambda: job_ids(page), ["broken"])
    expect(job_search(page)).to_have_value(
        re.compile("node:alpha.*state:failed|state:failed.*node:alpha")
    )
    expect(_tab(page, "failed")).to_have_attribute("aria-current", "true")
    expect(_tab(page, "finished").locator(".tab-count")).to_have_text("1")
    job_search(page).fill("state:running third")
    expect(page).to_have_url(re.compile(r"\?q=state%3Arunning\+third"))
    page.reload()
    expect(job_search(page)).to_have_value("state:running third")
    becomes(lambda: job_ids(page), ["busy"])
