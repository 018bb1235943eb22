"""Columns are as wide as the reader makes them, by pointer or keys, and stay so in this browser."""

from __future__ import annotations

import pytest
from browser.stage import Stage, becomes, rows
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def page(stage: Stage) -> Page:
    """Monitor with its rows."""
    page = stage.open("monitor.html")
    expect(rows(page)).to_have_count(3)
    return page


def _edge(page: Page, label: str) -> Locator:
    return page.get_by_role("separator", name=f"Width of {label}", exact=True)


def _spans(page: Page, part: str = ".th") -> dict[str, tuple[int, int]]:
    """Return from where to where each column reaches: its head, or its cell in the first row."""
    return {
        key: (round(left), round(right))
        for key, left, right in page.evaluate(
            """(part) => [...document.querySelectorAll(part + "[data-column]")].map((cell) => {
                const { left, right } = cell.getBoundingClientRect();
                return [cell.dataset.column, left, right];
            })""",
            part,
        )
    }


def _width(page: Page, column: str) -> int:
    left, right = _spans(page)[column]
    return right - left


def _grab(page: Page, label: str) -> tuple[float, float]:
    """Press the pointer on an edge, and again if the page moved it away meanwhile; return where."""
    edge = _edge(page, label)
    place = 0.0, 0.0

    def grabbed() -> bool:
        nonlocal place
        page.mouse.up()
        edge.hover()
        box = edge.bounding_box()
        assert box is not None
        place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*place)
        page.mouse.down()
        return bool(edge.evaluate("edge => edge.matches(':active')"))

    becomes(grabbed, True)
    return place


def _drag(page: Page, label: str, by: int) -> None:
    x, y = _grab(page, label)
    page.mouse.move(x + by / 2, y)
    page.mouse.move(x + by, y)
    page.mouse.up()


def test_edge_follows_the_pointer_to_and_fro_and_the_width_is_kept(page: Page) -> None:
    before = _spans(page)
    x, y = _grab(page, "Name")
    page.mouse.move(x + 60, y)
    becomes(lambda: _width(page, "name") > before["name"][1] - before["name"][0], True)
    page.mouse.move(x, y)
    page.mouse.up()
    becomes(lambda: _spans(page)["name"], before["name"])
    _drag(page, "Name", 60)
    left, right = before["name"]
    becomes(lambda: _spans(page)["name"], (left, right + 60))
    after = _spans(page)
    assert after["ip_addr"] == before["ip_addr"]
    assert _spans(page, ".tbody .tr:first-child .td") == after
    page.reload()
    expect(rows(page)).to_have_count(3)
    assert _spans(page)["name"] == (left, right + 60)
    expect(page.locator("[data-column=name][role=columnheader]")).to_have_attribute(
        "aria-sort", "none"
    )


def test_double_click_or_the_column_chooser_bring_the_usual_widths_back_even_if_none_is_kept(
    page: Page,
) -> None:
    before = _spans(page)
    page.get_by_role("button", name="Choose columns").click()
    usual = page.get_by_role("button", name="Usual widths")
    expect(usual).to_be_hidden()
    _drag(page, "IP address", 40)
    _edge(page, "IP address").dblclick()
    becomes(lambda: _spans(page), before)
    _drag(page, "Name", 40)
    page.get_by_role("button", name="Choose columns").click()
    usual.click()
    becomes(lambda: _spans(page), before)
    assert page.evaluate("localStorage.getItem('dispy.widths.monitor')") == "{}"
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    _drag(page, "Name", 40)
    becomes(lambda: _spans(page) == before, False)
    _edge(page, "Name").press("Enter")
    becomes(lambda: _spans(page)["name"], before["name"])
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("button", name="Usual widths").click()
    becomes(lambda: _spans(page), before)
    page.get_by_role("checkbox", name="Name", exact=True).uncheck()
    expect(page.get_by_role("columnheader", name="Name", exact=True)).to_have_count(0)


