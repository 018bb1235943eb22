"""Nodes that were asked to join and have not, as Manage and Monitor show them."""

from __future__ import annotations

import pytest
from browser.stage import Stage
from playwright.sync_api import Locator, Page, expect
from web.fakes import make_node

from flask_dispy.watching.intervals import Intervals


@pytest.fixture
def intervals() -> Intervals:
    """Offers are overdue at once."""
    return Intervals(overdue_sec=0.0, offers_sec=0.1)


def _items(page: Page) -> Locator:
    return page.locator("#offers li[data-number]")


def test_chip_leads_to_the_list(stage: Stage) -> None:
    stage.registry.control.allocate("compute", "127.0.0.9", 9, by="ann")
    stage.registry.control.allocate("compute", "10.0.1.*")
    page = stage.open()
    page.get_by_role("link", name="2 nodes not joined").click()
    expect(page.locator("#offers")).to_be_in_viewport()
    expect(_items(page)).to_have_count(2)


def test_offer_shows_its_asker_the_finding_and_a_command_until_its_node_joins(
    stage: Stage,
) -> None:
    page = stage.open("manage.html")
    expect(page.locator("#offers")).to_be_hidden()
    page.get_by_label("Host or IP address").fill("127.0.0.77")
    page.keyboard.press("Enter")
    expect(_items(page)).to_contain_text("127.0.0.77")  # at once
    page.get_by_role("button", name="Withdraw: 127.0.0.77").click()
    expect(page.locator("#offers")).to_be_hidden()

    stage.registry.control.allocate("compute", "127.0.0.9", 9, by="ann")
    stage.registry.control.allocate("compute", "10.0.1.*")
    expect(_items(page)).to_have_count(2)
    first, second = _items(page).first, _items(page).last
    expect(first).to_contain_text("127.0.0.9, port 9")
    expect(first).to_contain_text("by ann")
    expect(first).to_contain_text("nothing listens at port 9")
    first.locator("summary").click()
    expect(first.get_by_text("No dispynode runs there")).to_be_visible()
    expect(first.locator("code").first).to_have_text("ss -ltn 'sport = :9'")
    expect(second).to_contain_text("10.0.1.*")
    expect(second.get_by_text("is asked by broadcast")).to_be_hidden()
    stage.cluster.join(make_node("10.0.1.4"))
    expect(_items(page)).to_have_count(1)
    expect(_items(page)).to_contain_text("127.0.0.9")


def test_offer_is_asked_again_and_withdrawn_by_a_click_that_survives_a_change_of_the_list(
    stage: Stage,
) -> None:
    stage.registry.control.allocate("compute", "127.0.0.9", 9, by="ann")
    stage.registry.control.allocate("compute", "10.0.1.*")
    page = stage.open("manage.html")
    expect(_items(page)).to_have_count(2)
    page.get_by_role("button", name="Ask again: 127.0.0.9").click()
    expect(page.locator(".notice-title").first).to_have_text("Asked 127.0.0.9 again")
    assert [name for name, _ in stage.cluster.calls].count("allocate_node") == 3

    page.get_by_role("button", name="Withdraw: 127.0.0.9").hover()
    page.mouse.down()
    stage.registry.control.allocate("compute", "10.0.2.*")
    expect(_items(page)).to_have_count(3)
    page.mouse.up()
    expect(page.locator(".notice-title").first).to_have_text("Withdrew the offer to 127.0.0.9")
    expect(_items(page)).to_have_count(2)
    for host in ("10.0.1.*", "10.0.2.*"):
        page.get_by_role("button", name=f"Withdraw: {host}").click()
        expect(page.get_by_text(f"Withdrew the offer to {host}", exact=True).first).to_be_visible()
    expect(page.locator("#offers")).to_be_hidden()
