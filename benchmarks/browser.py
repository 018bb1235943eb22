"""Chromium, and what it tells of a page."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["Browser", "Tab", "chromium", "why_not"]

# The shell first: it is the same engine, and draws no windows that take part in what is measured.
_NAMES: Final = ("chromium-headless-shell", "chromium", "google-chrome")

_ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def why_not() -> str | None:
    """Return why pages cannot be measured here, ``None`` if they can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "Playwright is not installed"
    return None if _chromium() else "there is no Chromium"


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Tab:
    """A page in a browser that has never seen the server."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")
        self._session.send("Network.enable")
        self.wire_bytes = 0
        self._session.on("Network.loadingFinished", self._loaded)

    def _loaded(self, event: dict[str, Any]) -> None:
        self.wire_bytes += int(event["encodedDataLength"])

    def run(self, script: str) -> Any:
        """Return what an expression comes to: by the debugger, whom no content policy stops."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        return self._session.send("Runtime.evaluate", asked)["result"].get("value")

    def busy_ms(self) -> float:
        """Return how long the page's main thread has worked so far: scripts, style, layout."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")


class Browser:
    """A running Chromium."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    @contextlib.contextmanager
    def tab(self) -> Iterator[Tab]:
        """A tab with a profile of its own, which has never seen any server; closed at the end."""
        context = self._browser.new_context(viewport={"width": 1280, "height": 800})
        try:
            yield Tab(context.new_page())
        finally:
            context.close()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A new browser, ended at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(_ARGUMENTS))
        try:
            yield Browser(browser)
        finally:
            browser.close()
