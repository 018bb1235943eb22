"""Run again: in a job's panel, for selected jobs, for a kind of error; and nowhere without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from browser.stage import Browsers, Stage, axe_violations, becomes, job_search, rows, serve
from dispy_objects import FakeCluster
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster

from flask_dispy import ClusterRegistry, PastRegistry

FAILED = 2  # the serial number of the stage's job that failed


@pytest.fixture
def able(stage: Stage) -> Stage:
    """The stage, whose cluster can run its jobs again."""
    cluster = stage.cluster
    stage.registry.add(cluster, rerun=lambda job: cluster.submit("again", job_id=job["id"]))
    return stage


def again(place: Page | Locator) -> Locator:
    return place.get_by_role("button", name="Run again")


def panel_of(stage: Stage, serial: int = FAILED, **how: Any) -> tuple[Page, Locator]:
    page = stage.open(f"jobs.html?job={serial}", **how)
    panel = page.locator("#job")
    expect(panel.locator(".job-pre").first).to_be_visible()
    return page, panel


def fact(panel: Locator, name: str) -> Locator:
    return panel.locator(".job-facts > div", has=panel.page.get_by_text(name, exact=True))


def _cut_off(panel: Locator) -> list[str]:
    """Return the texts of those buttons of a panel that it cuts off."""
    texts: list[str] = panel.evaluate(
        """(panel) => {
            const { left, right } = panel.getBoundingClientRect();
            return [...panel.querySelectorAll("button:not([hidden])")].filter((button) => {
                const box = button.getBoundingClientRect();
                return box.width > 0 && (box.left < left || box.right > right);
            }).map((button) => button.textContent);
        }"""
    )
    return texts


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_panel_runs_its_job_again_and_leads_to_the_new_one(able: Stage, phone: bool) -> None:
    page, panel = panel_of(able, phone=phone)
    again(panel).click()
    expect(panel.locator(".confirm-detail >> visible=true")).to_have_text(
        "Its program submits it again."
    )
    assert _cut_off(panel) == []
    assert axe_violations(page, "#job .popover-panel:not([hidden])") == []
    panel.get_by_role("button", name="Run 1 job again").click()
    notice = page.locator(".notice")
    expect(notice).to_contain_text("Ran 1 job again")
    expect(notice).to_contain_text("It was submitted again as job #6.")
    expect(fact(panel, "Run again")).to_contain_text("as #6")
    again(panel).click()
    expect(panel.locator(".confirm-detail >> visible=true")).to_have_text(
        "It was run again before."
    )
    page.keyboard.press("Escape")
    fact(panel, "Run again").get_by_role("link", name="#6").click()
    expect(fact(panel, "Again of").get_by_role("link", name="#2")).to_be_visible()
    expect(again(panel)).to_be_hidden()  # it waits


def test_selected_jobs_are_run_again_but_those_that_are_refused(able: Stage) -> None:
    page = able.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    for job in ("done", "broken"):
        page.get_by_role("checkbox", name=re.compile(rf"^Select job {job} #\d+$")).check()
    again(page.locator("#jobs")).click()
    expect(page.locator("#jobs .confirm-detail >> visible=true")).to_have_text(
        "Its program submits it again. "
        "1 job refused: It finished: only jobs that did not are run again."
    )
    assert axe_violations(page, "#jobs .popover-panel:not([hidden])") == []
    page.get_by_role("button", name="Run 1 job again").click()
    expect(page.locator(".notice")).to_contain_text("Ran 1 job again")
    job_search(page).fill("is:rerun")
    job_search(page).press("Enter")
    expect(rows(page)).to_have_count(1)


def test_all_jobs_of_a_kind_of_error_are_run_again(able: Stage) -> None:
    for number in range(2):
        job = able.runs("10.0.0.9", number, job_id=f"more {number}")
        able.ends(
            job, exception="Traceback (most recent call last):\nValueError: no such thing"
        )  # as the first
    page = able.open("jobs.html?view=errors")
    rows(page.locator("#errors")).locator("[data-column=kind]").click()
    kind = page.locator("#kind")
    again(kind).click()
    expect(kind.locator(".confirm-detail")).to_have_text("Their program submits 3 again.")
    assert axe_violations(page, "#kind .confirm") == []
    kind.get_by_role("button", name="Run 3 jobs again").click()
    expect(page.locator(".notice")).to_contain_text("Ran 3 jobs again")
    summary = able.registry.view("compute").summary()
    assert summary["jobs"]["submitted"] == 10


def test_server_that_fails_is_named_in_place_of_the_question_and_an_error_of_the_function(
    able: Stage,
) -> None:
    def rerun(job: Any) -> None:
        raise LookupError("no <b>input</b>")

    able.registry.add(able.cluster, rerun=rerun)
    page, panel = panel_of(able)
    page.route(re.compile("/jobs/rerun$"), lambda route: route.abort())
    again(panel).click()
    expect(panel.locator(".confirm-detail >> visible=true")).to_contain_text(
        "The server could not say: "
    )
    expect(panel.get_by_role("button", name="Run 1 job again")).to_have_count(0)

    page.unroute_all()
    page.keyboard.press("Escape")
    again(panel).click()
    panel.get_by_role("button", name="Run 1 job again").click()
    expect(page.locator(".notice")).to_contain_text("Ran 0 of 1 job again")
    expect(page.locator(".notice")).to_contain_text("rerun raised LookupError: no <b>input</b>")
    expect(fact(panel, "Run again")).to_be_hidden()


def test_sheet_over_the_page_shows_the_outcome(able: Stage) -> None:
    def rerun(job: Any) -> None:
        raise LookupError("no input")

    able.registry.add(able.cluster, rerun=rerun)
    page, panel = panel_of(able, phone=True)
    again(panel).click()
    panel.get_by_role("button", name="Run 1 job again").click()
    expect(page.locator(".notice")).to_contain_text("rerun raised LookupError: no input")
    panel.get_by_role("button", name="Dismiss").click()  # which nothing covers
    expect(page.locator(".notice")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator("body > #notices")).to_have_count(1)


def test_confirmation_fits_a_small_phone(able: Stage) -> None:
    page = able.open("jobs.html?view=errors", phone=True)
    page.set_viewport_size({"width": 320, "height": 640})
    rows(page.locator("#errors")).locator("[data-column=kind]").click()
    kind = page.locator("#kind")
    again(kind).click()
    expect(kind.get_by_role("button", name="Run 1 job again")).to_be_visible()
    becomes(lambda: _cut_off(kind), [])


def test_no_button_without_a_function(stage: Stage) -> None:
    page, panel = panel_of(stage)
    expect(panel.get_by_role("button", name="Copy link")).to_be_visible()
    expect(again(page)).to_have_count(0)
    stage.registry.add(stage.cluster, rerun=lambda job: None)
    expect(again(page)).to_have_count(0)  # another cluster's function, or a later one, needs data


def test_cluster_of_the_job_decides_and_how_it_ended(able: Stage) -> None:
    other = watched_cluster(able.registry, "other")
    other.end(other.submit(), None, exception="Traceback\nKeyError: 1")
    page, panel = panel_of(able, 6)
    expect(panel.get_by_role("button", name="Copy link")).to_be_visible()
    expect(again(page)).to_have_count(0)
    page.get_by_role("link", name="broken", exact=True).click()
    expect(again(panel)).to_be_visible()
    page.get_by_role("link", name="done", exact=True).click()
    expect(panel.locator(".job-pre-result")).to_be_visible()
    expect(again(panel)).to_be_hidden()


def test_past_run_says_as_text_what_was_run_again(browsers: Browsers, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    program = ClusterRegistry(history=path)
    cluster = FakeCluster("compute")
    program.add(cluster, rerun=lambda job: cluster.submit())
    cluster.end(cluster.submit(), None, exception="Traceback\nValueError: no")
    program.control.rerun([1])
    program.close()
    past = PastRegistry(path)
    with serve(past, browsers, read_only=True) as stage:
        page, panel = panel_of(stage, 1)
        expect(fact(panel, "Run again")).to_contain_text("as #2")
        expect(fact(panel, "Run again").get_by_role("link")).to_have_count(0)
        expect(again(page)).to_have_count(0)
    past.close()


def test_no_button_for_who_may_not(stage: Stage, make_stage: Any) -> None:
    stage.registry.add(stage.cluster, rerun=lambda job: None)
    watcher = make_stage(authorize=lambda permission, _request: permission != "rerun_jobs")
    page, panel = panel_of(watcher)
    expect(panel.get_by_role("button", name="Copy link")).to_be_visible()
    expect(again(page)).to_have_count(0)
