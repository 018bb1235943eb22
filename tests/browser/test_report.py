"""The report, opened from disk in a browser that has nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from browser.stage import becomes
from web.fakes import make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.report import save_report

pytestmark = pytest.mark.browser


@pytest.fixture
def report(tmp_path: Path) -> Iterator[Path]:
    """The report of a short run with a failure."""
    registry = ClusterRegistry(poll_sec=0)
    cluster = watched_cluster(registry)
    alpha = cluster.join(make_node("10.0.0.2", "alpha"))
    for number in range(6):
        job = cluster.submit(f"argument {number}", job_id=number)
        cluster.start(job, alpha)
        error = "Traceback (most recent call last):\nValueError: no such scene"
        cluster.end(job, alpha, exception=error if number == 3 else None)
    time.sleep(0.3)
    yield save_report(registry, tmp_path / "report.html")
    registry.close()


def test_report_opens_from_disk_without_help(browser: Any, report: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    looks = list(product((390, 1280), ("light", "dark")))
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(report.as_uri())
        look = f"{width} px wide, {scheme}"
        assert page.get_by_role("heading", name="compute").is_visible(), look
        assert page.locator("svg .bar title").count() == 6, look
        page.get_by_text("ValueError: no such scene").first.click()
        assert page.get_by_text("Traceback (most recent call last):").is_visible(), look
        for link in page.locator("nav a").all():
            link.click()
    assert requests == [report.as_uri()] * len(looks)
    assert messages == []
    context.close()


def test_report_fits_its_window_and_prints_its_tracebacks_and_charts_side_by_side(
    page: Any, report: Path
) -> None:
    page.goto(report.as_uri())
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        becomes(
            lambda: page.evaluate("[innerWidth, document.documentElement.scrollWidth]"), [width] * 2
        )
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator("nav").is_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    assert page.locator("pre").bounding_box()["height"] > 20
    rows = page.locator(".charts").all()
    assert rows
    for number, row in enumerate(rows):
        for part in (".chart-title", "> svg"):
            tops = row.locator(f".chart {part}").evaluate_all(
                """found => [...new Set(
                    found.map((one) => Math.round(one.getBoundingClientRect().top)),
                )]"""
            )
            assert (number, part, len(tops)) == (number, part, 1)
