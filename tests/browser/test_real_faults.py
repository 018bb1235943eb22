"""Real nodes and a real scheduler that are killed while a page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import computations
import pytest
from browser.stage import Browsers, Stage, is_live, serve, tile
from clusters import LocalDispy
from playwright.sync_api import Locator, Page, expect

from flask_dispy import ClusterRegistry

pytestmark = pytest.mark.cluster

BUSY, IDLE = "127.0.0.2", "127.0.0.3"


@contextmanager
def _shown(cluster: Any, registry: ClusterRegistry, browsers: Browsers) -> Iterator[Stage]:
    registry.add(cluster)
    with serve(registry, browsers) as stage:
        yield stage


def _state(page: Page, ip_addr: str) -> Locator:
    return page.locator(f"[data-key='{ip_addr}'] [data-column=state] .td-value")


def test_nodes_that_are_killed_show_it(
    local_dispy: LocalDispy, registry: ClusterRegistry, browsers: Browsers
) -> None:
    nodes = [local_dispy.start_node(2), local_dispy.start_node(3)]
    cluster = local_dispy.job_cluster(computations.nap, pulse_interval=0.5)
    with _shown(cluster, registry, browsers) as stage:
        page, table = stage.open(), stage.open("manage.html")
        expect(tile(page, "Nodes up")).to_have_text("2 / 2")
        cluster.submit_node(IDLE, 0.1)
        expect(tile(page, "finished")).to_have_text("1")  # so the node is set up
        for _ in range(2):
            cluster.submit_node(BUSY, 60)
        expect(tile(page, "running")).to_have_text("2")
        for node in nodes:
            node.kill()
        expect(_state(table, BUSY)).to_have_text("lost")
        expect(_state(table, IDLE)).to_have_text("silent")
        expect(tile(page, "abandoned")).to_have_text("2")
        expect(tile(page, "running")).to_have_text("0")
        expect(tile(page, "Nodes up")).to_have_text("0 / 2")
        for chip in ("1 node lost", "1 node silent", "2 jobs abandoned"):
            expect(page.get_by_role("link", name=chip, exact=True)).to_be_visible()
        expect(page.locator(".nodemap-summary")).to_have_text("1 silent · 1 lost")
        page.get_by_role("link", name="1 node lost").click()
        expect(page.locator(".tr[data-key]")).to_have_count(1)
        is_live(page)


def test_killed_scheduler_is_reported(
    local_dispy: LocalDispy, registry: ClusterRegistry, browsers: Browsers
) -> None:
    local_dispy.start_node(2)
    scheduler = local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(computations.nap)
    with _shown(cluster, registry, browsers) as stage:
        page = stage.open()
        cluster.submit(60)
        expect(tile(page, "running")).to_have_text("1")
        scheduler.kill()
        expect(page.get_by_text("does not answer")).to_be_visible()
        expect(tile(page, "running")).to_have_text("1")  # the node works on
        is_live(page)
