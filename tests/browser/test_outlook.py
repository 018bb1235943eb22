"""Monitor's sentence on what will come of a run, and what can be done about it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from browser.stage import Stage, becomes, tile
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster

from flask_dispy.core import events
from flask_dispy.watching.dashboard import board_of


def head(page: Page | Locator) -> Locator:
    return page.locator(".progress-eta")


def note(page: Page | Locator) -> Locator:
    return page.locator(".progress-note-text")


def stall(stage: Stage) -> None:
    """Three jobs that run for 19 minutes where one took two seconds, on two nodes."""
    stage.cluster = watched_cluster(stage.registry, "compute")
    for ip_addr in ("10.0.0.2", "10.0.0.3"):
        stage.joins(ip_addr)
    board_of(stage.registry).fold()
    state: Any = stage.registry.view("compute")._state
    began_at = time.time() - 1_142
    nothing = (None,) * 4
    with board_of(stage.registry).lock:
        state.apply(events.JobEnded("quick", began_at + 2, began_at, began_at, "10.0.0.2",
                                    "finished", "quick", *nothing))  # fmt: skip
    for number in range(3):
        stage.runs(f"10.0.0.{2 + number % 2}", job_id=f"stuck{number}", since_sec=1_140)


def fits(page: Page, least: int) -> None:
    """The note is no wider than the page, and its buttons are as high as they must be."""
    expect(page.get_by_role("button", name="Terminate 3 jobs")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button = page.get_by_role("button", name="Why?").bounding_box()
    assert button is not None
    assert button["height"] >= least


def test_stalled_run_says_so_and_why_and_ends_its_jobs_once_that_is_confirmed(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage()
    stall(stage)
    page = stage.open()
    expect(head(page)).to_have_text("Stalled 19 min")
    expect(note(page)).to_have_text("Waits for 3 jobs on 2 nodes, the oldest 19 min (usually 2 s).")
    expect(page).to_have_title(re.compile(r"^\(1\) Stalled, 25 % Monitor"))
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile(r"-held\.svg$"))
    fits(page, 24)
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_text("flask-dispy node --clean")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("flask-dispy node --clean")).to_be_hidden()

    page.get_by_role("button", name="Terminate 3 jobs").click()
    expect(page.get_by_text("All 3 that match.")).to_be_visible()
    assert stage.cluster.calls == []
    page.locator(".confirm .danger:visible").click()
    becomes(lambda: [method for method, _ in stage.cluster.calls], ["cancel"] * 3)
    stage.ends(stage.jobs["stuck0"])
    expect(head(page)).not_to_have_text(re.compile("Stalled"))
    expect(page.locator(".progress-note")).to_be_hidden()


def test_stalled_run_fits_a_phone(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stall(stage)
    fits(stage.open(phone=True), 44)


def test_reader_sees_the_stall_and_its_jobs_and_no_button_to_end_them(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage(read_only=True)
    stall(stage)
    page = stage.open()
    expect(head(page)).to_have_text("Stalled 19 min")
    show = page.get_by_role("link", name="Show")
    expect(show).to_be_visible()
    expect(page.get_by_role("button", name="Terminate 3 jobs")).to_be_hidden()
    show.click()
    expect(page).to_have_url(re.compile(r"q=state%3Arunning(\+|%20)slower%3A60s"))
    becomes(
        lambda: sorted(page.locator(".tbody .job-link").all_inner_texts()),
        ["stuck0", "stuck1", "stuck2"],
    )


def test_jobs_wait_for_a_node(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "compute")
    for number in range(5):
        stage.cluster.submit(number, job_id=number)
    page = stage.open()
    expect(note(page)).to_have_text("5 jobs wait: no node has joined yet.")
    expect(head(page)).to_have_text(re.compile("^Waiting"))
    expect(page).to_have_title(re.compile("^Waiting, 0 % Monitor"))
    expect(page.locator(".progress-note-actions")).to_be_hidden()
    stage.joins("10.0.0.2")
    expect(page.locator(".progress-note")).to_have_text(re.compile("about to start"))


def test_jobs_bound_to_a_node_that_is_gone_are_shown_and_ended(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "compute")
    stage.joins("10.0.0.2")
    for number in range(3):
        stage.cluster.submit(number, job_id=f"job{number}")
    board_of(stage.registry).fold()
    state: Any = stage.registry.view("compute")._state
    keys = [job.key for job in state.ledger.jobs.values()]
    stage.runs("10.0.0.2", job_id="runs")
    board_of(stage.registry).fold()
    with board_of(stage.registry).lock:
        seen = events.QueueSeen(tuple((key, "10.0.0.9") for key in keys[:2]), full=False)
        state.apply(seen)
    page = stage.open()
    expect(note(page)).to_have_text(re.compile("2 of the queued jobs are bound to 10.0.0.9"))
    expect(page.get_by_role("button", name="Terminate 2 jobs")).to_be_visible()
    expect(page.get_by_role("button", name="Why?")).to_be_hidden()
    page.get_by_role("link", name="Show").click()
    becomes(lambda: sorted(page.locator(".tbody .job-link").all_inner_texts()), ["job0", "job1"])


def test_cluster_that_holds_the_cpus_is_named(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "fit_model")
    node = stage.joins("10.0.0.2", cpus=2)
    for number in range(2):
        stage.runs("10.0.0.2", job_id=number)
    waits = watched_cluster(stage.registry, "render")
    waits.join(node)
    waits.submit(1, job_id="waits")
    page = stage.open()
    row = page.locator(".progress", has_text="render")
    expect(note(row)).to_have_text("All 2 CPUs are busy with fit_model; 1 job waits.")


def test_other_cpus_are_asked_and_answered_in_the_progress_row(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "compute")
    node = stage.joins("10.0.0.2", cpus=2)
    board_of(stage.registry).fold()
    state: Any = stage.registry.view("compute")._state
    began_at = time.time() - 1_200
    nothing = (None,) * 4
    with board_of(stage.registry).lock:
        for number in range(20):
            started_at = began_at + 60 * number
            state.apply(events.JobEnded(f"quick{number}", started_at + 60, began_at, started_at,
                                        "10.0.0.2", "finished", f"quick{number}",
                                        *nothing))  # fmt: skip
    jobs = [stage.cluster.submit(str(number), job_id=f"j{number}") for number in range(40)]
    for job in jobs[:2]:
        stage.cluster.start(job, node)
    page = stage.open()
    expect(head(page)).to_be_enabled()
    head(page).click()
    answer = page.locator(".what-if-answer")
    expect(answer).to_contain_text("With 4 CPUs, 2 more: about ")
    page.get_by_label("With this many CPUs").fill("8")
    expect(answer).to_contain_text("With 8 CPUs, 6 more: about ")
    page.get_by_label("Without this node").fill("10.0.0.2")
    expect(answer).to_contain_text("no CPU is left: the queued jobs would wait.")
    expect(page.get_by_label("With this many CPUs")).to_have_value("")
    page.get_by_label("Without this node").fill("nowhere")
    expect(answer).to_contain_text("knows no node 'nowhere'")
    later = time.strftime("%Y-%m-%dT%H:%M", time.localtime(time.time() + 7_200))
    page.get_by_label("To be done by").fill(later)
    expect(answer).to_contain_text(re.compile(r"^On \d+ CPUs?: about .* Done about \d\d:\d\d\."))
    page.keyboard.press("Escape")
    expect(answer).to_be_hidden()
    expect(head(page)).to_be_focused()


def test_run_with_nothing_to_do_offers_no_question_and_counts_jobs_from_before_watching(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, "compute")
    stage.joins("10.0.0.2")
    page = stage.open()
    expect(head(page)).to_have_text("No job yet")
    expect(head(page)).to_be_disabled()

    board_of(stage.registry).fold()
    state: Any = stage.registry.view("compute")._state
    with board_of(stage.registry).lock:
        state.apply(events.PendingCounted(time.time() - 60, 6))
    stage.runs("10.0.0.2", job_id="a")
    stage.ends(stage.runs("10.0.0.2", job_id="b"))
    expect(tile(page, "queued")).to_have_text("6")
    expect(page.locator(".progress-count")).to_have_text("1 of 8 done")
    expect(page.locator(".progress-percent")).to_have_text("13 %")
