"""Node: one node's load, its jobs, and what can be done to it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from browser.stage import Stage, becomes, cells, dismiss, keys_shown, rows
from dispy import DispyJob, DispyNode, DispyNodeAvailInfo
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster


@pytest.fixture
def page(stage: Stage) -> Page:
    """The page of the node alpha."""
    page = stage.open("node.html?host=10.0.0.2")
    expect(rows(_running(page))).to_have_count(1)
    return page


def _running(page: Page) -> Locator:
    return page.get_by_role("region", name="Running jobs", exact=True)


def _recent(page: Page) -> Locator:
    return page.get_by_role("region", name="Recent jobs", exact=True)


def _fact(page: Page, name: str) -> Locator:
    return page.locator(".fact", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator(
        "dd"
    )


def test_node_shows_its_state_and_figures_and_what_happened_to_it_until_it_is_lost(
    stage: Stage, page: Page
) -> None:
    expect(page.locator("#node-title")).to_have_text("10.0.0.2")
    expect(page.locator("#node-name")).to_have_text("alpha")
    expect(page.locator("#node-state")).to_have_text("up")
    for name, text in (
        ("Busy", "1 of 4"),
        ("Running jobs", "1"),
        ("Jobs done", "2"),
        ("Available CPU", "98 %"),
        ("Available memory", "22.7 GiB"),
        ("Available swap", "100 %"),
        ("Available disk", "78.3 GiB"),
        ("Sent", "0 B"),
        ("Received", "0 B"),
    ):
        expect(_fact(page, name)).to_have_text(text)
    expect(page.locator("#lane .timeline-summary")).to_contain_text(
        "1 running, 1 finished, 1 failed"
    )
    past = page.get_by_role("region", name="What happened to it")
    expect(past.get_by_role("listitem")).to_have_count(1)
    expect(past.get_by_role("listitem")).to_contain_text("joined")
    stage.cluster.report(DispyNode.Closed, stage.nodes["10.0.0.2"], None)  # and leaves its job
    expect(past.get_by_role("listitem").first).to_contain_text("was lost")
    expect(past.get_by_role("listitem").first.locator("time")).to_have_attribute(
        "title", re.compile(r"\d{2}:\d{2}:\d{2}")
    )
    expect(page.locator("#node-state")).to_have_text("lost")


def test_jobs_are_shown_with_the_time_they_run_and_move_to_the_recent_ones(
    stage: Stage, page: Page
) -> None:
    running, recent = _running(page), _recent(page)
    expect(rows(running).locator(".job-link")).to_have_text("busy")
    assert cells(running, "args") == ["third, n=3"]
    expect(rows(running).locator("[data-column=started_at] .td-value")).to_have_attribute(
        "title", re.compile(r"^20\d\d-")
    )
    expect(rows(running).locator("[data-column=duration_sec] .td-value")).to_have_text(
        re.compile(r"\d (s|ms)$")
    )
    shown = lambda: cells(running, "duration_sec")[0]  # noqa: E731
    before = shown()
    becomes(lambda: shown() != before, True)
    becomes(lambda: sorted(cells(recent, "state")), ["failed", "finished"])
    becomes(lambda: sorted(cells(recent, "error")), ["", "ValueError: no such thing"])
    stage.ends(stage.jobs["busy"])
    expect(running).to_contain_text("No job runs here now.")
    expect(rows(recent)).to_have_count(3)


def test_selection_typed_cpus_and_the_place_of_a_reader_survive_updates(
    stage: Stage, page: Page
) -> None:
    page.get_by_role("checkbox", name="Select job busy").check()
    box = page.get_by_role("spinbutton", name="CPUs of 10.0.0.2")
    box.fill("3")
    stage.runs("10.0.0.2", job_id="another")
    expect(rows(_running(page))).to_have_count(2)
    expect(page.get_by_role("checkbox", name="Select job busy")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Select job another")).not_to_be_checked()
    expect(_fact(page, "Busy")).to_have_text("2 of 4")
    expect(box).to_have_value("3")
    box.press("Escape")
    expect(box).to_have_value("4")

    for number in range(30):
        stage.ends(stage.runs("10.0.0.2", job_id=f"job {number}"))
    recent = page.locator("#recent")
    expect(rows(recent)).to_have_count(32)
    recent.locator(".table").evaluate("table => (table.scrollTop = 400)")
    # Within the list: what nodes have in common may come above it meanwhile.
    place = """row => row.getBoundingClientRect().top
        - row.closest(".table").getBoundingClientRect().top"""
    read = recent.locator(".tr", has=page.get_by_text("job 15", exact=True))
    before = read.evaluate(place)
    stage.ends(stage.jobs["another"])
    expect(rows(recent)).to_have_count(33)
    becomes(lambda: abs(read.evaluate(place) - before) < 1, True)
    expect(recent.locator(".tr", has_text="another")).to_have_count(1)


def test_recent_jobs_are_folded_on_a_phone_and_their_reader_is_not_moved(stage: Stage) -> None:
    page = stage.open("node.html?host=10.0.0.2", phone=True)
    expect(_recent(page).get_by_role("heading", name="Recent jobs")).to_be_visible()
    expect(rows(_recent(page)).first).to_be_hidden()
    _recent(page).locator("summary").tap()
    expect(rows(_recent(page)).first).to_be_visible()
    for number in range(30):
        stage.ends(stage.runs("10.0.0.2", job_id=f"job {number}"))
    expect(rows(_recent(page))).to_have_count(32)
    read = _recent(page).locator(".tr", has=page.get_by_text("job 15", exact=True))
    read.evaluate("row => row.scrollIntoView({ block: 'center' })")
    place = "row => row.getBoundingClientRect().top"
    before = read.evaluate(place)
    stage.ends(stage.runs("10.0.0.2", job_id="another"))
    expect(rows(_recent(page))).to_have_count(33)
    becomes(lambda: abs(read.evaluate(place) - before) < 1, True)


def test_jobs_are_selected_and_terminated_or_not(stage: Stage, page: Page) -> None:
    stage.runs("10.0.0.2", job_id="another")
    expect(rows(_running(page))).to_have_count(2)
    page.get_by_role("checkbox", name="Select job another").check()
    page.get_by_role("button", name="Terminate", exact=True).click()
    expect(page.get_by_text("What they have done so far is lost.")).to_be_visible()
    page.get_by_role("button", name="Terminate 1 job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 1 job")
    assert [(name, job.id) for name, (job,) in stage.cluster.calls] == [("cancel", "another")]
    dismiss(page)

    stage.ends(stage.jobs["another"])
    expect(rows(_running(page))).to_have_count(1)
    stage.cluster.answers["cancel"] = -1
    page.get_by_role("checkbox", name="Select job busy").check()
    page.get_by_role("button", name="Terminate", exact=True).click()
    page.get_by_role("button", name="Terminate 1 job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 0 of 1 job")
    expect(page.get_by_role("group", name="Outcome").get_by_role("listitem")).to_contain_text(
        "Failed"
    )


def test_node_takes_cpus_and_every_action_until_it_is_closed(stage: Stage, page: Page) -> None:
    def set_cpus(_address: str, cpus: int) -> int:
        stage.nodes["10.0.0.2"].cpus = cpus
        stage.cluster.report(DispyNode.AvailInfo, stage.nodes["10.0.0.2"], None)
        return cpus

    stage.cluster.answers["set_node_cpus"] = set_cpus
    box = page.get_by_role("spinbutton", name="CPUs of 10.0.0.2")
    box.fill("3")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".notice-title")).to_have_text("Set CPUs of 1 node")
    expect(_fact(page, "Busy")).to_have_text("1 of 3")
    expect(box).to_have_value("3")
    assert stage.cluster.calls == [("set_node_cpus", ("10.0.0.2", 3))]
    allocate = page.get_by_role("button", name="Allocate", exact=True)
    close = page.get_by_role("button", name="Close node", exact=True)
    state = page.locator("#node-state")
    for button, confirm, call in (
        (allocate, None, "allocate_node"),
        (page.get_by_role("button", name="Deallocate"), "Deallocate 1 node", "deallocate_node"),
        (close, "Close 1 node", "close_node"),
    ):
        dismiss(page)
        stage.cluster.calls.clear()
        stage.joins("10.0.0.2", "alpha")  # again, once it is deallocated
        expect(state).to_have_text("up")
        expect(close).to_be_enabled()
        button.click()
        if confirm:
            page.get_by_role("button", name=confirm).click()
        expect(page.locator(".notice-title")).to_have_text(re.compile("1 node$"))
        # The notice says what is asked for before it says what became of it.
        becomes(lambda: [name for name, _ in stage.cluster.calls], [call])
        if confirm:
            expect(state).to_have_text("closed")
    expect(close).to_be_disabled()
    expect(allocate).to_be_enabled()


def test_unknown_node_is_reported_and_waited_for_and_another_is_found_by_its_name(
    stage: Stage,
) -> None:
    page = stage.open("node.html?host=10.9.9.9")
    expect(page.locator("#missing")).to_be_visible()
    stage.joins("10.9.9.9", "late")
    expect(page.locator("#node-name")).to_have_text("late")
    expect(page.locator("#missing")).to_be_hidden()
    page.get_by_role("combobox", name="Node: IP address or name").fill("gamma")
    page.keyboard.press("Enter")
    expect(page.locator("#node-title")).to_have_text("10.0.0.9")


def test_without_a_node_one_is_chosen_from_cards(stage: Stage) -> None:
    page = stage.open("node.html")
    card = page.locator(".node-card", has_text="alpha")
    expect(card).to_contain_text("1 of 4 busy")
    card.hover()
    stage.runs("10.0.0.2", job_id="another")
    expect(card).to_contain_text("2 of 4 busy")
    page.locator(".node-card", has_text="beta").click()
    expect(page.locator("#node-title")).to_have_text("10.0.0.10")


def test_before_any_node_has_joined_the_page_says_how_to_start_one(
    make_stage: Callable[..., Stage],
) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry)
    page = stage.open("node.html")
    expect(page.locator("#cards")).to_contain_text("dispynode.py --clean")
    stage.joins("10.0.0.2")
    expect(page.locator("#cards .node-card")).to_have_count(1)
    expect(page.locator("#cards")).not_to_contain_text("dispynode.py")


def test_old_figures_say_how_old_they_are(stage: Stage) -> None:
    old = stage.nodes["10.0.0.9"]
    old.update_time = time.time() - 1_200
    old.avail_info = DispyNodeAvailInfo(50.0, 2**30, 2**40, 100.0)
    stage.cluster.report(DispyNode.Initialized, old, None)
    page = stage.open("node.html?host=10.0.0.9")
    memory = page.locator("#facts .fact", has_text="Available memory").locator("dd")
    expect(memory).to_have_text("1.0 GiB, 20 min ago")
    expect(memory).to_have_class(re.compile("is-old"))
    chart = page.get_by_role("region", name="Available memory over time")
    expect(chart.locator(".chart-label")).to_contain_text("20 min ago")
    expect(chart.locator(".chart-last")).to_have_attribute("visibility", "visible")


def test_clock_that_is_off_needs_attention(stage: Stage) -> None:
    page = stage.open()
    chip = page.locator("#attention .chip-clocks")
    expect(chip).to_be_hidden()
    job = stage.runs("10.0.0.10", job_id="on its clock", since_sec=60)
    job.start_time += 7_201
    stage.ends(job, after_sec=3)
    expect(chip).to_have_text("1 node's clock is off")
    chip.click()
    becomes(lambda: keys_shown(page), ["10.0.0.10"])
    stage.go(page, "node.html?host=beta")  # the address takes a name, too
    expect(page.locator("#node-title")).to_have_text("10.0.0.10")
    fact = page.locator("#facts .fact", has_text="Clock")
    expect(fact).to_have_text("Clock2 h ahead")
    expect(_recent(page)).to_contain_text("on its clock")
    expect(_recent(page)).not_to_contain_text(re.compile(r"in \d"))


def test_chart_of_a_dead_node_ends_with_what_runs_there(stage: Stage) -> None:
    page = stage.open("node.html?host=10.0.0.2", before=lambda page: page.clock.install())
    chart = page.get_by_role("region", name="Jobs running over time")
    expect(chart.locator(".chart-value")).to_have_text("1")
    node = stage.nodes["10.0.0.2"]
    node.cpus = 0
    stage.cluster.report(DispyJob.Abandoned, node, stage.jobs["busy"])
    stage.cluster.report(DispyNode.Closed, node, None)
    expect(page.locator("#node-state")).not_to_have_text("up")
    page.clock.fast_forward(10_000)  # as often the chart asks for what it shows
    expect(chart.locator(".chart-value")).to_have_text("0")
