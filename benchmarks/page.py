"""The monitor page over many nodes, in Chromium, beside dispy's own page."""

from __future__ import annotations

import time
from typing import Any, Final

from .browser import Browser, Tab, chromium, why_not
from .scale import Scale
from .stage import Child, Kind, staged
from .table import Row, Target

__all__ = ["measure"]

# Since when rows are there, noted in the page itself: asking from outside would disturb it.
_NOTE_FIRST_ROW: Final = """selector => {
  const seen = () => {
    if (document.querySelectorAll(selector).length) {
      requestAnimationFrame(() => { window.rowsSeenMs = performance.now(); });
    } else { requestAnimationFrame(seen); }
  };
  requestAnimationFrame(seen);
}"""

_ROWS: Final[dict[Kind, str]] = {"ours": "#nodes [data-key]", "theirs": "#nodes tr"}

_SCROLL: Final = """async seconds => {
  const frames = [];
  let last = performance.now();
  const end = last + 1000 * seconds;
  const most = document.documentElement.scrollHeight - innerHeight;
  for (let n = 0; last < end; n++) {
    scrollTo(0, most * (0.5 - 0.5 * Math.cos(n / 120)));
    const at = await new Promise(requestAnimationFrame);
    frames.push(at - last);
    last = at;
  }
  return frames.slice(2);
}"""


def measure(scale: Scale) -> list[Row]:
    """Measure opening, updating and scrolling the page, and what it weighs."""
    reason = why_not()
    if reason is not None:
        print(f"Pages are not measured: {reason}.")
        return []
    nodes, rounds = scale.pick(10_000, 10_000, 30), scale.pick(5, 2, 1)
    changed, seconds = scale.pick(100, 100, 5), scale.pick(15.0, 5.0, 1.0)
    # Theirs takes ten seconds at a time and hardly varies.
    few = max(1, rounds // 2)
    with staged("ours", "theirs", nodes=nodes) as (ours, theirs), chromium() as browser:
        opened = [_opened(browser, "ours", ours) for _ in range(rounds)]
        compared = [_opened(browser, "theirs", theirs) for _ in range(few)]
        updated = _updates(browser, "ours", ours, changed, rounds)
        redrawn = _updates(browser, "theirs", theirs, changed, few)
        frames = _scrolled(browser, ours, seconds)
        weights = [_weight(browser)]
    what = f"page over {nodes:,} nodes, cold"
    late = sum(frame > 50 for frame in frames)
    return [
        Row(f"{what}: until rows are seen", "ms", [o[0] for o in opened],
            _as_many([c[0] for c in compared], rounds), Target("ratio", 0.08)),
        Row(f"{what}: main-thread time", "ms", [o[1] for o in opened],
            _as_many([c[1] for c in compared], rounds), Target("ratio", 0.06)),
        Row(f"page, main-thread time for an update of {changed} nodes", "ms", updated,
            _as_many(redrawn, rounds), Target("ratio", 0.01)),
        Row(f"scrolling {nodes:,} rows, updates going on: the longest frame", "ms", [max(frames)],
            target=Target("value", 50, "ms"),
            note=f"{late} of {len(frames):,} frames took over 50 ms"),
        Row("page weight, first load, compressed", "KB", weights,
            target=Target("value", 120, "KB")),
    ]  # fmt: skip


def _as_many(values: list[float], count: int) -> list[float]:
    """Repeat the readings, so that each of ours has one of theirs beside it."""
    return [values[number % len(values)] for number in range(count)]


def _opened(browser: Browser, kind: Kind, child: Child) -> tuple[float, float]:
    """Open the page in a new browser; return the times until rows are seen, and at work."""
    with browser.tab() as tab:
        tab.page.goto("about:blank")
        tab.page.add_init_script(f"({_NOTE_FIRST_ROW})({_ROWS[kind]!r})")
        tab.page.goto(f"http://127.0.0.1:{child.port}/monitor.html", wait_until="commit")
        give_up_at = time.monotonic() + 90
        while not (seen_ms := tab.run("window.rowsSeenMs")) and time.monotonic() < give_up_at:
            time.sleep(0.1)
        _settled(tab)
        return seen_ms, tab.busy_ms()


def _settled(tab: Tab) -> None:
    """Wait until the page has nothing left to do but to tick."""
    before = tab.busy_ms()
    for _ in range(20):
        time.sleep(0.25)
        now = tab.busy_ms()
        if now - before < 10:
            return
        before = now


def _updates(browser: Browser, kind: Kind, child: Child, changed: int, rounds: int) -> list[float]:
    """Return the main thread's time for one update, on a page that stays open."""
    with browser.tab() as tab:
        tab.page.goto(f"http://127.0.0.1:{child.port}/monitor.html")
        tab.page.wait_for_selector(_ROWS[kind], timeout=90_000)
        _settled(tab)
        found = []
        for _ in range(rounds):
            quiet_ms = _quiet(tab, kind)
            before = tab.busy_ms()
            child.ask("change", changed)
            if kind == "theirs":  # as its timer would
                tab.run("clearTimeout(timer); cluster_status('cluster_updates')")
            time.sleep(1.0)
            _settled(tab)
            found.append(max(0.1, tab.busy_ms() - before - quiet_ms))
        return found


def _quiet(tab: Tab, kind: Kind) -> float:
    """Return what the page does in the same time of its own accord: clocks that tick."""
    if kind == "theirs":
        return 0.0
    before = tab.busy_ms()
    time.sleep(1.25)
    return tab.busy_ms() - before


def _scrolled(browser: Browser, child: Child, seconds: float) -> list[float]:
    """Scroll up and down while nodes change; return how long each frame took."""
    with browser.tab() as tab:
        tab.page.goto(f"http://127.0.0.1:{child.port}/monitor.html")
        tab.page.wait_for_selector(_ROWS["ours"])
        _settled(tab)
        child.ask("start_changing", 25, 0.25)
        frames: list[Any] = tab.run(f"({_SCROLL})({seconds})")
        child.ask("stop_changing")
        return [float(frame) for frame in frames]


def _weight(browser: Browser) -> float:
    """Return the kilobytes that a first visit takes over the wire, three nodes' data included."""
    with staged("ours", nodes=3) as (small,), browser.tab() as tab:
        tab.page.goto(f"http://127.0.0.1:{small.port}/monitor.html")
        tab.page.wait_for_selector(_ROWS["ours"])
        _settled(tab)
        return tab.wire_bytes / 1000
