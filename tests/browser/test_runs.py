"""The table of runs, and two of them side by side, in a browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.stage import Browsers, Stage, axe_violations, rows, serve
from dispy import DispyJob
from dispy_objects import FakeCluster
from playwright.sync_api import Page, expect

from flask_dispy import ClusterRegistry, PastRegistry
from flask_dispy.watching.dashboard import board_of

LONG = "a_program_with_a_name_that_is_much_too_long_for_its_column_in_the_table_of_runs"


def work(cluster: FakeCluster, took_sec: float, failed: int) -> None:
    node = cluster.join("10.0.0.1", "alpha")
    for number in range(40):
        job = cluster.submit(number, since_sec=10.0 + took_sec)
        cluster.start(job, node, since_sec=took_sec)
        fails = number < failed
        status = DispyJob.Terminated if fails else DispyJob.Finished
        cluster.end(job, node, status, **({"exception": "OSError: 1"} if fails else {}))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of four runs: a good one, a slow one that fails, and two whose names are long."""
    path = tmp_path_factory.mktemp("history") / "runs.sqlite"
    for name, took_sec, failed, tags in (
        ("train", 2.0, 1, ["night", "v1"]),
        ("train", 9.0, 30, ["night", "two words"]),
        (f"{LONG}_1", 2.0, 0, []),
        (f"{LONG}_2", 2.0, 0, []),
    ):
        registry = ClusterRegistry(history=path)
        cluster = FakeCluster(name)
        registry.add(cluster, tags=tags)
        work(cluster, took_sec, failed)
        board_of(registry).fold()
        registry.close()
    return path


@pytest.fixture
def stage(path: Path, browsers: Browsers) -> Iterator[Stage]:
    registry = PastRegistry(path)
    with serve(registry, browsers, read_only=True) as stage:
        yield stage
    registry.close()


def opened(stage: Stage, path: str = "", **how: Any) -> Page:
    page = stage.open(path, **how)
    page.emulate_media(reduced_motion="reduce")
    expect(page.locator("#past-run")).to_contain_text("Past runs: 20")
    return page


def tick(page: Page, *runs: int) -> None:
    """Tick runs by their ids."""
    for run in runs:
        page.locator(f".tr[data-key='{run}'] .td-select input").check()


def test_history_opens_on_its_table_of_runs_whose_names_differ_where_they_are_cut(
    stage: Stage,
) -> None:
    page = opened(stage)
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(rows(page)).to_have_count(4)
    tails = page.locator(".tr .run-name-tail")
    expect(tails).to_have_text([re.compile("_2$"), re.compile("_1$"), "", ""])
    for tail in tails.all()[:2]:
        box = tail.bounding_box()
        cell = tail.locator("xpath=ancestor::*[@data-column='name']").bounding_box()
        assert box is not None
        assert cell is not None
        assert box["width"] > 0
        assert box["x"] + box["width"] <= cell["x"] + cell["width"] + 1
    slow = page.locator(".tr[data-key='2']")
    expect(slow).to_contain_text("30 (75 %)")
    expect(slow.locator("[data-column=tags] button")).to_have_text(["night", "two words"])
    slow.get_by_role("link", name="train", exact=True).click()
    expect(page.locator("#past-run")).to_contain_text("Past run: 20")
    page.get_by_role("link", name="All runs").click()
    expect(rows(page)).to_have_count(4)


def test_runs_are_searched_sorted_and_exported(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("searchbox", name="Search runs").fill("tag:night")
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"q=tag%3Anight"))
    page.get_by_role("button", name="Failed").click()
    expect(rows(page).first).to_contain_text("30 (75 %)")
    page.get_by_role("button", name="Export").click()
    link = page.get_by_role("link", name="CSV")
    expect(link).to_have_attribute("href", re.compile(r"runs\?q=tag%3Anight&sort=failed"))
    page.reload()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Search for the tag two words").click()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("searchbox", name="Search runs").fill("nod:e")
    expect(page.locator("#runs .field-error")).to_contain_text("There is no qualifier")


def test_two_runs_that_are_ticked_are_compared(stage: Stage) -> None:
    page = opened(stage)
    compare = page.locator(".run-compare")
    expect(compare).to_have_attribute("aria-disabled", "true")
    tick(page, 2, 1)
    expect(compare).not_to_have_attribute("aria-disabled", "true")
    compare.click()
    worse = page.locator(".run-worse th")
    expect(worse.nth(0)).to_have_text("Failures of train")
    expect(worse.nth(1)).to_have_text("Time run of train")
    expect(worse.nth(2)).to_have_text("OSError: #")
    first = page.locator(".run-worse").nth(1)
    expect(first.locator("[data-label='B beside A']")).to_have_text(
        re.compile(r"4\.\d times as long")
    )
    expect(first.locator("[data-label='How sure']")).to_have_text("sure")
    page.get_by_role("link", name="Swap A and B").click()
    expect(page.locator(".run-better th").first).to_be_visible()
    expect(page.locator(".run-worse")).to_have_count(0)
    page.get_by_role("link", name="All runs").click()
    expect(rows(page)).to_have_count(4)


def test_keyboard_is_enough_to_compare(stage: Stage) -> None:
    page = opened(stage)
    expect(rows(page)).to_have_count(4)
    for keys in (("j", "j", "j"), ("j",)):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator(".tr:focus")).to_have_count(1)
        page.keyboard.press("Space")
    expect(page.locator(".tr[aria-selected=true]")).to_have_count(2)
    page.keyboard.press("c")
    expect(page.locator(".run-worse").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(4)


def test_unknown_run_is_named(stage: Stage) -> None:
    page = opened(stage, "runs.html?a=1&b=77")
    expect(page.locator("#compare")).to_contain_text("There is no run 77 in the history")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_axe_finds_nothing(stage: Stage, phone: bool) -> None:
    page = opened(stage, phone=phone)
    expect(page.locator(".tr[data-key='1']")).to_be_visible()
    tick(page, 1, 2)
    assert axe_violations(page) == []
    stage.go(page, "runs.html?a=1&b=2")
    expect(page.locator(".run-changes").first).to_be_visible()
    assert axe_violations(page) == []


def test_live_dashboard_marks_the_run_that_goes_on(
    path: Path, tmp_path: Path, browsers: Browsers
) -> None:
    registry = ClusterRegistry(history=shutil.copy(path, tmp_path))
    cluster = FakeCluster("now")
    registry.add(cluster)
    work(cluster, 2.0, 0)
    with serve(registry, browsers) as stage:
        page = stage.open("monitor.html")
        page.locator(".menu").get_by_role("link", name="Runs").click()
        row = rows(page).filter(has_text="now")
        expect(row).to_contain_text("live")
        work(cluster, 2.0, 0)
        expect(row.locator("[data-column=jobs]")).to_contain_text("80")
        row.get_by_role("link", name="now", exact=True).click()
        expect(page.get_by_role("heading", name="Monitor")).to_be_visible()
    registry.close()
