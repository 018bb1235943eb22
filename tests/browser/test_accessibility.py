"""axe-core finds nothing against WCAG 2.2 AA, nor against its own best practices."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browser.stage import Stage, axe_violations, is_live
from playwright.sync_api import Page, expect

_Act = Callable[[Page], None] | None


def _choose_columns(page: Page) -> None:
    page.get_by_role("button", name="Choose columns").click()


def _settings(page: Page) -> None:
    page.get_by_role("button", name="Update interval").click()


def _help(page: Page) -> None:
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _ask_to_close(page: Page) -> None:
    page.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()


def _outcome(page: Page) -> None:
    _ask_to_close(page)
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.get_by_role("button", name="Dismiss")).to_be_visible()


def _suggestions(page: Page) -> None:
    box = page.get_by_role("combobox", name="Search jobs")
    box.focus()
    box.press("ArrowDown")
    box.press("ArrowDown")


def _ask_to_terminate(page: Page) -> None:
    page.get_by_role("button", name="Terminate all").click()
    expect(page.get_by_role("button", name=re.compile(r"Terminate \d+ jobs"))).to_be_visible()


def _detail(page: Page) -> None:
    expect(page.locator(".job-pre").first).to_be_visible()


def _kind(page: Page) -> None:
    page.locator("#errors .tr [data-column=kind]").last.click()
    expect(page.locator("#kind .job-pre")).to_be_visible()


def _durations(page: Page) -> None:
    page.get_by_role("button", name="Show durations").click()
    expect(page.locator(".histogram-bar").first).to_be_visible()


def _breakdown(page: Page) -> None:
    page.get_by_role("button", name="Show breakdown").click()
    expect(page.locator(".facet-value").first).to_be_visible()


def _saved(page: Page) -> None:
    page.get_by_role("button", name="Saved").click()
    page.get_by_label("Name of the search").fill("dull")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".saved-item")).to_have_count(1)


def _as_a_table(page: Page) -> None:
    page.get_by_text("Show as a table").click()


def _mistake(page: Page) -> None:
    page.locator("#allocate").get_by_role("button", name="Allocate").click()


_PAGES: list[tuple[str, _Act]] = [
    ("monitor.html", None),
    ("node.html?host=10.0.0.2", None),
    ("jobs.html?job=2", _detail),
    ("jobs.html?view=errors", _kind),
    ("timeline.html", _as_a_table),
    ("events.html", None),
    ("manage.html", _ask_to_close),
]
# Where the part is: the colours around it are those of the page.
_PARTS: list[tuple[str, _Act, str]] = [
    ("monitor.html", _choose_columns, ".columns"),
    ("monitor.html", _settings, ".popover-panel"),
    ("monitor.html", _help, "dialog"),
    ("monitor.html", _outcome, ".notice"),
    ("monitor.html?q=nothing", None, "#nodes"),
    ("node.html", None, "main"),
    ("node.html?host=10.9.9.9", None, "main"),
    ("jobs.html", _suggestions, "#search-suggestions"),
    ("jobs.html", _durations, "#durations"),
    ("jobs.html?q=-draft", _breakdown, "#facets"),
    ("jobs.html?q=-draft", _saved, ".saved-panel"),
    ("jobs.html", _ask_to_terminate, ".confirm"),
    ("jobs.html?q=nothing", None, "main"),
    ("timeline.html?job=2", _detail, "main"),
    ("timeline.html?color=error&sort=slow", None, "main"),
    ("manage.html", _mistake, "#allocate"),
]


@pytest.mark.parametrize("screen", ["desktop", "phone"])
@pytest.mark.parametrize(("path", "act"), _PAGES, ids=[path for path, _ in _PAGES])
def test_axe_finds_nothing_on_a_page(stage: Stage, path: str, act: _Act, screen: str) -> None:
    _check(stage.open(path, phone=screen == "phone"), act, "body")


@pytest.mark.parametrize(
    ("path", "act", "place"),
    _PARTS,
    ids=[f"{path}{act.__name__ if act else ''}" for path, act, _ in _PARTS],
)
def test_axe_finds_nothing_on_a_part(stage: Stage, path: str, act: _Act, place: str) -> None:
    _check(stage.open(path), act, place)


def _check(page: Page, act: _Act, place: str) -> None:
    page.emulate_media(reduced_motion="reduce")  # nobody reads a colour in mid-transition
    is_live(page)
    if act is not None:
        act(page)
    expect(page.locator(f"{place} >> visible=true").first).to_be_visible()
    assert axe_violations(page, place) == []
