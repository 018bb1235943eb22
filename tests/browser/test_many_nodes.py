"""10,000 nodes: the page holds what is seen, and stays quick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser.stage import Browsers, becomes, keys_shown, rows, serve
from dispy import DispyNode
from playwright.sync_api import Page, expect
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry

MANY = 10_000


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[ClusterRegistry, FakeCluster, list[DispyNode]]]:
    """A registry with as many nodes; made once."""
    registry = ClusterRegistry()
    cluster = watched_cluster(registry)
    addresses = [f"10.{n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(MANY)]
    nodes = [cluster.join(make_node(address, f"node {n}")) for n, address in enumerate(addresses)]
    yield registry, cluster, nodes
    registry.close()


@pytest.fixture
def page(crowd: Any, browsers: Browsers) -> Iterator[Page]:
    registry, cluster, nodes = crowd
    with serve(registry, browsers) as stage:
        stage.cluster, stage.nodes = cluster, {node.ip_addr: node for node in nodes}
        page = stage.open("?sort=ip_addr")
        expect(page.locator("#nodes .table-count")).to_have_text("10,000")
        yield page


def _scroll(page: Page, share: float) -> None:
    page.locator("#nodes .table").evaluate(
        "(table, share) => table.scrollTo(0, share * (table.scrollHeight - table.clientHeight))",
        share,
    )


def test_only_rows_in_view_are_in_the_page_and_their_place_survives_updates(
    page: Page, crowd: Any
) -> None:
    expect(page.locator("#nodes [role=grid]")).to_have_attribute("aria-rowcount", "10001")
    assert 0 < rows(page).count() < 100
    page.locator("#nodes").scroll_into_view_if_needed()
    for share, key in ((1, "10.0.39.15"), (0, "10.0.0.0"), (0.5, "10.0.19.136")):
        _scroll(page, share)
        becomes(lambda: key in keys_shown(page), True)  # noqa: B023
        assert rows(page).count() < 200

    _, cluster, nodes = crowd
    before = keys_shown(page)
    node = next(node for node in nodes if node.ip_addr == "10.0.19.136")
    node.jobs_done += 77
    cluster.report(DispyNode.AvailInfo, node, None)
    expect(page.locator("[data-key='10.0.19.136'] [data-column=jobs_done] .td-value")).to_have_text(
        "77"
    )
    assert keys_shown(page) == before


def test_keys_reach_the_last_row_all_are_selected_at_once_and_one_is_found(page: Page) -> None:
    def focused() -> int:
        page.keyboard.press("j")
        return page.locator(".tr:focus").count()

    becomes(focused, 1)
    page.keyboard.press("End")
    expect(page.locator(".tr:focus")).to_have_attribute("data-key", "10.0.39.15")
    expect(page.locator(".tr:focus")).to_be_in_viewport()
    page.get_by_role("checkbox", name="Select all rows shown").first.check()
    expect(page.locator("#nodes .actions-count")).to_have_text("10,000 nodes:")
    page.get_by_role("searchbox", name="Filter nodes").fill("node 7777")
    becomes(lambda: keys_shown(page), ["10.0.30.97"])
    expect(page.locator("#nodes .table-count")).to_have_text("1 of 10,000")
