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
SCRIPTS = "Δοκιμή испытание テスト שלום 🚀"


@pytest.fixture
def hostile(make_stage: Callable[..., Stage]) -> Stage:
    """A cluster, a node and jobs that bring the text."""
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry, SCRIPT)
    watched_cluster(stage.registry, RTL)
    stage.joins("10.0.0.2", SCRIPT)
    stage.joins("10.0.0.3", RTL)
    stage.joins("10.0.0.4", "")
    stage.joins("10.0.0.77", SCRIPTS)
    failed = stage.runs("10.0.0.2", SCRIPT, job_id=SCRIPT)
    stage.ends(failed, exception=SCRIPT)
    stage.runs("10.0.0.2", SCRIPT, RTL, key=SCRIPT, job_id=f"running {SCRIPT}")
    nameless = stage.cluster.submit("")
    nameless.id = ""
    stage.cluster.start(nameless, stage.nodes["10.0.0.4"])
    return stage


def _assert_only_text(page: Page) -> None:
    assert page.evaluate("window.hit") is None
    assert (
        page.locator("main img, main script, main iframe, #notices img, #cluster img").count() == 0
    )


def _look_at_jobs(page: Page) -> None:
    becomes(lambda: "#3" in page.locator(".job-link").all_inner_texts(), True)  # it has no id
    page.keyboard.press("/")
    page.keyboard.type("cluster:")
    expect(page.get_by_role("listbox", name="Suggestions")).to_contain_text("<img src=x")
    _assert_only_text(page)
    page.get_by_role("combobox", name="Search jobs").fill("")
    page.keyboard.press("Escape")
    page.locator(".job-link", has_text=re.compile("^<img")).click()
    expect(page.locator("#job-title")).to_have_text(SCRIPT)
    expect(page.locator(".job-pre-exception")).to_have_text(SCRIPT)
    expect(page.locator(".job-pre-args")).to_contain_text("<script>")


def _look_at_manage(page: Page) -> None:
    page.get_by_role("checkbox", name="Select 10.0.0.2").check()
    page.locator("#nodes").get_by_role("button", name="Allocate", exact=True).click()
    expect(page.locator(".notice-lines")).to_contain_text("<img src=x")


def _look_at_monitor(page: Page) -> None:
    for ip_addr, name in (("10.0.0.3", r"\u202egnp.exe\u202c"), ("10.0.0.77", SCRIPTS)):
        cell = page.locator(f"[data-key='{ip_addr}'] [data-column=name] .td-value")
        expect(cell).to_have_text(name)  # and text can't turn the direction around
    page.locator("#cluster").select_option(index=1)
    expect(page).to_have_url(re.compile("cluster=%3Cimg"))
    is_live(page)
    expect(rows(page)).to_have_count(4)


_LOOKS = {"jobs": _look_at_jobs, "manage": _look_at_manage, "monitor": _look_at_monitor}


def test_markup_stays_text_on_every_page_and_every_script_is_shown(hostile: Stage) -> None:
    page = hostile.audience.page()
    for path in sorted(PAGES, key="monitor.html".__eq__):  # the cluster chosen there stays so
        hostile.go(page, path)
        is_live(page)
        expect(page.locator("body")).to_contain_text("<img src=x")
        _assert_only_text(page)
        if look := _LOOKS.get(path.removesuffix(".html")):
            look(page)
            _assert_only_text(page)


def test_long_text_breaks_nothing_leaves_room_for_differences_and_says_where_it_was_cut(
    stage: Stage,
) -> None:
    long = "x" * 50_000
    watched_cluster(stage.registry, "x" * 300)
    stage.joins("10.0.0.2", long)
    stage.joins("2001:db8:0:85a3:1234:5678:ac1f:8001")
    stage.ends(stage.runs("10.0.0.2", long, job_id=long), exception=long)
    stage.ends(stage.runs("10.0.0.2", long, job_id="long"))
    looks = {"node": _assert_head_fits, "manage": _assert_form_fits,
             "monitor": _assert_names_fit, "jobs": _assert_cut_is_said}  # fmt: skip
    page = stage.audience.page()
    for path in PAGES:
        stage.go(page, path)
        is_live(page)
        expect(page.locator("#main")).not_to_contain_text("x" * 5000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        for height in rows(page).evaluate_all("rows => rows.map((row) => row.offsetHeight)"):
            assert height < 100, path
        if look := looks.get(path.partition(".")[0]):
            look(page)


def _assert_head_fits(page: Page) -> None:
    expect(page.locator("#node-name")).to_contain_text("xxx")
    assert _cut(page, ".node-head h1") == [False]


def _assert_form_fits(page: Page) -> None:
    expect(rows(page)).to_have_count(4)
    form = page.locator("#allocate").bounding_box()
    chosen = page.locator("#allocate select").bounding_box()
    assert form is not None
    assert chosen is not None
    assert chosen["x"] + chosen["width"] <= form["x"] + form["width"]


def _assert_names_fit(page: Page) -> None:
    link = page.locator("[data-key^='2001:'] .cell-link")
    expect(link).to_have_css("text-overflow", "ellipsis")
    assert _cut(page, "[data-key^='2001:'] .cell-link") == [True]
    assert _cut(page, "[data-key^='2001:'] .td-primary .td-value") == [False]


def _assert_cut_is_said(page: Page) -> None:
    page.locator(".job-link", has_text=re.compile(r"^long$")).click()
    expect(page.locator(".job-text", has=page.locator(".job-pre-args"))).to_contain_text(
        "Its end was cut (text_limit)."
    )


def _cut(page: Page, selector: str) -> list[bool]:
    """Whether the elements hold more than they show."""
    cut: list[bool] = page.locator(selector).evaluate_all(
        "found => found.map((one) => one.scrollWidth > one.clientWidth)"
    )
    return cut
