"""Phone, paper, and colours that the reader forces on the page."""

from __future__ import annotations

import re
from typing import Any

from browser.stage import PAGES, Stage, becomes, cells, is_live, job_search, keys_shown, rows, tile
from playwright.sync_api import Page, Route, expect

# -- every page ------------------------------------------------------------------------------------


def test_no_page_is_wider_than_a_phone_and_targets_are_large_enough_for_a_thumb(
    stage: Stage,
) -> None:
    page = stage.audience.page(phone=True)
    for path in (*PAGES, "node.html", "jobs.html?job=2"):
        stage.go(page, path)
        is_live(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert (path, _targets_below(page, 44)) == (path, [])


def test_pages_have_large_targets_keep_marks_in_forced_colours_and_print_rows_in_one_size(
    stage: Stage,
) -> None:
    page = stage.audience.page()
    marks = {
        "monitor.html": (
            ".progress .bar-fill.finished", ".tbody .bar-fill", ".connection-dot",
            "#ranges [aria-pressed=true]",
        ),
        "timeline.html": (".timeline-follow[aria-pressed=true]",),
        "jobs.html": (".menu [aria-current]::after", ".tab[aria-current]::after"),
    }  # fmt: skip
    for path in (*PAGES, "node.html", "jobs.html?job=2"):
        stage.go(page, path)
        is_live(page)
        assert (path, _targets_below(page, 24)) == (path, [])
        page.emulate_media(forced_colors="active")
        ground = _background(page, "body")
        for mark in marks.get(path, ()):
            assert _background(page, mark) != ground, mark
        page.emulate_media(forced_colors="none", media="print")
        if path in ("monitor.html", "jobs.html", "manage.html"):
            rows(page).first.wait_for()
            sizes = page.locator(".tr, .tr *").evaluate_all(
                "all => [...new Set(all.map((one) => getComputedStyle(one).fontSize))]"
            )
            assert (path, sizes) == (path, ["9px"])
        page.emulate_media(media="null")


def _targets_below(page: Page, least: int) -> list[list[Any]]:
    """What is there to press and is smaller than *least* pixels."""
    small: list[list[Any]] = page.evaluate(
        """(least) => {
            // Links in text, and cells of the map, whose nodes all stand in the table too.
            const inText = (one) => one.matches("p a, td a, dd a, .td a, .nodemap a");
            return [...document.querySelectorAll("a, button, select, input")]
              .filter((one) => one.offsetParent && !one.closest(".sr, .skip, .thead"))
              .filter((one) => !inText(one))
              .map((one) => [one, (one.closest("label") ?? one).getBoundingClientRect()])
              .filter(([, box]) => box.width < least || box.height < least)
              .map(([one, box]) => [one.outerHTML.slice(0, 100), box.width, box.height]);
        }""",
        least,
    )
    return small


def _background(page: Page, place: str) -> str:
    """The colour behind a place: a selector, which may end with "::after"."""
    selector, _, pseudo = place.partition("::")
    colour: str = page.locator(selector).first.evaluate(
        "(one, pseudo) => getComputedStyle(one, pseudo && `::${pseudo}`).backgroundColor", pseudo
    )
    return colour


# -- phone and screen ------------------------------------------------------------------------------


def test_nodes_are_cards_on_a_phone_that_are_sorted_and_acted_on_with_the_thumb(
    stage: Stage,
) -> None:
    phone = stage.open(phone=True)
    expect(rows(phone)).to_have_count(3)
    assert phone.locator(".thead").bounding_box()["height"] <= 1  # type: ignore[index]
    card = phone.locator("[data-key='10.0.0.2']")
    for label in ("Name", "CPUs", "Busy", "Memory", "Jobs done", "Last update"):
        expect(card.locator(".td-label", has_text=re.compile(f"^{label}$"))).to_be_visible()
    assert card.bounding_box()["height"] > 120  # type: ignore[index]
    assert sorted(cells(phone, "name")) == ["alpha", "beta", "gamma"]

    phone.get_by_role("combobox", name="Sort by").select_option("cpus")
    becomes(lambda: keys_shown(phone), ["10.0.0.10", "10.0.0.2", "10.0.0.9"])
    phone.get_by_role("button", name="Descending; sort ascending").tap()
    becomes(lambda: keys_shown(phone), ["10.0.0.9", "10.0.0.2", "10.0.0.10"])

    phone.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).check()
    expect(phone.locator("#nodes .actions-floating")).to_be_in_viewport()
    phone.locator("#nodes").get_by_role("button", name="Close", exact=True).tap()
    expect(phone.get_by_role("button", name="Close 1 node")).to_be_in_viewport()
    phone.get_by_role("button", name="Cancel").tap()
    phone.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).uncheck()

    box = phone.get_by_role("navigation", name="Pages").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] > 840
    phone.get_by_role("navigation", name="Pages").get_by_role("link", name="Jobs").tap()
    expect(phone).to_have_url(re.compile("jobs.html"))


