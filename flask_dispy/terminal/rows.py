"""How far a cluster is, and what will come of it, in two lines, which may be live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..core.jobs import count_of
from ..wire.shapes.clusters import Summary
from ..wire.wording import Clock, done_count, expectation, percent
from .cells import Part, bar, plain, style_of

__all__ = ["live_rows", "outlook_line", "progress_row"]

_LEAST_BAR: Final = 10
_FAR_SEC: Final = 43_200


def progress_row(summary: Summary, width: int, *, ascii_only: bool = False) -> Text:
    """Return a bar and the counts beside it: "72 %  1,204 of 1,680 done"."""
    jobs = summary["jobs"]
    whole = jobs["submitted"] + jobs["before_watching"]
    running = 0 if summary["watching"] == "history" else jobs["running"]
    other = jobs["abandoned"] + jobs["cancelled"] + count_of(jobs, "terminated")
    words = f" {percent(summary['progress'])}  {done_count(jobs)} done"
    counts = (("finished", jobs["finished"]), ("failed", jobs["failed"]), ("other", other),
              ("running", running))  # fmt: skip
    parts: list[Part] = [(number / max(1, whole), word) for word, number in counts]
    cells = max(_LEAST_BAR, width - len(words))
    return bar(cells, parts, ascii_only=ascii_only).append(words)


def outlook_line(summary: Summary, clock: Clock) -> Text:
    """Return what will come of it: "About 24 min left, 12 min to 38 min; done about 14:20."."""
    outlook, now = summary["outlook"], summary["now"]
    if outlook["state"] == "going" and outlook["eta_sec"] is not None:
        layout = "%H:%M" if outlook["eta_sec"] < _FAR_SEC else "%Y-%m-%d %H:%M"
        at = clock.text(now + outlook["eta_sec"], layout)
        told = f"{outlook['message'].removesuffix('.')}; done about {at}."
    else:
        told = expectation(outlook, clock, now)
    return Text(plain(told), style_of(outlook["state"]), overflow="ellipsis")


@contextmanager
def live_rows(console: Console, **options: Any) -> Iterator[Callable[[Summary], None]]:
    """Yield what shows a summary in these two lines, in the place of the one before.

    :param options: of rich's ``Live``.
    """
    ascii_only = not console.encoding.startswith("utf")
    with Live(console=console, auto_refresh=False, **options) as live:

        def show(summary: Summary) -> None:
            row = progress_row(summary, console.width, ascii_only=ascii_only)
            live.update(Group(row, outlook_line(summary, Clock(summary["now"]))), refresh=True)

        yield show
