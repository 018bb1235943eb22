"""The nodes table of Monitor: sort, filter, columns, selection, and what is done to it."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes, cells, chooser, dismiss, keys_shown, rows
from dispy import DispyNode
from playwright.sync_api import Page, expect
from web.fakes import make_node, watched_cluster

BY_ADDRESS = ["10.0.0.2", "10.0.0.9", "10.0.0.10"]


@pytest.fixture
def page(stage: Stage) -> Page:
    """Monitor with its rows."""
    page = stage.open()
    expect(rows(page)).to_have_count(3)
    return page


def _select(page: Page, *addresses: str) -> None:
    for address in addresses:
        page.get_by_role("checkbox", name=f"Select {address}", exact=True).check()


# -- rows, their order and their filter ------------------------------------------------------------


def test_rows_have_every_column_with_units_and_are_sorted_as_numbers_by_their_head(
    page: Page,
) -> None:
    becomes(lambda: keys_shown(page), BY_ADDRESS[::-1])
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert [head for head in heads if head] == [
        "IP address", "Name", "CPUs", "Busy", "Available CPU", "Memory", "Swap", "Disk", "Sent",
        "Received", "Jobs done", "Seconds per job", "CPU time", "Last update",
    ]  # fmt: skip
    row = page.locator("[data-key='10.0.0.9']")
    for column, text in (
        ("avail_cpu", "98 %"),
        ("memory", "22.7 GiB"),
        ("swap", "100 %"),
        ("disk", "78.3 GiB"),
    ):
        expect(row.locator(f"[data-column={column}] .td-value")).to_have_text(text)

    order = page.locator(".table-order")
    expect(order).to_have_text("by IP address, descending")
    first = page.locator(".nodemap-link .sr")  # the map follows the order
    page.locator(".nodemap-field").hover(position={"x": 8, "y": 8})
    expect(first).to_contain_text(BY_ADDRESS[-1])
    page.get_by_role("button", name="IP address").click()
    expect(order).to_have_text("by IP address, ascending")
    becomes(lambda: keys_shown(page), BY_ADDRESS)
    head = page.get_by_role("columnheader", name="IP address")
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.locator("h2").first.hover()
    page.locator(".nodemap-field").hover(position={"x": 8, "y": 8})
    expect(first).to_contain_text(BY_ADDRESS[0])


def test_rows_move_when_their_figures_do_and_columns_sort_both_ways(stage: Stage) -> None:
    page = stage.open("?sort=-busy")
    becomes(lambda: keys_shown(page)[0], "10.0.0.10")
    more = [stage.runs("10.0.0.9", job_id=f"more {number}") for number in range(2)]
    becomes(lambda: keys_shown(page)[0], "10.0.0.9")
    for job in more:
        stage.ends(job)

    alpha, gamma, beta = (stage.nodes[address] for address in BY_ADDRESS)
    stage.runs("10.0.0.2", job_id="second on alpha")
    alpha.tx, gamma.tx, beta.tx = 10, 2_000, 30_000_000
    alpha.jobs_done, gamma.jobs_done, beta.jobs_done = 12, 3, 1
    alpha.cpu_time, gamma.cpu_time, beta.cpu_time = 1.5, 4000.0, 90.0
    for node, memory in ((alpha, 2**31), (gamma, 2**33), (beta, 2**20)):
        node.avail_info.memory = memory
        stage.cluster.report(DispyNode.AvailInfo, node, None)
    for column, first in (
        ("Name", ["10.0.0.2", "10.0.0.10", "10.0.0.9"]),
        ("CPUs", ["10.0.0.10", "10.0.0.2", "10.0.0.9"]),  # amounts: the most first
        ("Busy", ["10.0.0.2", "10.0.0.10", "10.0.0.9"]),
        ("Memory", ["10.0.0.9", "10.0.0.2", "10.0.0.10"]),
        ("Sent", ["10.0.0.10", "10.0.0.9", "10.0.0.2"]),
        ("Jobs done", ["10.0.0.2", "10.0.0.9", "10.0.0.10"]),
        ("CPU time", ["10.0.0.9", "10.0.0.10", "10.0.0.2"]),
    ):
        for order in (first, first[::-1]):
            page.get_by_role("button", name=column, exact=True).click()
            becomes(lambda: (column, keys_shown(page)), (column, order))  # noqa: B023


def test_filter_finds_words_and_qualifiers_refuses_unknown_ones_and_is_cleared(
    stage: Stage, page: Page
) -> None:
    box = page.get_by_role("searchbox", name="Filter nodes")
    for text, found in (
        ("alp", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.10"),
        ("name:beta", "10.0.0.10"),
        ("0.0 gamma", "10.0.0.9"),
        ("state:up ip:10.0.0.2", "10.0.0.2"),
    ):
        box.fill(text)
        becomes(lambda: (text, keys_shown(page)), (text, [found]))  # noqa: B023
    expect(page.locator("#nodes .table-count")).to_have_text("1 of 3")

    box.fill("alpha")
    expect(rows(page)).to_have_count(1)
    box.fill("node:beta")
    expect(page.locator("#filter-problem")).to_contain_text(
        "There is no qualifier node: there are state, name, ip, cluster, clock, is"
    )
    expect(rows(page)).to_have_count(1)
    box.fill("name:beta")
    expect(page.locator("#filter-problem")).to_be_empty()
    expect(rows(page)).to_have_count(1)

    box.fill("nothing")
    expect(page.get_by_text("No node matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    becomes(lambda: len(keys_shown(page)), 3)

    box.focus()
    box.press_sequentially("10.0")
    stage.joins("10.0.0.77", "late")
    becomes(lambda: "10.0.0.77" in keys_shown(page), True)
    expect(box).to_have_value("10.0")
    expect(box).to_be_focused()


def test_columns_are_chosen_during_updates_and_kept_as_are_sort_and_filter(
    stage: Stage, page: Page
) -> None:
    page.get_by_role("button", name="Choose columns").click()
    stage.joins("10.0.0.77", "late", cpus=1)
    expect(rows(page)).to_have_count(4)
    page.get_by_role("checkbox", name="Swap", exact=True).uncheck()
    page.get_by_role("checkbox", name="State", exact=True).check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="CPUs", exact=True).click()
    expect(page).to_have_url(re.compile(r"[?&]sort=-cpus"))
    page.get_by_role("searchbox", name="Filter nodes").fill("-gamma")
    expect(page).to_have_url(re.compile(r"[?&]q=-gamma"))
    for again in (False, True):
        if again:
            page.reload()
        expect(page.get_by_role("columnheader", name="Swap")).to_have_count(0)
        expect(page.get_by_role("columnheader", name="State")).to_be_visible()
        becomes(lambda: cells(page, "state"), ["up", "up", "up"])
        becomes(lambda: keys_shown(page), ["10.0.0.10", "10.0.0.2", "10.0.0.77"])


# -- selection and actions -----------------------------------------------------------------------


def test_rows_are_selected_at_once_or_through_and_stay_so(stage: Stage, page: Page) -> None:
    everything = page.get_by_role("checkbox", name="Select all rows shown").first
    selected = page.locator("#nodes .actions-count")
    everything.check()
    expect(selected).to_have_text("3 nodes:")
    everything.uncheck()
    expect(selected).not_to_have_text("3 nodes:")
    page.get_by_role("checkbox", name="Select 10.0.0.10").click()
    page.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).click(modifiers=["Shift"])
    expect(selected).to_have_text("3 nodes:")

    page.get_by_role("checkbox", name="Select 10.0.0.9").uncheck()
    stage.joins("10.0.0.77", "late")
    stage.ends(stage.jobs["busy"])
    expect(rows(page)).to_have_count(4)
    expect(page.locator("[data-key='10.0.0.2'] [data-column=jobs_done] .td-value")).to_have_text(
        "3"
    )
    becomes(
        lambda: sorted(
            page.locator(".tr[aria-selected=true]").evaluate_all("r => r.map((e) => e.dataset.key)")
        ),
        ["10.0.0.10", "10.0.0.2"],
    )
    # Rows that are filtered out are not acted on.
    page.get_by_role("searchbox", name="Filter nodes").fill("alpha")
    expect(selected).to_have_text("1 node:")


def test_action_asks_first_and_its_outcome_lists_each_node_until_it_is_dismissed(
    stage: Stage, page: Page
) -> None:
    def answer(address: str) -> int:
        if address == "10.0.0.9":
            raise RuntimeError("out of order")
        return 0

    _select(page, "10.0.0.2", "10.0.0.9")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("button", name="Close 2 nodes")).to_be_focused()
    expect(page.get_by_text("its running jobs end as usual.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    assert stage.cluster.calls == []

    stage.cluster.answers["deallocate_node"] = answer
    page.get_by_role("button", name="Deallocate").click()
    page.get_by_role("button", name="Deallocate 2 nodes").click()
    notice = page.get_by_role("group", name="Outcome")
    expect(notice.locator(".notice-title")).to_have_text("Deallocated 1 of 2 nodes")
    expect(notice.get_by_role("listitem").first).to_contain_text("10.0.0.9")
    expect(notice.get_by_role("listitem").first).to_contain_text("Failed")
    stage.joins("10.0.0.77", "late")
    expect(rows(page)).to_have_count(4)
    expect(notice).to_be_visible()
    dismiss(page)


def test_nodes_are_closed_in_bulk_and_only_those_that_the_question_is_about(
    stage: Stage, page: Page
) -> None:
    _select(page, "10.0.0.2", "10.0.0.9")
    page.get_by_role("button", name="Close", exact=True).click()
    stage.joins("10.0.0.77", "late")
    expect(rows(page)).to_have_count(4)
    page.get_by_role("button", name="Close 2 nodes").click()
    notice = page.get_by_role("group", name="Outcome")
    expect(notice.locator(".notice-title")).to_have_text("Closed 2 nodes")
    expect(notice.get_by_role("listitem")).to_have_count(2)
    calls = sorted(stage.cluster.calls)
    assert calls == [("close_node", ("10.0.0.2",)), ("close_node", ("10.0.0.9",))]


# -- clusters ------------------------------------------------------------------------------------


def test_cluster_is_chosen_whatever_its_name_and_kept_in_the_address_from_page_to_page(
    stage: Stage, page: Page
) -> None:
    render = watched_cluster(stage.registry, "render")
    render.join(stage.nodes["10.0.0.2"])
    render.start(render.submit(job_id="elsewhere"), stage.nodes["10.0.0.2"])
    # Combined comes first and sums up.
    expect(page.locator("[data-tile=running] .tile-value")).to_have_text("3")
    expect(rows(page)).to_have_count(3)
    name = "late one/b?c&d#e %25 ü"
    late = watched_cluster(stage.registry, name)
    becomes(
        lambda: chooser(page).locator("option").all_inner_texts(),
        ["* Combined", "compute", "render", name],
    )
    chooser(page).select_option(name)
    expect(page).to_have_url(re.compile(r"\?cluster=late(\+|%20)one%2Fb%3Fc%26d%23e"))
    expect(page.locator("#nodes")).to_contain_text("No node yet")
    late.join(make_node("10.0.0.3"))
    becomes(lambda: keys_shown(page), ["10.0.0.3"])
    page.reload()
    expect(chooser(page)).to_have_value(name)
    page.go_back()
    expect(chooser(page)).to_have_value("*")
    expect(rows(page)).to_have_count(4)
    chooser(page).select_option("render")
    expect(page).to_have_url(re.compile(r"\?cluster=render$"))
    becomes(lambda: keys_shown(page), ["10.0.0.2"])
    for name in ("Node", "Jobs", "Timeline", "Manage", "Monitor"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile(rf"{name.lower()}\.html\?cluster=render"))