def test_rows_stay_while_an_edge_is_dragged_and_a_column_that_is_shown_again_has_its_width(
    page: Page,
) -> None:
    page.evaluate("document.querySelectorAll('.tbody .tr').forEach((row) => { row.kept = true; })")
    before = _width(page, "name")
    _drag(page, "Name", -20)
    becomes(lambda: _width(page, "name"), before - 20)
    assert page.evaluate("[...document.querySelectorAll('.tbody .tr')].every((row) => row.kept)")
    _drag(page, "Name", 40)
    width = _width(page, "name")
    page.get_by_role("button", name="Choose columns").click()
    box = page.get_by_role("checkbox", name="Name", exact=True)
    box.uncheck()
    expect(page.get_by_role("columnheader", name="Name", exact=True)).to_have_count(0)
    expect(page.locator(".th-edge[tabindex='0']")).to_have_count(1)
    box.check()
    becomes(lambda: _width(page, "name"), width)
    page.get_by_role("button", name="Usual widths").click()
    page.keyboard.press("Escape")
    left, _ = _spans(page)["ip_addr"]
    _drag(page, "Name", 300)
    becomes(lambda: page.locator(".table-wide").count(), 1)
    page.locator(".table").evaluate("table => table.scrollTo(1000, 0)")
    becomes(lambda: _spans(page)["ip_addr"][0] < left, True)
    assert _spans(page)["ip_addr"][0] > 0
    assert _spans(page, ".tbody .tr:first-child .td") == _spans(page)


def test_keys_move_an_edge_and_long_labels_stay_in_a_narrow_head(page: Page) -> None:
    first = page.get_by_role("separator").first
    page.get_by_role("button", name="IP address").focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    edge = _edge(page, "Name")
    expect(edge).to_be_focused()
    before = _width(page, "name")
    expect(edge).to_have_attribute("aria-valuenow", str(before))
    page.keyboard.press("ArrowRight")
    becomes(lambda: _width(page, "name"), before + 8)
    page.keyboard.press("Shift+ArrowLeft")
    becomes(lambda: _width(page, "name"), before - 32)
    expect(edge).to_have_attribute("aria-valuenow", str(before - 32))
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    becomes(lambda: _width(page, "name") > before - 32, True)
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".th-button:focus")).to_have_text("Name")
    expect(page.locator(".th-edge[tabindex='0']")).to_have_count(1)
    for label, column in (("Received", "rx"), ("Memory", "memory")):
        _drag(page, label, -300)
        becomes(lambda column=column: _width(page, column), 48)
    beyond = page.evaluate(
        """[...document.querySelectorAll(".th-button > *")].filter((part) => {
            const inner = part.getBoundingClientRect();
            const outer = part.closest(".th").getBoundingClientRect();
            return inner.left < outer.left - 2 || inner.right > outer.right + 2;
        }).map((part) => part.textContent)"""
    )
    assert beyond == []


def test_table_of_jobs_has_widths_of_its_own_and_help_names_the_keys_where_there_are_edges(
    stage: Stage,
) -> None:
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    page.keyboard.press("?")
    shortcuts = page.locator(".shortcuts")
    expect(shortcuts.get_by_text("Rows: open").first).to_be_visible()
    assert "Edge of a column" in shortcuts.first.inner_text()
    page.keyboard.press("Escape")
    left, _ = _spans(page)["state"]
    _drag(page, "State", -300)
    becomes(lambda: _spans(page)["state"], (left, left + 48))
    _drag(page, "Error", -500)
    becomes(lambda: _width(page, "error"), 248)
    page.locator(".job-link").first.click()
    expect(page.locator("#job")).to_be_visible()
    assert _width(page, "state") == 48
    stage.go(page, "monitor.html")
    expect(rows(page)).to_have_count(3)
    assert page.evaluate("localStorage.getItem('dispy.widths.monitor')") is None
    stage.go(page, "node.html?host=10.0.0.2")
    expect(page.locator(".tbody .tr").first).to_be_visible()
    page.keyboard.press("?")
    expect(shortcuts.get_by_text("Rows: open").first).to_be_visible()
    assert "Edge of a column" not in shortcuts.first.inner_text()


def test_phone_has_no_edges(stage: Stage) -> None:
    page = stage.open("jobs.html", phone=True)
    expect(rows(page)).to_have_count(5)
    expect(page.locator(".th-edge:visible")).to_have_count(0)
