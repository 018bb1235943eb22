"""What a page that stays open shows of faults, and that it recovers by itself, without a reload."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser.stage import Audience, Browsers, Stage, becomes, is_live, keys_shown, tile
from clusters import free_port_family
from playwright.sync_api import Page, expect

TESTS = Path(__file__).parents[1]


@contextmanager
def _server_process(port: int, *nodes: str) -> Iterator[str]:
    """A server in a process of its own, which is killed on leaving; yields its URL."""
    path = os.pathsep.join((str(TESTS.parent), str(TESTS)))
    with subprocess.Popen(
        [sys.executable, str(TESTS / "browser" / "server_child.py"), str(port), *nodes],
        env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        try:
            assert child.stdout is not None
            yield child.stdout.readline().strip()
        finally:
            child.kill()


def _is_troubled(page: Page) -> None:
    """Wait until a page says that updates fail, and that it tries again ever more seldom."""
    expect(page.locator("#connection .connection-text")).to_have_text("Retrying")
    expect(page.locator("#trouble")).to_contain_text("The server can't be reached")
    expect(page.locator("#trouble")).to_contain_text(re.compile(r"Next try in \d+ s"))


def test_server_that_is_killed_and_started_again_is_taken_up(browsers: Browsers) -> None:
    port = free_port_family()  # no port that another server might be given meanwhile
    with _server_process(port, "10.0.0.1", "10.0.0.2") as url:
        audience = Audience(browsers, url)
        page = audience.page()
        page.goto(url)
        is_live(page)
        becomes(lambda: sorted(keys_shown(page)), ["10.0.0.1", "10.0.0.2"])
        page.evaluate("window.isStillTheSame = true")
    _is_troubled(page)
    assert len(keys_shown(page)) == 2  # what was known stays to be read
    with _server_process(port, "10.0.0.2", "10.0.0.3"):
        is_live(page)
        becomes(lambda: sorted(keys_shown(page)), ["10.0.0.2", "10.0.0.3"])
        expect(page.locator("#trouble")).to_be_hidden()
        assert page.evaluate("window.isStillTheSame")
        audience.leave()
    assert audience.complaints == []


def test_network_that_is_cut_and_healed(stage: Stage) -> None:
    page = stage.open(apart=True)
    is_live(page)
    page.evaluate("window.isStillTheSame = true")
    page.context.set_offline(True)
    _is_troubled(page)
    stage.ends(stage.jobs["busy"])
    expect(tile(page, "finished")).to_have_text("1")
    page.context.set_offline(False)
    expect(tile(page, "finished")).to_have_text("2")
    is_live(page)
    expect(page.locator("#trouble")).to_be_hidden()
    assert page.evaluate("window.isStillTheSame")
