"""Names, ids, arguments and errors of every kind are shown as text, and never as anything else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browser.stage import PAGES, Stage, becomes, is_live, rows
from playwright.sync_api import Page, expect
from web.fakes import watched_cluster

SCRIPT = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
RTL = "\u202egnp.exe\u202c"


@pytest.fixture
def hostile(make_stage: Callable[..., Stage]) -> Stage:
    """A cluster, a node and jobs that bring the text."""
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, SCRIPT)
    watched_cluster(stage.registry, RTL)
    stage.joins("10.0.0.2", SCRIPT)
    stage.joins("10.0.0.3", RTL)
    stage.joins("10.0.0.4", "")
    failed = stage.runs("10.0.0.2", SCRIPT, job_id=SCRIPT)
    stage.ends(failed, exception=SCRIPT)
    stage.runs("10.0.0.2", SCRIPT, RTL, key=SCRIPT, job_id=f"running {SCRIPT}")
    return stage


def _assert_only_text(page: Page) -> None:
    assert page.evaluate("window.hit") is None
    assert (
        page.locator("main img, main script, main iframe, #notices img, #cluster img").count() == 0
    )


def test_markup_stays_text(hostile: Stage) -> None:
    page = hostile.open()
    for path in PAGES:
        hostile.go(page, path)
        is_live(page)
        expect(page.locator("body")).to_contain_text("<img src=x")
        _assert_only_text(page)


def test_markup_stays_text_in_a_jobs_detail(hostile: Stage) -> None:
    page = hostile.open("jobs.html")
    page.locator(".job-link", has_text=re.compile("^<img")).click()
    expect(page.locator("#job-title")).to_have_text(SCRIPT)
    expect(page.locator(".job-pre-exception")).to_have_text(SCRIPT)
    expect(page.locator(".job-pre-args")).to_contain_text("<script>")
    _assert_only_text(page)


def test_markup_stays_text_in_outcomes(hostile: Stage) -> None:
    page = hostile.open("manage.html")
    page.get_by_role("checkbox", name="Select 10.0.0.2").check()
    page.locator("#nodes").get_by_role("button", name="Allocate", exact=True).click()
    expect(page.locator(".notice-lines")).to_contain_text("<img src=x")
    _assert_only_text(page)


def test_markup_stays_text_in_suggestions(hostile: Stage) -> None:
    page = hostile.open("jobs.html")
    is_live(page)
    page.keyboard.press("/")
    page.keyboard.type("cluster:")
    expect(page.get_by_role("listbox", name="Suggestions")).to_contain_text("<img src=x")
    _assert_only_text(page)


def test_hostile_cluster_can_be_chosen(hostile: Stage) -> None:
    page = hostile.open()
    is_live(page)
    page.locator("#cluster").select_option(index=1)
    expect(page).to_have_url(re.compile("cluster=%3Cimg"))
    is_live(page)
    expect(rows(page)).to_have_count(3)
    _assert_only_text(page)


def test_text_cannot_turn_the_direction_around(hostile: Stage) -> None:
    page = hostile.open()
    is_live(page)
    expect(page.locator("[data-key='10.0.0.3'] [data-column=name] .td-value")).to_have_text(
        r"\u202egnp.exe\u202c"
    )


def test_long_text_breaks_nothing(stage: Stage) -> None:
    long = "x" * 50_000
    stage.joins("10.0.0.2", long)
    stage.ends(stage.runs("10.0.0.2", long, job_id=long), exception=long)
    page = stage.open()
    for path in PAGES:
        stage.go(page, path)
        is_live(page)
        expect(page.locator("#main")).not_to_contain_text("x" * 5000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        for height in rows(page).evaluate_all("rows => rows.map((row) => row.offsetHeight)"):
            assert height < 100


def test_long_names_leave_room_for_their_differences(stage: Stage) -> None:
    long = "x" * 300
    watched_cluster(stage.registry, long)
    stage.joins("10.0.0.2", long)
    stage.joins("2001:db8:0:85a3:1234:5678:ac1f:8001")
    page = stage.open("node.html?host=10.0.0.2")
    expect(page.locator("#node-name")).to_contain_text("xxx")
    assert _cut(page, ".node-head h1") == [False]
    stage.go(page, "manage.html")
    expect(rows(page)).to_have_count(4)
    form = page.locator("#allocate").bounding_box()
    chosen = page.locator("#allocate select").bounding_box()
    assert form is not None
    assert chosen is not None
    assert chosen["x"] + chosen["width"] <= form["x"] + form["width"]
    stage.go(page, "monitor.html")
    link = page.locator("[data-key^='2001:'] .cell-link")
    expect(link).to_have_css("text-overflow", "ellipsis")
    assert _cut(page, "[data-key^='2001:'] .cell-link") == [True]
    assert _cut(page, "[data-key^='2001:'] .td-primary .td-value") == [False]


def _cut(page: Page, selector: str) -> list[bool]:
    """Whether the elements hold more than they show."""
    cut: list[bool] = page.locator(selector).evaluate_all(
        "found => found.map((one) => one.scrollWidth > one.clientWidth)"
    )
    return cut


def test_text_that_was_cut_says_so(stage: Stage) -> None:
    stage.ends(stage.runs("10.0.0.2", "x" * 50_000, job_id="long"))
    page = stage.open("jobs.html")
    page.locator(".job-link", has_text=re.compile("^long$")).click()
    expect(page.locator(".job-text", has=page.locator(".job-pre-args"))).to_contain_text(
        "Its end was cut (text_limit)."
    )


def test_job_without_an_id_is_called_by_its_number(stage: Stage) -> None:
    job = stage.cluster.submit("")
    job.id = ""
    stage.cluster.start(job, stage.nodes["10.0.0.9"])
    page = stage.open("jobs.html?q=node:gamma")
    becomes(lambda: page.locator(".job-link").all_inner_texts(), ["#6"])


def test_every_script_is_shown(stage: Stage) -> None:
    name = "Δοκιμή испытание テスト שלום 🚀"
    stage.joins("10.0.0.77", name)
    page = stage.open()
    expect(page.locator("[data-key='10.0.0.77'] [data-column=name] .td-value")).to_have_text(name)
