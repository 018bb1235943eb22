"""Columns of a user's own on the pages, which know them from the server alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.stage import Browsers, Stage, becomes, cells, keys_shown, rows, serve
from clusters import wait_until
from playwright.sync_api import Page, expect
from web.fakes import make_node, watched_cluster

from flask_dispy import ClusterRegistry, Column, PastRegistry

TEMPERATURES = {"10.0.0.2": 41.5, "10.0.0.9": None, "10.0.0.10": 1080}
UNKNOWN = "\u2013"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def registry() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(
        node_columns=[
            Column("temp", label="Temp", unit="°C", type="number",
                   value=lambda node: TEMPERATURES[node.ip_addr]),
            Column("rack", label=HOSTILE[:40], value=lambda node: f"{HOSTILE} {node.name}"),
            Column("spot", label="Spot", type="boolean", value=lambda node: node.cpus > 4),
        ],
        job_columns=[Column("batch", label="Batch", value=lambda job: f"night of {job._args[0]}")],
    )  # fmt: skip
    yield registry
    registry.close()


@pytest.fixture
def page(stage: Stage) -> Page:
    """Monitor with its rows."""
    page = stage.open()
    expect(rows(page)).to_have_count(3)
    return page


def shown(page: Page, column: str) -> dict[str, str]:
    """What a column shows, by key; read at once, because rows come and go."""
    pairs = rows(page).evaluate_all(
        """(rows, column) => rows.map((row) => {
            const cell = row.querySelector(`[data-column="${column}"]`);
            return [row.dataset.key, (cell?.querySelector(".td-value") ?? cell)?.textContent];
        })""",
        column,
    )
    return dict(pairs)


def test_column_is_seen_sorted_filtered_and_hidden_and_follows_its_values(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    becomes(lambda: shown(page, "temp"),
            {"10.0.0.2": "41.5 °C", "10.0.0.9": UNKNOWN, "10.0.0.10": "1,080 °C"})  # fmt: skip
    becomes(lambda: shown(page, "spot"),
            {"10.0.0.2": "no", "10.0.0.9": "no", "10.0.0.10": "yes"})  # fmt: skip
    assert shown(page, "rack")["10.0.0.2"] == f"{HOSTILE} alpha"
    for order in (["10.0.0.10", "10.0.0.2", "10.0.0.9"], ["10.0.0.2", "10.0.0.10", "10.0.0.9"]):
        page.get_by_role("button", name="Temp", exact=True).click()
        becomes(lambda: keys_shown(page), order)
    page.get_by_label("Filter nodes").fill("temp:>100")
    becomes(lambda: keys_shown(page), ["10.0.0.10"])
    page.get_by_label("Filter nodes").fill("rack:GAMMA")
    becomes(lambda: keys_shown(page), ["10.0.0.9"])
    page.get_by_label("Filter nodes").fill("gamma ONERROR")
    becomes(lambda: keys_shown(page), ["10.0.0.9"])
    page.get_by_label("Filter nodes").fill("1080")
    becomes(lambda: keys_shown(page), ["10.0.0.10"])
    page.get_by_label("Filter nodes").fill("tempo:5")
    expect(page.locator("#filter-problem")).to_contain_text(", temp, rack, spot. Text with")
    page.get_by_label("Filter nodes").fill("")
    becomes(lambda: len(keys_shown(page)), 3)
    monkeypatch.setitem(TEMPERATURES, "10.0.0.2", 43)
    becomes(lambda: shown(page, "temp")["10.0.0.2"], "43 °C")
    assert shown(page, "temp")["10.0.0.9"] == UNKNOWN
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Temp", exact=True).uncheck()
    expect(page.get_by_role("columnheader", name="Temp")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("columnheader", name="Spot")).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Temp")).to_have_count(0)


def test_manage_and_a_nodes_page_have_the_values(stage: Stage) -> None:
    page = stage.open("manage.html")
    becomes(lambda: shown(page, "temp").get("10.0.0.2"), "41.5 °C")
    stage.go(page, "node.html?host=10.0.0.2")
    fact = page.locator(".fact", has=page.locator("dt", has_text="Temp"))
    expect(fact.locator("dd")).to_have_text("41.5 °C")
    becomes(lambda: cells(page.locator("#running"), "batch"), ["night of third"])


def test_jobs_have_the_column_in_list_panel_and_search(stage: Stage) -> None:
    page = stage.open("jobs.html")
    expect(page.get_by_role("columnheader", name="Batch")).to_be_visible()
    becomes(lambda: shown(page, "batch")["1"], "night of first")
    page.get_by_role("button", name="Batch", exact=True).click()
    in_order = [f"night of {n}" for n in ("fifth", "first", "fourth", "second", "third")]
    becomes(lambda: cells(page, "batch"), in_order)
    page.get_by_role("button", name="Batch", exact=True).click()
    becomes(lambda: cells(page, "batch"), in_order[::-1])
    assert page.url.endswith("sort=-batch")
    page.reload()
    becomes(lambda: cells(page, "batch"), in_order[::-1])
    search = page.get_by_role("combobox", name="Search jobs")
    search.fill("bat")
    expect(page.get_by_role("option", name="batch: Batch")).to_be_visible()
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Batch", exact=True).uncheck()
    expect(page.get_by_role("columnheader", name="Batch")).to_have_count(0)
    page.get_by_role("checkbox", name="Batch", exact=True).check()
    page.get_by_role("button", name="Choose columns").click()
    search.fill("batch:second")
    search.press("Enter")
    becomes(lambda: cells(page, "batch"), ["night of second"])
    page.locator(".tbody .tr .job-link").click()
    fact = page.locator(".job-facts div", has=page.locator("dt", has_text="Batch"))
    expect(fact.locator("dd")).to_have_text("night of second")
    expect(page.get_by_role("columnheader", name="Batch")).to_have_count(0)  # the panel has it


def test_past_run_shows_its_columns(tmp_path: Path, browsers: Browsers) -> None:
    path = tmp_path / "runs.sqlite"
    registry = ClusterRegistry(
        history=path,
        node_columns=[Column("temp", label="Temp", unit="°C", value=lambda _: 41.5)],
        job_columns=[Column("batch", label="Batch", value=lambda job: f"night of {job._args[0]}")],
    )
    cluster = watched_cluster(registry)
    node = cluster.join(make_node("10.0.0.2"))
    job = cluster.submit("first")
    cluster.start(job, node)
    cluster.end(job, node)
    wait_until(lambda: registry.view("*").node("10.0.0.2")["temp"], what="the temperature")
    registry.close()
    past = PastRegistry(path)
    with serve(past, browsers, read_only=True) as stage:
        page = stage.open("monitor.html")
        becomes(lambda: cells(page, "temp"), ["41.5 °C"])
        stage.go(page, "jobs.html?q=batch:first")
        becomes(lambda: cells(page, "batch"), ["night of first"])
    past.close()
