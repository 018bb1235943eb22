"""Monitor: what it shows of a cluster, and that it keeps up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from browser.stage import Stage, becomes, keys_shown, tile
from dispy import DispyNode
from playwright.sync_api import expect
from web.fakes import make_node, watched_cluster


def test_tiles_progress_and_charts_show_the_figures_and_follow_what_happens(stage: Stage) -> None:
    page = stage.open()
    for name, figure in (
        ("queued", "1"),
        ("running", "2"),
        ("finished", "1"),
        ("failed", "1"),
        ("terminated", "0"),
        ("cancelled", "0"),
        ("abandoned", "0"),
        ("CPUs busy", "2 / 14"),
        ("Nodes up", "3 / 3"),
    ):
        expect(tile(page, name)).to_have_text(figure)
    row = page.locator("#progress .progress")
    expect(row).to_have_count(1)
    expect(row.locator(".progress-percent")).to_have_text("40 %")
    expect(row.locator(".progress-count")).to_have_text("2 of 5 done")
    expect(row.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
    for name in ("Throughput", "Queue", "CPUs in use"):
        plot = page.get_by_role("region", name=name).locator(".chart-plot")
        expect(plot).to_have_attribute("aria-valuetext", re.compile(r"\d"))

    stage.ends(stage.jobs["busy"], result=1)
    expect(tile(page, "finished")).to_have_text("2")
    expect(tile(page, "running")).to_have_text("1")
    watched_cluster(stage.registry, "render")  # each has a bar
    becomes(lambda: page.locator(".progress-name").all_inner_texts(), ["compute", "render"])


def test_title_icon_and_map_count_the_nodes_that_need_attention(stage: Stage) -> None:
    page = stage.open()
    expect(page).to_have_title("(1) 40 % Monitor · compute · dispy")
    expect(page.locator("#favicon")).to_have_attribute(
        "href", re.compile(r"/icons/ring-40-1\.svg$")
    )
    expect(page.locator("#attention .chip:visible")).to_have_count(1)
    expect(page.locator(".nodemap-summary")).to_have_text("3 up")
    stage.cluster.report(DispyNode.Closed, stage.nodes["10.0.0.9"], None)  # lost, because jobs wait
    expect(page).to_have_title("(2) 40 % Monitor · compute · dispy")
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("/icons/ring-40-2.svg$"))
    expect(page.locator("#attention .chip:visible")).to_have_count(2)
    expect(page.locator(".nodemap-summary")).to_have_text("2 up · 1 lost")
    stage.registry.control.node_action("*", "close", "10.0.0.2")
    expect(page.locator(".nodemap-summary")).to_have_text("1 up · 1 lost · 1 closed")


def test_page_leads_from_no_cluster_to_the_end_of_its_run(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    page = stage.open()
    expect(page.locator("#nodes")).to_contain_text("registry.add(cluster)")
    stage.cluster = watched_cluster(stage.registry)
    expect(page.locator("#nodes")).to_contain_text("dispynode.py --clean")
    expect(page.locator("#nodemap").get_by_text("No node")).to_be_visible()
    stage.joins("10.0.0.2")
    expect(tile(page, "Nodes up")).to_have_text("1 / 1")
    expect(page.locator(".chip:visible")).to_have_count(0)  # nothing needs attention

    job = stage.runs("10.0.0.2", job_id="only")
    eta = page.locator(".progress-eta")
    expect(eta).to_have_text("No estimate yet")
    stage.ends(job)
    expect(eta).to_have_text(re.compile(r"All done, \d\d:\d\d"))
    expect(page).to_have_title(re.compile("^✓ Monitor"))
    stage.cluster.abandon(stage.runs("10.0.0.2", job_id="left"))
    expect(eta).to_have_text(re.compile(r"All ended, \d\d:\d\d"))
    expect(page.locator(".progress-note-text")).to_have_text(
        "All 2 jobs have ended: 1 finished, 1 was abandoned."
    )
    expect(page.locator(".progress-count")).to_have_text("2 of 2 ended")
    expect(page).to_have_title(re.compile(r"^\(1\) Ended, Monitor"))


def test_attention_filters_the_silent_nodes_and_leads_to_the_failed_jobs(stage: Stage) -> None:
    silent = make_node("10.0.0.7")
    silent.update_time = time.time() - 3600  # long ago, though it is idle and a job waits
    stage.cluster.join(silent)
    page = stage.open()
    page.get_by_role("link", name="1 node silent").click()
    becomes(lambda: keys_shown(page), ["10.0.0.7"])
    expect(page.get_by_role("searchbox", name="Filter nodes")).to_have_value("state:silent")
    page.get_by_role("link", name="1 job failed").click()
    expect(page).to_have_url(re.compile(r"q=state%3Afailed"))


def test_attention_finds_stragglers(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry)
    stage.joins("10.0.0.2")
    stage.runs("10.0.0.2", job_id="slow", since_sec=60)
    stage.ends(stage.runs("10.0.0.2", job_id="quick"))
    page = stage.open()
    page.get_by_role("link", name="1 straggler").click()
    becomes(lambda: page.locator(".tbody .job-link").all_inner_texts(), ["slow"])


def test_span_of_the_charts_lives_in_the_address_and_the_map_is_read_by_keyboard(
    stage: Stage,
) -> None:
    page = stage.open()
    page.get_by_role("button", name="2 h").click()
    expect(page).to_have_url(re.compile(r"range=2h"))
    page.reload()
    expect(page.get_by_role("button", name="2 h")).to_have_attribute("aria-pressed", "true")
    link = page.locator(".nodemap-link")
    link.focus()
    expect(link).to_have_text("beta, 10.0.0.10: up, 1 of 8 CPUs busy")
    link.press("ArrowRight")
    expect(link).to_have_text("gamma, 10.0.0.9: up, 0 of 2 CPUs busy")
    link.press("Enter")
    expect(page).to_have_url(re.compile(r"node\.html\?host=10\.0\.0\.9"))


def test_tile_leads_to_its_jobs_whose_arguments_can_be_hidden_for_all(stage: Stage) -> None:
    page = stage.open()
    page.locator("#job-args").get_by_label("Show Job Arguments").uncheck()
    becomes(lambda: stage.registry.show_job_args, False)
    page.locator("[data-tile=failed]").click()
    expect(page).to_have_url(re.compile(r"jobs\.html\?q=state%3Afailed"))
    becomes(lambda: page.locator(".tbody .job-link").all_inner_texts(), ["broken"])
    becomes(lambda: page.locator("[data-column=args] .td-value").all_inner_texts(), ["hidden"])
