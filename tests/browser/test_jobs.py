"""Jobs: search, states, paging, and cancelling what was found."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes, cells, is_live, rows, tile
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster

ALL_IDS = ["waiting", "also busy", "busy", "broken", "done"]


@pytest.fixture
def page(stage: Stage) -> Page:
    """Jobs with its rows."""
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    return page


def _ids(page: Page) -> list[str]:
    ids: list[str] = rows(page).evaluate_all(
        """rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.querySelector(".job-link").textContent)"""
    )
    return ids


def _search(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search jobs")


def _options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


def _tab(page: Page, name: str) -> Locator:
    return page.locator(".tab", has_text=re.compile(f"^{name} "))


def test_jobs_are_listed_newest_first(page: Page) -> None:
    becomes(lambda: _ids(page), ALL_IDS)
    assert cells(page, "state") == ["queued", "running", "running", "failed", "finished"]
    assert cells(page, "args") == ["fifth", "fourth", "third, n=3", "second", "first, n=1"]
    expect(page.locator("#jobs .table-count")).to_have_text("Showing 5 of 5")


# -- search --------------------------------------------------------------------------------------


def test_search_takes_words_and_qualifiers(page: Page) -> None:
    for query, found in (
        ("third", ["busy"]),
        ("state:failed", ["broken"]),
        ("state:running node:10.0.0.10", ["also busy"]),
        ("node:alpha id:done", ["done"]),
        ("arg:n=3", ["busy"]),
        ('error:"no such"', ["broken"]),
        ("faster:1h", ["also busy", "busy", "broken", "done"]),
    ):
        _search(page).fill(query)
        page.keyboard.press("Enter")
        becomes(lambda: (query, _ids(page)), (query, found))  # noqa: B023


def test_search_lives_in_the_address(page: Page) -> None:
    _search(page).fill("state:running third")
    expect(page).to_have_url(re.compile(r"\?q=state%3Arunning\+third"))
    page.reload()
    expect(_search(page)).to_have_value("state:running third")
    becomes(lambda: _ids(page), ["busy"])


def test_qualifiers_and_states_are_completed(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("sta")
    expect(_options(page).first).to_contain_text("state:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(_search(page)).to_have_value("state:")
    page.keyboard.type("fa")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(_search(page)).to_have_value("state:failed ")
    becomes(lambda: _ids(page), ["broken"])


def test_tab_completes_what_was_begun_and_then_leaves(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("sta")
    page.keyboard.press("Tab")
    expect(_search(page)).to_have_value("state:")
    page.keyboard.type("fa")
    page.keyboard.press("Tab")
    expect(_search(page)).to_have_value("state:failed ")
    becomes(lambda: _ids(page), ["broken"])
    expect(_search(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(_search(page)).not_to_be_focused()
    expect(_search(page)).to_have_value("state:failed ")


def test_half_a_qualifier_is_not_searched_for(stage: Stage, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _search(page).focus()
    page.keyboard.type("is")
    stage.cluster.submit(job_id="late")  # the list is asked for anew, after the search's rest
    becomes(lambda: _ids(page)[0], "late")
    stage.cluster.submit(job_id="later")
    becomes(lambda: _ids(page)[0], "later")
    page.keyboard.type("sue")
    expect(page.get_by_text("No job matches")).to_be_visible()
    assert [url for url in asked if re.search(r"q=is(&|$)", url)] == []


def test_unknown_qualifier_is_refused_with_those_that_exist(page: Page) -> None:
    _search(page).focus()
    page.keyboard.type("nodee:10.0.0.2")
    expect(page.locator("#search-problem")).to_contain_text(
        "There is no qualifier nodee: there are state, is, node"
    )
    assert len(_ids(page)) == 5
    page.keyboard.press("Enter")
    expect(_search(page)).to_have_value("nodee:10.0.0.2")
    _search(page).fill('"nodee:10.0.0.2"')
    expect(page.get_by_text("No job matches")).to_be_visible()
    expect(page.locator("#search-problem")).to_have_text("")


def test_address_with_an_unknown_qualifier_is_explained(stage: Stage) -> None:
    page = stage.open("jobs.html?q=nodee:alpha")
    expect(page.get_by_text("This can't be searched for")).to_be_visible()
    expect(page.locator("#search-problem")).to_contain_text("There is no qualifier nodee")
    page.get_by_role("button", name="Clear the search").click()
    becomes(lambda: len(_ids(page)), 5)


def test_what_was_typed_outlives_tab_and_enter(page: Page) -> None:
    _search(page).focus()
    page.keyboard.type("state:")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator("#search-problem")).to_have_text("state: needs a value")
    page.keyboard.press("Enter")  # on the first of the tabs
    expect(_search(page)).to_have_value("")
    becomes(lambda: len(_ids(page)), 5)
    _search(page).fill("slower:soon")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on "queued"
    expect(_search(page)).to_have_value("state:queued slower:soon")
    expect(page.locator("#search-problem")).to_contain_text("takes a time")


def test_nodes_are_completed_by_name(page: Page) -> None:
    _search(page).focus()
    page.keyboard.type("node:bet")
    _options(page).filter(has_text="10.0.0.10").click()
    becomes(lambda: _ids(page), ["also busy"])


def test_mistake_in_the_search_is_explained(page: Page) -> None:
    _search(page).fill("slower:soon")
    page.keyboard.press("Enter")
    expect(page.locator("#search-problem")).to_contain_text("takes a time")
    expect(_search(page)).to_have_attribute("aria-invalid", "true")


def test_search_that_finds_nothing_can_be_cleared(page: Page) -> None:
    _search(page).fill("nothing at all")
    expect(page.get_by_text("No job matches")).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    becomes(lambda: len(_ids(page)), 5)


def test_typed_search_survives_updates(stage: Stage, page: Page) -> None:
    _search(page).focus()
    page.keyboard.type("state:")
    stage.cluster.submit(job_id="late")
    expect(_tab(page, "queued").locator(".tab-count")).to_have_text("2")
    expect(_search(page)).to_have_value("state:")
    expect(_options(page).first).to_be_visible()


# -- states --------------------------------------------------------------------------------------


def test_tabs_count_each_state(page: Page) -> None:
    for name, count in (
        ("all", "5"),
        ("queued", "1"),
        ("running", "2"),
        ("finished", "1"),
        ("failed", "1"),
        ("terminated", "0"),
        ("cancelled", "0"),
        ("abandoned", "0"),
    ):
        expect(_tab(page, name).locator(".tab-count")).to_have_text(count)


def test_tab_adds_its_state_to_the_search(page: Page) -> None:
    _search(page).fill("node:alpha")
    becomes(lambda: _ids(page), ["busy", "broken", "done"])
    _search(page).press("Escape")  # what is suggested may lie over the tabs
    _tab(page, "failed").click()
    becomes(lambda: _ids(page), ["broken"])
    expect(_search(page)).to_have_value(
        re.compile("node:alpha.*state:failed|state:failed.*node:alpha")
    )
    expect(_tab(page, "failed")).to_have_attribute("aria-current", "true")
    expect(_tab(page, "finished").locator(".tab-count")).to_have_text("1")


# -- many ----------------------------------------------------------------------------------------


@pytest.fixture
def many(stage: Stage) -> Stage:
    for number in range(245):
        stage.ends(stage.runs("10.0.0.9", job_id=f"job {number}"))
    return stage


def test_further_pages_come_as_the_list_is_scrolled(many: Stage) -> None:
    page = many.open("jobs.html")
    count, table = page.locator("#jobs .table-count"), page.locator("#jobs .table")
    height = 0
    for shown in (100, 200, 250):
        expect(count).to_have_text(f"Showing {shown} of 250")
        # Rows get their place in the frame after they are counted: until then the end is not the
        # new one. 50 more of them are higher than this.
        becomes(lambda least=height + 1_000: _height(table) >= least, True)
        height = _height(table)
        table.evaluate("table => table.scrollTo(0, table.scrollHeight)")
    becomes(lambda: _ids(page)[-1], "done")


def _height(table: Locator) -> int:
    height: int = table.evaluate("table => table.scrollHeight")
    return height


def test_reader_further_down_is_not_moved(many: Stage) -> None:
    page = many.open("jobs.html")
    table = page.locator("#jobs .table")
    expect(page.locator("#jobs .table-count")).to_have_text("Showing 100 of 250")
    table.evaluate("table => table.scrollTo(0, 600)")
    becomes(lambda: "job 220" in _ids(page), True)
    top = table.evaluate("table => table.scrollTop")
    many.cluster.submit(job_id="late")
    fresh = page.locator(".jobs-fresh")
    expect(fresh).to_have_text("1 new")
    assert table.evaluate("table => table.scrollTop") == top
    fresh.click()
    becomes(lambda: _ids(page)[0], "late")


# -- what is done to jobs ------------------------------------------------------------------------


def _box(page: Page, job_id: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(rf"^Select job {job_id} #\d+$"))


def test_selected_jobs_are_terminated(stage: Stage, page: Page) -> None:
    for job_id in ("busy", "waiting", "done"):
        _box(page, job_id).check()
    expect(page.get_by_text("3 selected, 1 ended already")).to_be_visible()
    page.get_by_role("button", name="Terminate 2 jobs").first.click()
    page.locator(".confirm:visible").get_by_role("button", name="Terminate 2 jobs").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 2 jobs")
    becomes(
        lambda: sorted(re.findall(r"\w+ #\d+ \(", page.locator(".notice-lines").inner_text())),
        ["busy #3 (", "waiting #5 ("],
    )
    assert sorted(job.id for _, (job,) in stage.cluster.calls) == ["busy", "waiting"]


def test_selection_survives_updates(stage: Stage, page: Page) -> None:
    _box(page, "busy").check()
    stage.cluster.submit(job_id="late")
    expect(page.locator(".jobs-fresh")).to_have_text("1 new")
    expect(_box(page, "busy")).to_be_checked()


def test_all_that_match_are_counted_before_they_are_terminated(stage: Stage, page: Page) -> None:
    _search(page).fill("node:alpha")
    becomes(lambda: len(_ids(page)), 3)
    page.get_by_role("button", name="Terminate all that match").click()
    expect(page.locator(".confirm:visible")).to_contain_text("3 match, 2 of them have ended.")
    assert stage.cluster.calls == []
    page.locator(".confirm:visible").get_by_role("button", name="Terminate 1 job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 1 job")
    expect(page.locator(".notice-lines li")).to_have_count(1)
    assert [job.id for _, (job,) in stage.cluster.calls] == ["busy"]


def test_question_can_be_refused(stage: Stage, page: Page) -> None:
    page.get_by_role("button", name="Terminate all").click()
    expect(page.locator(".confirm:visible")).to_contain_text("5 match, 2 of them have ended.")
    page.locator(".confirm:visible").get_by_role("button", name="Cancel").click()
    expect(page.locator(".confirm:visible")).to_have_count(0)
    assert stage.cluster.calls == []


# -- detail --------------------------------------------------------------------------------------


def _open(page: Page, job_id: str) -> Locator:
    page.locator(".job-link", has_text=re.compile(f"^{job_id}$")).click()
    panel = page.get_by_role("dialog")
    expect(panel.locator("#job-title")).to_have_text(job_id)
    return panel


def test_detail_tells_how_a_job_failed(page: Page) -> None:
    panel = _open(page, "broken")
    expect(panel.locator(".job-head .state")).to_have_text("failed")
    expect(panel.locator(".job-pre-exception")).to_contain_text("ValueError: no such thing")
    expect(panel.locator(".job-pre-args")).to_contain_text("second")
    becomes(
        lambda: panel.locator(".job-step-state").all_inner_texts(),
        ["queued", "running on 10.0.0.2", "failed"],
    )


def test_detail_shows_the_result(page: Page) -> None:
    panel = _open(page, "done")
    expect(panel.locator(".job-pre-result")).to_have_text("the result")
    expect(panel.get_by_role("link", name="10.0.0.2")).to_have_attribute(
        "href", "node.html?host=10.0.0.2"
    )


def test_detail_follows_its_job(stage: Stage, page: Page) -> None:
    panel = _open(page, "busy")
    expect(panel.locator(".job-head .state")).to_have_text("running")
    stage.ends(stage.jobs["busy"], result="at last")
    expect(panel.locator(".job-head .state")).to_have_text("finished")
    expect(panel.locator(".job-pre-result")).to_have_text("at last")


def test_last_change_of_all_reaches_the_detail(stage: Stage) -> None:
    stage.registry.poll_sec = 0
    page = stage.open("jobs.html")
    panel = _open(page, "busy")
    stage.ends(stage.jobs["busy"], result="at last")
    page.get_by_role("button", name="Update", exact=True).click()
    expect(panel.locator(".job-pre-result")).to_have_text("at last")


def test_detail_terminates_its_job(stage: Stage, page: Page) -> None:
    panel = _open(page, "busy")
    panel.get_by_role("button", name="Terminate", exact=True).click()
    panel.get_by_role("button", name="Terminate this job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 1 job")
    assert [job.id for _, (job,) in stage.cluster.calls] == ["busy"]


def test_back_leads_to_the_search_of_its_address(page: Page) -> None:
    _open(page, "busy")
    box = page.get_by_role("combobox", name="Search jobs")
    box.fill("broken")
    box.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.locator("#job").get_by_role("button", name="Close").click()
    page.go_back()
    expect(page).not_to_have_url(re.compile("q="))
    expect(box).to_have_value("")
    expect(rows(page)).to_have_count(5)


def test_detail_is_called_as_its_row_is(page: Page) -> None:
    number = page.locator(".tr", has_text="broken").locator(".job-number").inner_text()
    panel = _open(page, "broken")
    expect(panel.locator("#job-number")).to_have_text(number)
    expect(page.get_by_role("dialog", name=f"broken {number}")).to_be_visible()


def test_detail_has_an_address_of_its_own(stage: Stage, page: Page) -> None:
    _open(page, "broken")
    expect(page).to_have_url(re.compile(r"[?&]job=\d+"))
    again = stage.open(page.url.removeprefix(stage.server.url))
    expect(again.locator("#job-title")).to_have_text("broken")


def test_back_and_forward_close_and_open_the_detail(page: Page) -> None:
    _open(page, "broken")
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#job-title")).to_have_text("broken")


def test_detail_is_opened_and_left_by_keyboard(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#job-title")).to_have_text("also busy")
    expect(page.locator("#job-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".tr:focus .job-link")).to_have_text("also busy")


def test_open_panel_goes_along_with_the_rows(page: Page) -> None:
    panel = _open(page, "busy")
    for key, job_id in (("j", "broken"), ("j", "done"), ("k", "broken"), ("ArrowUp", "busy")):
        page.keyboard.press(key)
        expect(panel.locator("#job-title")).to_have_text(job_id)
        expect(page.locator(".tr.is-open .job-link")).to_have_text(job_id)
        expect(page.locator(".tr:focus .job-link")).to_have_text(job_id)
    expect(panel.locator(".job-head .state")).to_have_text("running")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page).not_to_have_url(re.compile("job="))


def test_escape_closes_the_panel_wherever_the_focus_is(page: Page) -> None:
    panel = _open(page, "busy")
    _search(page).focus()
    page.keyboard.press("Escape")  # leaves the field
    expect(_search(page)).not_to_be_focused()
    expect(panel).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard map")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard map")).to_be_hidden()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_long_lines_of_a_traceback_wrap(stage: Stage) -> None:
    line = "ValueError: " + "the matrix of this stage is singular, " * 10 + "x" * 300
    stage.ends(stage.jobs["busy"], exception=f"Traceback (most recent call last):\n{line}")
    panel = _open(stage.open("jobs.html"), "busy")
    text = panel.locator(".job-pre-exception")
    expect(text).to_contain_text(line)
    assert text.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


def test_keys_of_the_list_the_search_and_the_panel_are_shown(page: Page) -> None:
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard map")
    for words in ("Next job", "Rows: open", "Search: complete the word", "Close the job"):
        expect(keys).to_contain_text(words)


def test_texts_are_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = _open(page, "broken")
    panel.get_by_role("button", name="Copy: Traceback").click()
    becomes(
        lambda: page.evaluate("navigator.clipboard.readText()"),
        "Traceback (most recent call last):\nValueError: no such thing",
    )


def test_job_that_is_not_known_is_told(stage: Stage) -> None:
    page = stage.open("jobs.html?job=4711")
    expect(page.locator(".job-message")).to_contain_text("4711")


def test_without_a_job_the_page_says_how_they_come(stage: Stage) -> None:
    watched_cluster(stage.registry, "idle")
    page = stage.open("jobs.html?cluster=idle")
    expect(page.get_by_text("No job yet")).to_be_visible()


def test_state_that_does_not_exist_is_refused_and_asked_for_once(stage: Stage) -> None:
    asked: list[str] = []
    page = stage.open(
        "jobs.html?state=runing",
        before=lambda page: page.on(
            "request",
            lambda request: asked.append(request.url) if "/jobs?" in request.url else None,
        ),
    )
    expect(page.get_by_text("This can't be searched for")).to_be_visible()
    expect(page.locator(".empty")).to_contain_text("'runing' is no job state")
    expect(rows(page)).to_have_count(0)
    is_live(page)
    monitor = stage.open()
    is_live(monitor)
    before = len(asked)
    for number in range(4, 9):
        stage.joins(f"10.0.1.{number}", "noise")
        expect(tile(monitor, "Nodes up")).to_contain_text(str(number))
    assert asked[before:] == []


def test_quiet_page_asks_for_jobs_only_when_one_changed(stage: Stage) -> None:
    asked: list[str] = []
    page = stage.open(
        "jobs.html",
        before=lambda page: page.on(
            "request",
            lambda request: asked.append(request.url) if "/jobs?" in request.url else None,
        ),
    )
    expect(rows(page)).to_have_count(5)
    is_live(page)
    monitor = stage.open()
    is_live(monitor)
    before = len(asked)
    for number in range(4, 9):
        stage.joins(f"10.0.1.{number}", "noise")
        expect(tile(monitor, "Nodes up")).to_contain_text(str(number))
    stage.ends(stage.jobs["busy"])
    becomes(lambda: page.locator("[data-key='3'] [data-column=state]").inner_text(), "finished")
    # The end and its texts may be told in two turns.
    assert 1 <= len(asked) - before <= 2


def test_arguments_that_are_hidden_for_all_vanish_from_a_page_that_rests(stage: Stage) -> None:
    page = stage.open("jobs.html?job=1")
    expect(page.locator("#job")).to_contain_text("first")
    is_live(page)
    for shown in (False, True, False):
        stage.registry.show_job_args = shown
        seen = page.locator("[data-column=args] .td-value")
        becomes(lambda seen=seen: "hidden" in seen.all_inner_texts(), not shown)
        becomes(lambda: "first" in page.locator("#job").inner_text(), shown)
