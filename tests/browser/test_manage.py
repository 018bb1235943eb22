"""Manage: nodes are added, given CPUs, taken out and closed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from browser.stage import Stage, becomes, rows
from dispy import DispyNode
from playwright.sync_api import Page, expect
from web.fakes import watched_cluster


@pytest.fixture
def page(stage: Stage) -> Page:
    """Manage with its rows."""
    page = stage.open("manage.html")
    expect(rows(page)).to_have_count(3)
    return page


def _calls(stage: Stage) -> list[str]:
    return [name for name, _ in stage.cluster.calls]


def test_node_is_allocated_by_address(stage: Stage, page: Page) -> None:
    page.get_by_label("Host or IP address").fill("10.0.0.50")
    page.get_by_label("Port").fill("9701")
    page.locator("#allocate [name=cpus]").fill("2")
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.locator(".notice-title")).to_have_text("Asked for 10.0.0.50")
    expect(page.get_by_label("Host or IP address")).to_have_value("")
    ((name, (node,)),) = stage.cluster.calls
    assert (name, node) == ("allocate_node", {"host": "10.0.0.50", "port": 9701, "cpus": 2})


def test_nodes_are_allocated_by_wildcard(stage: Stage, page: Page) -> None:
    page.get_by_label("Host or IP address").fill("10.0.1.*")
    page.keyboard.press("Enter")
    expect(page.locator(".notice-title")).to_have_text("Asked for 10.0.1.*")
    assert stage.cluster.calls[0][1][0]["host"] == "10.0.1.*"


def test_host_must_be_given(stage: Stage, page: Page) -> None:
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a host name")
    expect(page.get_by_label("Host or IP address")).to_be_focused()
    assert stage.cluster.calls == []


def test_bad_port_is_reported_at_its_field(stage: Stage, page: Page) -> None:
    page.get_by_label("Host or IP address").fill("10.0.0.50")
    page.get_by_label("Port").fill("70000")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Port")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Port")).to_be_focused()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert stage.cluster.calls == []
    cpus = page.locator("#allocate [name=cpus]")
    expect(cpus).to_have_attribute("aria-describedby", "cpus-note")
    page.get_by_label("Port").fill("9701")
    cpus.fill("99999999999")
    page.keyboard.press("Enter")
    expect(cpus).to_have_attribute("aria-invalid", "true")
    expect(cpus).to_have_attribute("aria-describedby", "allocate-error cpus-note")


def test_host_that_does_not_resolve_is_reported(stage: Stage, page: Page) -> None:
    stage.cluster.answers["allocate_node"] = -1
    page.get_by_label("Host or IP address").fill("no-such-host.invalid")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not resolve")
    expect(page.get_by_label("Host or IP address")).to_have_attribute("aria-invalid", "true")


def test_node_is_allocated_to_the_chosen_cluster(stage: Stage) -> None:
    other = watched_cluster(stage.registry, "render")
    page = stage.open("manage.html")
    page.get_by_label("Host or IP address").fill("10.0.0.50")
    page.locator("#allocate").get_by_role("combobox", name="Cluster").select_option("render")
    page.keyboard.press("Tab")
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.locator(".notice-title")).to_have_text("Asked for 10.0.0.50")
    assert (_calls(stage), len(other.calls)) == ([], 1)


def test_cpus_are_set_in_a_row(stage: Stage, page: Page) -> None:
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


def test_cpus_are_set_for_all_that_are_selected(stage: Stage, page: Page) -> None:
    stage.cluster.answers["set_node_cpus"] = 3
    page.get_by_role("checkbox", name="Select all rows shown").first.check()
    page.get_by_label("CPUs for the selected nodes").fill("-1")
    page.get_by_role("button", name="Set CPUs").click()
    expect(page.locator(".notice-title")).to_have_text("Set CPUs of 3 nodes")
    assert _calls(stage) == ["set_node_cpus"] * 3


def test_typed_cpus_survive_updates(stage: Stage, page: Page) -> None:
    box = page.locator("[data-key='10.0.0.2']").get_by_role("spinbutton")
    box.fill("3")
    stage.joins("10.0.0.77", "late")
    stage.ends(stage.jobs["busy"])
    expect(rows(page)).to_have_count(4)
    expect(page.locator("[data-key='10.0.0.2'] [data-column=running] .td-value")).to_have_text("0")
    expect(box).to_have_value("3")
    expect(box).to_be_focused()


@pytest.mark.parametrize(
    ("button", "confirm", "call"),
    [
        ("Allocate", None, "allocate_node"),
        ("Deallocate", "Deallocate 3 nodes", "deallocate_node"),
        ("Close", "Close 3 nodes", "close_node"),
    ],
)
def test_action_is_done_to_all_that_are_selected(
    stage: Stage, page: Page, button: str, confirm: Any, call: str
) -> None:
    page.get_by_role("checkbox", name="Select all rows shown").first.check()
    page.locator("#nodes").get_by_role("button", name=button, exact=True).click()
    if confirm:
        page.get_by_role("button", name=confirm).click()
    expect(page.locator(".notice-title")).to_have_text(re.compile("3 nodes$"))
    expect(page.locator(".notice-lines li")).to_have_count(3)
    assert _calls(stage) == [call] * 3


def test_actions_wait_for_a_selection(page: Page) -> None:
    for name in ("Allocate", "Deallocate", "Close", "Set CPUs"):
        expect(page.locator("#nodes").get_by_role("button", name=name, exact=True)).to_be_disabled()


def test_call_that_fails_is_reported_with_its_reason(stage: Stage, page: Page) -> None:
    stage.cluster.answers["close_node"] = RuntimeError("secret inside")
    page.get_by_role("checkbox", name="Select 10.0.0.9").check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.locator(".notice-title")).to_have_text("Closed 0 of 1 node")
    expect(page.locator(".notice-lines")).not_to_contain_text("secret inside")


def test_request_to_a_node_is_shown_as_pending(stage: Stage, page: Page) -> None:
    page.get_by_label("Host or IP address").fill("10.9.9.9")
    page.keyboard.press("Enter")
    line = page.locator(".notice-lines li")
    expect(line).to_have_text("Asked: 10.9.9.9 is asked to join compute.")
    expect(line.locator(".mark-queued")).to_have_count(1)
    expect(page.locator(".notice.notice-asked")).to_have_count(1)


def test_ipv6_address_may_stand_in_brackets(stage: Stage, page: Page) -> None:
    page.get_by_label("Host or IP address").fill("[::1]")
    page.keyboard.press("Enter")
    expect(page.locator(".notice-title")).to_have_text("Asked for [::1]")
    assert stage.cluster.calls[0][1][0]["host"] == "::1"


def test_field_says_where_cpus_are_ignored(stage: Stage, page: Page) -> None:
    cpus = page.locator("#allocate [name=cpus]")
    page.get_by_label("Host or IP address").fill("10.0.1.*")
    expect(cpus).to_be_disabled()
    expect(page.locator("#cpus-note")).to_have_text("ignored with *")
    page.get_by_label("Host or IP address").fill("10.0.1.1")
    expect(cpus).to_be_enabled()
    expect(page.locator("#cpus-note")).to_have_text("")


def test_closed_node_can_not_be_closed_again(stage: Stage) -> None:
    page = stage.open("node.html?host=10.0.0.9")
    close = page.get_by_role("button", name="Close node")
    expect(close).to_be_enabled()
    close.click()
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.locator("#node-state")).to_have_text("closed")
    expect(close).to_be_disabled()
    allocate = page.locator("#actions").get_by_role("button", name="Allocate", exact=True)
    expect(allocate).to_be_enabled()


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
    for name in ("..", ".", "a?b#c%d", "a\\b", "../x"):
        watched_cluster(stage.registry, name)
        stage.go(page, f"manage.html?{urlencode({'cluster': name})}")
        page.get_by_label("Host or IP address").fill("10.0.0.50")
        page.keyboard.press("Enter")
        expect(page.locator(".notice-lines li")).to_contain_text("is asked to join")
        stage.go(page, f"jobs.html?{urlencode({'cluster': name})}")
        expect(page.get_by_text("No job yet")).to_be_visible()


def test_content_under_a_notice_can_be_scrolled_into_view(page: Page) -> None:
    page.set_viewport_size({"width": 1000, "height": 500})
    page.get_by_label("Host or IP address").fill("10.9.9.9")
    page.get_by_role("button", name="Allocate", exact=True).first.click()
    expect(page.locator(".notice")).to_be_visible()
    reach = """() => {
        scrollTo(0, document.documentElement.scrollHeight);
        const [rows, notices] = ["#nodes .tbody", ".notices"].map((place) =>
            document.querySelector(place).getBoundingClientRect());
        return notices.height > 0 && rows.bottom <= notices.top;
    }"""
    becomes(lambda: page.evaluate(reach), True)
