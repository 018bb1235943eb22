"""Manage: nodes are added, given CPUs, taken out and closed."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from browser.stage import Stage, becomes, dismiss, rows
from dispy import DispyNode
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster


@pytest.fixture
def page(stage: Stage) -> Page:
    """Manage with its rows."""
    page = stage.open("manage.html")
    expect(rows(page)).to_have_count(3)
    return page


def _calls(stage: Stage) -> list[str]:
    return [name for name, _ in stage.cluster.calls]


def test_nodes_are_asked_to_join_by_address_wildcard_and_for_the_chosen_cluster(
    stage: Stage, page: Page
) -> None:
    host = page.get_by_label("Host or IP address")
    host.fill("10.0.0.50")
    page.get_by_label("Port").fill("9701")
    page.locator("#allocate [name=cpus]").fill("2")
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.locator(".notice-title")).to_have_text("Asked for 10.0.0.50")
    expect(host).to_have_value("")
    line = page.locator(".notice-lines li")
    expect(line).to_have_text("Asked: 10.0.0.50 is asked to join compute.")
    expect(line.locator(".mark-queued")).to_have_count(1)
    expect(page.locator(".notice.notice-asked")).to_have_count(1)
    ((name, (node,)),) = stage.cluster.calls
    assert (name, node) == ("allocate_node", {"host": "10.0.0.50", "port": 9701, "cpus": 2})
    for typed, asked in (("10.0.1.*", "10.0.1.*"), ("[::1]", "::1")):
        dismiss(page)
        host.fill(typed)
        page.keyboard.press("Enter")
        expect(page.locator(".notice-title")).to_have_text(f"Asked for {typed}")
        assert (typed, stage.cluster.calls[-1][1][0]["host"]) == (typed, asked)

    dismiss(page)
    other = watched_cluster(stage.registry, "render")
    host.fill("10.0.0.50")
    page.locator("#allocate").get_by_role("combobox", name="Cluster").select_option("render")
    page.keyboard.press("Tab")
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.locator(".notice-title")).to_have_text("Asked for 10.0.0.50")
    assert (len(stage.cluster.calls), len(other.calls)) == (3, 1)
    # What lies under the notice can be scrolled into view.
    page.set_viewport_size({"width": 1000, "height": 500})
    reach = """() => {
        scrollTo(0, document.documentElement.scrollHeight);
        const [rows, notices] = ["#nodes .tbody", ".notices"].map((place) =>
            document.querySelector(place).getBoundingClientRect());
        return notices.height > 0 && rows.bottom <= notices.top;
    }"""
    becomes(lambda: page.evaluate(reach), True)


def test_what_is_wrong_is_reported_at_its_field(stage: Stage, page: Page) -> None:
    host, port = page.get_by_label("Host or IP address"), page.get_by_label("Port")
    cpus = page.locator("#allocate [name=cpus]")
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a host name")
    expect(host).to_be_focused()
    assert stage.cluster.calls == []

    host.fill("10.0.0.50")
    port.fill("70000")
    page.keyboard.press("Enter")
    expect(port).to_have_attribute("aria-invalid", "true")
    expect(port).to_be_focused()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert stage.cluster.calls == []
    expect(cpus).to_have_attribute("aria-describedby", "cpus-note")
    port.fill("9701")
    cpus.fill("99999999999")
    page.keyboard.press("Enter")
    expect(cpus).to_have_attribute("aria-invalid", "true")
    expect(cpus).to_have_attribute("aria-describedby", "allocate-error cpus-note")

    host.fill("10.0.1.*")
    expect(cpus).to_be_disabled()
    expect(page.locator("#cpus-note")).to_have_text("ignored with *")
    host.fill("10.0.1.1")
    expect(cpus).to_be_enabled()
    expect(page.locator("#cpus-note")).to_have_text("")

    cpus.fill("")
    stage.cluster.answers["allocate_node"] = -1
    host.fill("no-such-host.invalid")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not resolve")
    expect(host).to_have_attribute("aria-invalid", "true")


def test_cpus_are_set_in_a_row_and_for_all_that_are_selected_and_typed_ones_survive_updates(
    stage: Stage, page: Page
) -> None:
    def set_cpus(address: str, cpus: int) -> int:
        stage.nodes[address].cpus = cpus
        stage.cluster.report(DispyNode.AvailInfo, stage.nodes[address], None)
        return cpus

    stage.cluster.answers["set_node_cpus"] = set_cpus
    row = page.locator("[data-key='10.0.0.10']")
    box = row.get_by_role("spinbutton")
    box.fill("5")
    row.get_by_role("button", name="Set").click()
    expect(page.locator(".notice-title")).to_have_text("Set CPUs of 1 node")
    expect(box).to_have_value("5")
    assert stage.cluster.calls == [("set_node_cpus", ("10.0.0.10", 5))]
    dismiss(page)

    stage.cluster.answers["set_node_cpus"] = 3
    page.get_by_role("checkbox", name="Select all rows shown").first.check()
    page.get_by_label("CPUs for the selected nodes").fill("-1")
    page.get_by_role("button", name="Set CPUs").click()
    expect(page.locator(".notice-title")).to_have_text("Set CPUs of 3 nodes")
    assert _calls(stage)[1:] == ["set_node_cpus"] * 3

    box = page.locator("[data-key='10.0.0.2']").get_by_role("spinbutton")
    box.fill("3")
    stage.joins("10.0.0.77", "late")
    stage.ends(stage.jobs["busy"])
    expect(rows(page)).to_have_count(4)
    expect(page.locator("[data-key='10.0.0.2'] [data-column=running] .td-value")).to_have_text("0")
    expect(box).to_have_value("3")
    expect(box).to_be_focused()


def test_actions_wait_for_a_selection_and_are_done_to_all_of_it_or_say_why_not(
    stage: Stage, page: Page
) -> None:
    def action(name: str) -> Locator:
        return page.locator("#nodes").get_by_role("button", name=name, exact=True)

    def select_all() -> None:
        """Select the nodes on a page that knows nothing of their having been away."""
        stage.go(page, "manage.html")
        expect(rows(page)).to_have_count(3)
        page.get_by_role("checkbox", name="Select all rows shown").first.check()
        expect(page.locator("#nodes .actions-count")).to_have_text("3 nodes:")

    for name in ("Allocate", "Deallocate", "Close", "Set CPUs"):
        expect(action(name)).to_be_disabled()
    for name, confirm, call in (
        ("Allocate", None, "allocate_node"),
        ("Deallocate", "Deallocate 3 nodes", "deallocate_node"),
        ("Close", "Close 3 nodes", "close_node"),
    ):
        stage.cluster.calls.clear()
        select_all()
        action(name).click()
        if confirm:
            page.get_by_role("button", name=confirm).click()
        expect(page.locator(".notice-title")).to_have_text(re.compile("3 nodes$"))
        expect(page.locator(".notice-lines li")).to_have_count(3)
        assert _calls(stage) == [call] * 3
        dismiss(page)
        for address in list(stage.nodes):
            stage.joins(address)  # again, after it was taken out

    stage.cluster.answers["close_node"] = RuntimeError("secret inside")
    select_all()
    action("Close").click()
    page.get_by_role("button", name="Close 3 nodes").click()
    expect(page.locator(".notice-title")).to_have_text("Closed 0 of 3 nodes")
    expect(page.locator(".notice-lines")).not_to_contain_text("secret inside")


def test_good_outcome_leaves_by_itself(stage: Stage, page: Page) -> None:
    page.clock.install()
    page.get_by_role("checkbox", name="Select 10.0.0.9").check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.locator(".notice-title")).to_have_text("Closed 1 node")
    page.mouse.move(5, 5)
    page.clock.run_for(20_000)
    expect(page.locator(".notice")).to_have_count(0)


def test_clusters_can_be_opened_whatever_their_names(stage: Stage, page: Page) -> None:
    names = ("..", ".", "a?b#c%d", "a\\b", "../x")
    for name in names:
        watched_cluster(stage.registry, name)
    for name in names:
        page.get_by_label("Host or IP address").fill("10.0.0.50")
        page.locator("#allocate").get_by_role("combobox", name="Cluster").select_option(name)
        page.locator("#allocate").get_by_role("button", name="Allocate").click()
        expect(page.locator(".notice-lines li")).to_contain_text(f"is asked to join {name}.")
        dismiss(page)
    for name in names:
        stage.go(page, f"jobs.html?{urlencode({'cluster': name})}")
        expect(page.get_by_text("No job yet")).to_be_visible()
