"""Take the pictures that README and docs show, from the running example.

    .venv/bin/python docs/screenshots.py

Needs the ``test`` extra and Chromium. Starts example_app.py, lets it work for a while, and writes
docs/images/*.png: the pages on a desktop and a phone, in light and dark.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

_ROOT = Path(__file__).resolve().parents[1]
_IMAGES = _ROOT / "docs" / "images"

# Long enough for charts with a shape and a job of every kind.
_WARM_UP_SEC = 75.0
_SETTLE_MS = 2_500

_PAGES = {
    "monitor": "",
    "node": "node.html?host=127.0.0.2",
    "jobs": "jobs.html",
    "timeline": "timeline.html",
    "manage": "manage.html",
}
_SHOTS = (
    "monitor-light",
    "monitor-dark",
    "node-light",
    "jobs-light",
    "timeline-dark",
    "manage-light",
    "monitor-phone-light",
    "jobs-phone-dark",
    "timeline-phone-light",
)
_DESKTOP: dict[str, Any] = {"viewport": {"width": 1360, "height": 850}}
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> None:
    """Start the example, photograph it, end it."""
    with tempfile.TemporaryDirectory() as scratch:
        example = subprocess.Popen(
            [sys.executable, str(_ROOT / "example_app.py"), "--port", "0"],
            cwd=scratch,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the log of every request
            text=True,
        )
        try:
            url = _address(example)
            time.sleep(_WARM_UP_SEC)
            _photograph(url)
        finally:
            example.terminate()  # a shell lets what it starts in the background ignore SIGINT
            example.communicate(timeout=30)


def _address(example: subprocess.Popen[str]) -> str:
    for line in example.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found.group()
    raise RuntimeError("the example ended without telling its address")


def _photograph(url: str) -> None:
    _IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        names = ("chromium-headless-shell", "chromium", "google-chrome")
        path = next(filter(None, map(shutil.which, names)), None)
        browser = playwright.chromium.launch(executable_path=path, args=_CHROMIUM_ARGS)
        for shot in _SHOTS:
            name, *phone, scheme = shot.split("-")
            screen = _PHONE if phone else _DESKTOP
            context = browser.new_context(color_scheme=scheme, **screen)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(url + _PAGES[name])
            page.wait_for_timeout(_SETTLE_MS)
            page.screenshot(path=str(_IMAGES / f"{shot}.png"))
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
