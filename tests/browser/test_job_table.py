"""The list of jobs as a table to work with: sorted, its columns chosen, taken along."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.stage import Stage, becomes, cells, fill_stage, is_live, rows
from dispy_objects import FakeCluster
from playwright.sync_api import Locator, Page, expect
from processes import needs
from werkzeug.security import generate_password_hash


@pytest.fixture
def page(stage: Stage) -> Page:
    """Jobs with its rows, the columns that are hidden at first among them."""
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    return page


def _head(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name, exact=True)


def _order(page: Page) -> list[str]:
    return cells(page, "state")


def test_heads_sort_and_the_order_is_said_and_outlives_a_reload_as_the_columns_and_new_jobs(
    stage: Stage, page: Page
) -> None:
    expect(_head(page, "Submitted")).to_have_attribute("aria-sort", "descending")
    newest = ["queued", "running", "running", "failed", "finished"]
    becomes(lambda: _order(page), newest)
    _head(page, "State").get_by_role("button").click()
    becomes(lambda: _order(page), ["queued", "running", "running", "finished", "failed"])
    expect(page).to_have_url(re.compile(r"\?sort=state$"))
    _head(page, "State").get_by_role("button").click()
    becomes(lambda: _order(page), ["failed", "finished", "running", "running", "queued"])
    expect(_head(page, "State")).to_have_attribute("aria-sort", "descending")
    expect(_head(page, "Started")).to_have_count(0)
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Started").check()
    page.get_by_role("checkbox", name="Waited", exact=True).uncheck()
    expect(_head(page, "Started")).to_be_visible()
    expect(_head(page, "Waited")).to_have_count(0)
    page.reload()
    becomes(lambda: _order(page), ["failed", "finished", "running", "running", "queued"])
    expect(_head(page, "Started")).to_be_visible()
    expect(_head(page, "Waited")).to_have_count(0)
    expect(_head(page, "Error")).to_be_visible()
    _head(page, "Submitted").get_by_role("button").click()
    becomes(lambda: _order(page), newest)
    expect(page).to_have_url(re.compile(r"jobs\.html$"))
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_role("checkbox", name="Waited", exact=True).check()
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: "sort=waited" in answer.url):
        _head(page, "Waited").get_by_role("button").click()
    stage.cluster.submit("first of all", since_sec=9_000.0)
    page.get_by_role("button", name="1 new").click()  # the focus in the table keeps rows in place
    becomes(lambda: cells(page, "args")[0], "first of all")
    expect(_head(page, "Waited")).to_have_attribute("aria-sort", "descending")


def test_head_of_the_page_and_first_columns_fit_every_width(stage: Stage) -> None:
    stage.registry.add(FakeCluster("render"))
    page = stage.open("jobs.html?cluster=*")
    expect(rows(page)).to_have_count(5)
    for width in (320, 701, 768, 900, 1121):
        page.set_viewport_size({"width": width, "height": 860})
        becomes(
            lambda: page.locator(".top *, .jobs-actions *").evaluate_all(
                """(found) => [innerWidth, found
                    .filter((each) => each.getBoundingClientRect().right > innerWidth)
                    .map((each) => each.className)]"""
            ),
            [width, []],
        )
    page.set_viewport_size({"width": 1360, "height": 850})  # a laptop
    table = page.locator("#jobs .table")
    expect(_head(page, "Cluster")).to_be_visible()
    becomes(lambda: table.evaluate("e => e.scrollWidth - e.clientWidth"), 0)


def _open_menu(page: Page) -> Locator:
    page.get_by_role("button", name="Export").click()
    menu = page.locator(".export-menu:visible")
    expect(menu).to_be_visible()
    return menu


def _saved(page: Page, kind: str) -> list[str]:
    """Return the lines of what a link of the menu saves."""
    with page.expect_download() as download:
        page.locator(".export-menu:visible").get_by_role("link", name=kind).click()
    ending = {"CSV": "csv", "JSON lines": "jsonl"}[kind]
    assert re.fullmatch(
        rf"dispy-(jobs|nodes)-Combined-\d{{8}}T\d{{6}}Z\.{ending}",
        download.value.suggested_filename,
    )
    with open(download.value.path(), encoding="utf-8", newline="") as file:
        return file.readlines()


def _copied(page: Page, button: str, begins: str) -> str:
    """Return the command that a button of the open menu copies."""
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.get_by_role("button", name=button).locator("visible=true").click()
    page.wait_for_function("begins => window.copied?.startsWith(begins)", arg=begins)
    return str(page.evaluate("window.copied"))


@needs("curl")
@pytest.mark.parametrize(
    ("path", "what", "first"),
    [
        (
            "jobs.html?q=-state:failed is:failed OR 'third' OR first OR fourth&sort=started",
            "jobs",
            "done",
        ),
        ("jobs.html?view=errors", "errors", "ValueError"),
        ("monitor.html?q=alpha OR beta&sort=-cpus", "nodes", "10.0.0.10"),
        ("events.html?show=jobs", "events", "error_kind"),
    ],
)
def test_commands_that_are_copied_fetch_the_list_that_is_shown(
    stage: Stage, tmp_path: Path, path: str, what: str, first: str
) -> None:
    page = stage.open(path)
    is_live(page)
    page.get_by_role("button", name="Export", exact=True).locator("visible=true").click()
    command = _copied(page, "Copy as curl", "curl")
    subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True)
    (file,) = tmp_path.iterdir()
    assert re.fullmatch(rf"dispy-{what}-Combined-\d{{8}}T\d{{6}}Z\.csv", file.name)
    with file.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))
    assert first in found[0].values()
    program = _copied(page, "Copy as Python", "import")
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{len(found)} {what}\n"
    if what in ("jobs", "nodes"):
        key, link = ("id", ".job-link") if what == "jobs" else ("ip_addr", ".td-primary .cell-link")
        shown = page.locator(link).all_inner_texts()
        assert [row[key] for row in found] == shown
        lines_saved = _saved(page, "JSON lines")  # which closes the menu
        _open_menu(page)
        table_saved = _saved(page, "CSV")
        assert [json.loads(line)[key] for line in lines_saved] == shown
        assert [row[key] for row in csv.DictReader(table_saved)] == shown


@needs("curl")
def test_copied_commands_ask_for_the_password_of_who_logged_in(
    make_stage: Callable[..., Stage],
) -> None:
    hashed = generate_password_hash("secret", method="pbkdf2:sha256:1000")
    stage = make_stage(users={"ann": (hashed, "viewer")})
    fill_stage(stage)
    login = {"Authorization": "Basic " + b64encode(b"ann:secret").decode()}
    page = stage.open("jobs.html", before=lambda page: page.set_extra_http_headers(login))
    _open_menu(page)
    command = _copied(page, "Copy as curl", "curl").replace("'ann'", "'ann:secret'")
    fetched = subprocess.run(
        ["sh", "-ec", command.replace("-fOJ", "-fsS")], capture_output=True, text=True, check=True
    )
    assert len(list(csv.DictReader(fetched.stdout.splitlines()))) == 5
    program = _copied(page, "Copy as Python", "import")
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        input="secret\n",
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,  # without a terminal that getpass would ask
    )
    assert ran.stdout == "5 jobs\n"


def test_every_order_of_nodes_can_be_exported(stage: Stage) -> None:
    page = stage.open("monitor.html", phone=True)
    expect(rows(page)).not_to_have_count(0)
    orders = page.get_by_role("combobox", name="Sort by")
    link = page.locator(".export-menu").get_by_role("link", name="CSV")
    keys = orders.locator("option").evaluate_all("all => all.map((o) => o.value)")
    urls = set()
    for key in keys:
        orders.select_option(key)
        _open_menu(page)
        urls.add(link.evaluate("link => link.href"))
        page.keyboard.press("Escape")
    assert len(urls) == len(keys)
    for url in urls:
        with urllib.request.urlopen(url) as answer:
            assert answer.status == 200


def test_browser_keeps_searches_to_be_deleted_and_hidden_columns_but_never_hides_errors(
    stage: Stage,
) -> None:
    page = stage.open("jobs.html?job=2")
    like = page.get_by_role("navigation", name="Jobs like it")
    expect(like.get_by_role("link")).to_have_text(
        ["same function", "same node", "same error", "ran longer"]
    )
    like.get_by_role("link", name="same error").click()
    expect(rows(page)).to_have_count(1)
    search = page.get_by_role("combobox", name="Search jobs")
    expect(search).to_have_value(re.compile(r"^error-kind:[0-9a-f]{10}$"))
    search.fill("state:failed")
    search.press("Enter")
    expect(page).to_have_url(re.compile("state%3Afailed"))
    saved = page.get_by_role("button", name="Saved")
    saved.press("Enter")
    name = page.get_by_label("Name of the search")
    name.fill("<b>bad</b>")
    name.press("Enter")
    expect(page.get_by_role("link", name="<b>bad</b> state:failed")).to_be_visible()
    page.evaluate("""localStorage.setItem("dispy.columns.jobs", '["error", "args"]')""")
    stage.go(page, "jobs.html")
    expect(rows(page)).to_have_count(5)
    expect(_head(page, "Arguments")).to_have_count(0)
    expect(_head(page, "Error")).to_be_visible()
    saved.press("Enter")
    page.get_by_role("link", name="<b>bad</b>").press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(search).to_have_value("state:failed")
    saved.press("Enter")
    page.get_by_role("button", name="Delete <b>bad</b>").press("Enter")
    expect(page.get_by_text("No search is saved in this browser.")).to_be_visible()
    expect(name).to_be_focused()
    page.get_by_role("button", name="Choose columns").click()
    expect(page.get_by_role("checkbox", name="Error")).to_have_count(0)
