"""The nodes table of Monitor: sort, filter, columns, selection, and what is done to it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browser.stage import Stage, becomes, cells, chooser, keys_shown, rows
from dispy import DispyNode
from playwright.sync_api import Page, expect
from web.fakes import watched_cluster

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


# -- sort ----------------------------------------------------------------------------------------


def test_addresses_are_sorted_as_numbers_highest_first(page: Page) -> None:
    becomes(lambda: keys_shown(page), BY_ADDRESS[::-1])


def test_order_is_said_and_the_map_follows_it(page: Page) -> None:
    order = page.locator(".table-order")
    expect(order).to_have_text("by IP address, descending")
    first = page.locator(".nodemap-link .sr")
    page.locator(".nodemap-field").hover(position={"x": 8, "y": 8})
    last_address = keys_shown(page)[0]
    expect(first).to_contain_text(last_address)
    page.get_by_role("button", name="IP address").click()
    expect(order).to_have_text("by IP address, ascending")
    becomes(lambda: keys_shown(page)[0] != last_address, True)
    page.locator("h2").first.hover()
    page.locator(".nodemap-field").hover(position={"x": 8, "y": 8})
    expect(first).to_contain_text(keys_shown(page)[0])


def test_click_on_the_head_turns_the_order(page: Page) -> None:
    page.get_by_role("button", name="IP address").click()
    becomes(lambda: keys_shown(page), BY_ADDRESS)
    head = page.get_by_role("columnheader", name="IP address")
    expect(head).to_have_attribute("aria-sort", "ascending")


def test_columns_sort_both_ways(stage: Stage) -> None:
    alpha, gamma, beta = (stage.nodes[address] for address in BY_ADDRESS)
    stage.runs("10.0.0.2", job_id="second on alpha")
    alpha.tx, gamma.tx, beta.tx = 10, 2_000, 30_000_000
    alpha.jobs_done, gamma.jobs_done, beta.jobs_done = 12, 3, 1
    alpha.cpu_time, gamma.cpu_time, beta.cpu_time = 1.5, 4000.0, 90.0
    for node, memory in ((alpha, 2**31), (gamma, 2**33), (beta, 2**20)):
        node.avail_info.memory = memory
        stage.cluster.report(DispyNode.AvailInfo, node, None)
    page = stage.open()
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


def test_sort_lives_in_the_address(stage: Stage, page: Page) -> None:
    page.get_by_role("button", name="CPUs", exact=True).click()
    expect(page).to_have_url(re.compile(r"[?&]sort=-cpus"))
    page.reload()
    becomes(lambda: keys_shown(page), ["10.0.0.10", "10.0.0.2", "10.0.0.9"])


def test_a_row_moves_when_its_figure_does(stage: Stage) -> None:
    page = stage.open("?sort=-busy")
    becomes(lambda: keys_shown(page)[0], "10.0.0.10")
    for number in range(2):
        stage.runs("10.0.0.9", job_id=f"more {number}")
    becomes(lambda: keys_shown(page)[0], "10.0.0.9")


def test_every_column_of_dispys_page_is_there(page: Page) -> None:
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert [head for head in heads if head] == [
        "IP address", "Name", "CPUs", "Busy", "Available CPU", "Memory", "Swap", "Disk", "Sent",
        "Received", "Jobs done", "Seconds per job", "CPU time", "Last update",
    ]  # fmt: skip


def test_figures_carry_their_units(page: Page) -> None:
    row = page.locator("[data-key='10.0.0.9']")
    for column, text in (
        ("avail_cpu", "98 %"),
        ("memory", "22.7 GiB"),
        ("swap", "100 %"),
        ("disk", "78.3 GiB"),
    ):
        expect(row.locator(f"[data-column={column}] .td-value")).to_have_text(text)


# -- filter --------------------------------------------------------------------------------------


def test_filter_finds_words_and_qualifiers(page: Page) -> None:
    for text, found in (
        ("alp", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.10"),
        ("name:beta", "10.0.0.10"),
        ("0.0 gamma", "10.0.0.9"),
        ("state:up ip:10.0.0.2", "10.0.0.2"),
    ):
        page.get_by_role("searchbox", name="Filter nodes").fill(text)
        becomes(lambda: (text, keys_shown(page)), (text, [found]))  # noqa: B023
    expect(page.locator("#nodes .table-count")).to_have_text("1 of 3")


def test_unknown_qualifier_of_the_filter_is_refused(page: Page) -> None:
    box = page.get_by_role("searchbox", name="Filter nodes")
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


def test_filter_lives_in_the_address(page: Page) -> None:
    page.get_by_role("searchbox", name="Filter nodes").fill("beta")
    expect(page).to_have_url(re.compile(r"[?&]q=beta"))
    page.reload()
    becomes(lambda: keys_shown(page), ["10.0.0.10"])


def test_filter_that_finds_nothing_can_be_cleared(page: Page) -> None:
    page.get_by_role("searchbox", name="Filter nodes").fill("nothing")
    expect(page.get_by_text("No node matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    becomes(lambda: len(keys_shown(page)), 3)


def test_typed_text_survives_updates(stage: Stage, page: Page) -> None:
    box = page.get_by_role("searchbox", name="Filter nodes")
    box.focus()
    box.press_sequentially("10.0")
    stage.joins("10.0.0.77", "late")
    becomes(lambda: "10.0.0.77" in keys_shown(page), True)
    expect(box).to_have_value("10.0")
    expect(box).to_be_focused()


# -- columns -------------------------------------------------------------------------------------


def test_columns_are_chosen_and_remembered(page: Page) -> None:
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Swap", exact=True).uncheck()
    page.get_by_role("checkbox", name="State", exact=True).check()
    for _ in range(2):
        expect(page.get_by_role("columnheader", name="Swap")).to_have_count(0)
        expect(page.get_by_role("columnheader", name="State")).to_be_visible()
        becomes(lambda: cells(page, "state"), ["up", "up", "up"])
        page.reload()


def test_open_column_chooser_survives_updates(stage: Stage, page: Page) -> None:
    page.get_by_role("button", name="Choose columns").click()
    stage.joins("10.0.0.77", "late")
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_role("checkbox", name="Swap", exact=True)).to_be_visible()


# -- selection and actions -----------------------------------------------------------------------


def test_selection_survives_updates(stage: Stage, page: Page) -> None:
    _select(page, "10.0.0.2", "10.0.0.10")
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


def test_all_rows_are_selected_at_once(page: Page) -> None:
    page.get_by_role("checkbox", name="Select all rows shown").first.check()
    expect(page.locator("#nodes .actions-count")).to_have_text("3 nodes:")


def test_rows_that_are_filtered_out_are_not_acted_on(page: Page) -> None:
    _select(page, "10.0.0.2", "10.0.0.10")
    page.get_by_role("searchbox", name="Filter nodes").fill("alpha")
    expect(page.locator("#nodes .actions-count")).to_have_text("1 node:")


def test_shift_selects_through(page: Page) -> None:
    page.get_by_role("checkbox", name="Select 10.0.0.10").click()
    page.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).click(modifiers=["Shift"])
    expect(page.locator("#nodes .actions-count")).to_have_text("3 nodes:")


def test_closing_asks_first_and_says_how_many(stage: Stage, page: Page) -> None:
    _select(page, "10.0.0.2", "10.0.0.9")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("button", name="Close 2 nodes")).to_be_focused()
    expect(page.get_by_text("its running jobs end as usual.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    assert stage.cluster.calls == []


def test_nodes_are_closed_in_bulk(stage: Stage, page: Page) -> None:
    _select(page, "10.0.0.2", "10.0.0.9")
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close 2 nodes").click()
    notice = page.get_by_role("group", name="Outcome")
    expect(notice.locator(".notice-title")).to_have_text("Closed 2 nodes")
    expect(notice.get_by_role("listitem")).to_have_count(2)
    assert [call[0] for call in stage.cluster.calls] == ["close_node"] * 2


def test_outcomes_list_each_node_and_stay_until_dismissed(stage: Stage, page: Page) -> None:
    def answer(address: str) -> int:
        if address == "10.0.0.9":
            raise RuntimeError("out of order")
        return 0

    stage.cluster.answers["deallocate_node"] = answer
    _select(page, "10.0.0.2", "10.0.0.9")
    page.get_by_role("button", name="Deallocate").click()
    page.get_by_role("button", name="Deallocate 2 nodes").click()
    notice = page.get_by_role("group", name="Outcome")
    expect(notice.locator(".notice-title")).to_have_text("Deallocated 1 of 2 nodes")
    expect(notice.get_by_role("listitem").first).to_contain_text("10.0.0.9")
    expect(notice.get_by_role("listitem").first).to_contain_text("Failed")
    stage.joins("10.0.0.77", "late")
    expect(rows(page)).to_have_count(4)
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_question_stays_about_what_was_selected(stage: Stage, page: Page) -> None:
    _select(page, "10.0.0.9")
    page.get_by_role("button", name="Close", exact=True).click()
    stage.joins("10.0.0.77", "late")
    expect(rows(page)).to_have_count(4)
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.locator(".notice-title")).to_have_text("Closed 1 node")
    assert [call[1] for call in stage.cluster.calls] == [("10.0.0.9",)]


# -- clusters ------------------------------------------------------------------------------------


def test_chosen_cluster_lives_in_the_address(stage: Stage) -> None:
    watched_cluster(stage.registry, "render")
    page = stage.open()
    chooser(page).select_option("render")
    expect(page).to_have_url(re.compile(r"\?cluster=render$"))
    expect(page.locator("#nodes")).to_contain_text("No node yet")
    page.reload()
    expect(chooser(page)).to_have_value("render")
    page.go_back()
    expect(chooser(page)).to_have_value("*")
    expect(rows(page)).to_have_count(3)


def test_chosen_cluster_is_kept_from_page_to_page(stage: Stage) -> None:
    watched_cluster(stage.registry, "render")
    page = stage.open("?cluster=render")
    for name in ("Node", "Jobs", "Timeline", "Manage", "Monitor"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile(rf"{name.lower()}\.html\?cluster=render"))


def test_combined_comes_first_and_sums_up(stage: Stage) -> None:
    other = watched_cluster(stage.registry, "render")
    other.join(stage.nodes["10.0.0.2"])
    job = other.submit(job_id="elsewhere")
    other.start(job, stage.nodes["10.0.0.2"])
    page = stage.open()
    becomes(
        lambda: chooser(page).locator("option").all_inner_texts(),
        ["* Combined", "compute", "render"],
    )
    expect(page.locator("[data-tile=running] .tile-value")).to_have_text("3")
    expect(rows(page)).to_have_count(3)


def test_cluster_that_joins_later_can_be_chosen(stage: Stage, page: Page) -> None:
    watched_cluster(stage.registry, "late one")
    becomes(
        lambda: chooser(page).locator("option").all_inner_texts(),
        ["* Combined", "compute", "late one"],
    )


def test_name_with_every_sign_can_be_chosen(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    name = "a/b?c&d#e %25 ü"
    stage.cluster = watched_cluster(stage.registry, name)
    watched_cluster(stage.registry, "other")
    stage.joins("10.0.0.2")
    page = stage.open()
    chooser(page).select_option(name)
    expect(page).to_have_url(re.compile("cluster=a%2Fb"))
    becomes(lambda: keys_shown(page), ["10.0.0.2"])
