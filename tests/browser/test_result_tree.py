"""A result that holds other values folds as a tree."""

from __future__ import annotations

from typing import Any

from browser.stage import Stage
from playwright.sync_api import Locator, Page, expect

RESULT = {"loss": 0.25, "layers": [{"width": 64}, {"width": 8, "name": "<b>last</b>"}], "tags": ()}


def _panel(stage: Stage, result: Any, **how: Any) -> Locator:
    stage.ends(stage.jobs["busy"], result=result)
    page: Page = stage.open("jobs.html", **how)
    page.get_by_role("link", name="busy", exact=True).click()
    return page.get_by_role("dialog")


def _top(tree: Locator) -> list[str]:
    return [text.split("\n")[0] for text in tree.locator("> ul > li").all_inner_texts()]


def test_result_folds_and_can_be_read_as_its_text_or_stays_one(stage: Stage) -> None:
    panel = _panel(stage, RESULT)
    tree, pre = panel.locator(".tree[aria-label=Result]"), panel.locator(".job-pre-result")
    expect(tree).to_be_visible()
    expect(pre).to_be_hidden()
    assert _top(tree) == ["'loss': 0.25", "'layers': [ 2 ]", "'tags': ()"]
    expect(tree.get_by_text("width")).to_have_count(0)
    layers = tree.locator("summary").first
    layers.focus()
    layers.press("Enter")
    expect(tree.locator("summary")).to_have_count(3)
    tree.locator("summary").last.press("Enter")
    expect(tree.get_by_text("'<b>last</b>'")).to_be_visible()
    panel.get_by_role("button", name="Show as text: Result").click()
    expect(pre).to_have_text(str(RESULT))
    expect(tree).to_be_hidden()
    panel.get_by_role("button", name="Show as tree: Result").click()
    expect(tree.get_by_text("'<b>last</b>'")).to_be_visible()

    # One that was cut stays a text.
    stage.ends(stage.jobs["also busy"], result=[7] * 2_000)
    panel.page.get_by_role("link", name="also busy", exact=True).click()
    expect(panel.locator("#job-title")).to_have_text("also busy")
    expect(pre).to_be_visible()
    expect(panel.locator(".tree:visible")).to_have_count(0)


def test_unfolded_part_stays_open_while_an_interim_result_changes(stage: Stage) -> None:
    page = stage.open("jobs.html")
    stage.cluster.progress(stage.jobs["busy"], stage.nodes["10.0.0.2"], {"at": [1, 2]})
    page.get_by_role("link", name="busy", exact=True).click()
    tree = page.get_by_role("dialog").locator(".tree:visible")
    tree.locator("summary").click()
    stage.cluster.progress(stage.jobs["busy"], stage.nodes["10.0.0.2"], {"at": [3, 4]})
    expect(tree.locator("li li").first).to_have_text("0: 3")
    expect(tree.locator("li li").last).to_be_visible()


def test_long_list_is_shown_in_steps(stage: Stage) -> None:
    panel = _panel(stage, [7] * 230, phone=True)
    tree = panel.locator(".tree:visible")
    expect(tree.locator("li")).to_have_count(201)
    tree.get_by_role("button", name="Show 30 more of 230").click()
    expect(tree.locator("li")).to_have_count(230)
    expect(tree.locator("li").nth(200)).to_be_focused()