def test_jobs_are_low_cards_on_a_phone_and_open_as_a_sheet(stage: Stage) -> None:
    page = stage.open("jobs.html", phone=True)
    tabs = page.locator(".tabs")  # which fade where more of them wait
    expect(tabs).to_have_attribute("data-more", "end")
    tabs.evaluate("row => row.scrollTo(9999, 0)")
    expect(tabs).to_have_attribute("data-more", "start")

    expect(rows(page)).not_to_have_count(0)
    heights = rows(page).evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(heights) <= 110
    broken = rows(page).filter(has=page.get_by_text("broken", exact=True))
    expect(broken.locator("[data-column=error]")).to_contain_text("no such thing")
    expect(broken.locator("[data-column=args]")).to_be_hidden()
    busy = rows(page).filter(has=page.get_by_text("busy", exact=True))
    expect(busy.locator("[data-column=args]")).to_contain_text("third")

    # The values of a card stand on one line.
    heights = page.locator("[data-column=node] a").first.evaluate("""(link) => {
        const bottom = (one) => {
            const text = document.createRange();
            text.selectNodeContents(one);
            return Math.round(text.getBoundingClientRect().bottom);
        };
        const row = link.closest(".tr");
        return [bottom(link), bottom(row.querySelector("[data-column=state] .td-value"))];
    }""")
    assert abs(heights[0] - heights[1]) <= 2

    page.locator(".job-link", has_text="broken").tap()
    expect(page.locator("#job-title")).to_have_text("broken")
    assert page.locator("dialog[open]").evaluate("dialog => dialog.matches(':modal')")
    page.go_back()
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_jobs_use_the_whole_width_and_print_a_search_with_what_it_found(stage: Stage) -> None:
    page = stage.open("jobs.html?q=is:straggler state:running")
    # Columns without values give their room to others.
    expect(page.get_by_role("columnheader", name="Cluster")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Error")).to_have_count(0)
    page.emulate_media(media="print")
    expect(job_search(page)).to_be_visible()
    page.emulate_media(media="null")
    job_search(page).fill("")
    job_search(page).press("Enter")
    expect(page.get_by_role("columnheader", name="Error")).to_have_count(1)
    page.emulate_media(media="print")
    expect(page.locator(".search")).to_be_hidden()
    page.emulate_media(media="null")
    page.set_viewport_size({"width": 2200, "height": 1000})
    becomes(lambda: page.locator(".table").bounding_box()["width"] > 2100, True)  # type: ignore[index]


def test_large_figures_are_shown_whole(stage: Stage) -> None:
    def enlarge(route: Route) -> None:
        answer = route.fetch()
        data = answer.json()
        for cluster in data["clusters"]:
            cluster["jobs"] |= {
                "queued": 12_345,
                "finished": 123_456,
                "terminated": 1_234_567,
                "failed": 1_234_566,
            }
        route.fulfill(response=answer, json=data)

    def intercept(page: Page) -> None:
        page.route("**/stream*", lambda route: route.abort())
        page.route("**/changes*", enlarge)

    page = stage.open(before=intercept)
    expect(tile(page, "failed")).to_have_text("1,234,566")
    for width in (390, 720, 1181, 1281, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        cut = page.locator(".tile-value").evaluate_all(
            """all => all.filter((one) => one.scrollWidth > one.clientWidth)
                .map((one) => one.innerText)"""
        )
        assert (width, cut) == (width, [])


# -- paper -----------------------------------------------------------------------------------------


def test_forced_colours_show_which_rows_are_selected_and_paper_all_rows_which_then_leave(
    stage: Stage,
) -> None:
    for number in range(200):
        stage.joins(f"10.0.1.{number}")
    page = stage.open()
    page.emulate_media(forced_colors="active")
    expect(page.locator("#nodes .table-count")).to_have_text("203")
    first = page.locator("[data-key='10.0.1.199']")
    first.get_by_role("checkbox").check()
    expect(first).to_have_css("outline-style", "solid")
    page.emulate_media(forced_colors="none")
    seen = rows(page).count()
    assert seen < 203
    page.evaluate("""() => addEventListener("beforeprint", () => {
        window.printed = document.querySelectorAll(".tbody .tr").length;
    })""")
    assert page.pdf().startswith(b"%PDF")
    assert page.evaluate("printed") == 203
    becomes(lambda: rows(page).count() < 100, True)


def test_paper_is_light_and_shows_figures_charts_its_time_and_nothing_to_press(
    stage: Stage,
) -> None:
    page = stage.open()
    is_live(page)
    expect(rows(page)).to_have_count(3)
    page.locator("#queue .chart-line").wait_for(state="attached")
    expect(page.locator(".printed")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    for part in ("nav.menu", ".tools", "#report", ".actions", ".search", ".td-select"):
        expect(page.locator(part).first).to_be_hidden()
    for part in ("#tiles", "#progress", ".nodemap-canvas", ".thead", ".tbody .tr"):
        expect(page.locator(part).first).to_be_visible()
    for panel in ("#throughput", "#queue", "#cpus"):
        plot = page.locator(f"{panel} .chart-plot").bounding_box()
        drawing = page.locator(f"{panel} .chart-plot > svg").bounding_box()
        assert plot is not None
        assert drawing is not None
        assert abs(drawing["width"] - plot["width"]) < 1

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        expect(page.locator("body")).to_have_css("color", "rgb(20, 24, 31)")
    page.evaluate("delete document.documentElement.dataset.theme")

    page.emulate_media(media="null")
    page.pdf()
    page.emulate_media(media="print")
    expect(page.locator(".printed")).to_have_text(re.compile(r"^As of \d{4}-\d\d-\d\d .*UTC"))
    expect(page.locator(".printed")).to_be_visible()


def test_open_job_is_printed_instead_of_the_list(stage: Stage) -> None:
    page = stage.open("jobs.html?job=2", apart=True)  # its size stays changed
    expect(page.locator(".job-pre-exception")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#jobs")).to_be_hidden()
    expect(page.locator(".job-pre-exception")).to_be_visible()
    assert page.locator("#job").evaluate("panel => getComputedStyle(panel).position") == "static"
    page.set_viewport_size({"width": 1000, "height": 700})  # no wider than a sheet of paper
    becomes(lambda: page.locator("#job").evaluate("panel => panel.matches(':modal')"), False)
    page.emulate_media(media="null")
    becomes(lambda: page.locator("#job").evaluate("panel => panel.matches(':modal')"), True)
