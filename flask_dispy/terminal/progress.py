"""A progress bar in the terminal of the program that waits for its run.

It may fail, and the run goes on: what its thread raises is logged, and the bar is gone.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ..core.endings import SETTLED_SEC
from ..core.text import clean
from ..wire.shapes.clusters import Summary
from ..wire.summaries import is_over
from ..wire.wording import Clock, done_count, expectation

__all__ = ["Progress", "is_terminal"]

logger = logging.getLogger("flask_dispy")

_LOOK_SEC: Final = 0.5
_LINE_SEC: Final = 10.0
"""Without rich, a line is written so often, and whenever the outlook's state changes."""

_Show = Callable[[Summary, bool], None]
"""Shows a summary, which may be the last."""


def is_terminal() -> bool:
    """Whether standard error is a terminal: nothing is shown anywhere else."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


class Progress:
    """Shows how far a run is, from when it is made until the run is done.

    As a context manager it also ends with the block. Standard error gets a bar where rich is
    installed, else a line now and then; nothing is written if it is no terminal.

    :param look: returns the newest summary; without it, nothing is shown.
    :param end: called when nothing is shown any more.
    """

    def __init__(
        self,
        look: Callable[[], Summary] | None = None,
        end: Callable[[], None] | None = None,
    ) -> None:
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        if look is not None and is_terminal():
            self._thread = threading.Thread(
                target=self._run, args=(look, end), name="flask_dispy-progress", daemon=True
            )
            atexit.register(self.close)
            self._thread.start()

    def close(self) -> None:
        """Show the last state, and nothing more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _run(self, look: Callable[[], Summary], end: Callable[[], None] | None) -> None:
        try:
            with _display() as show:
                done_at: float | None = None
                while True:
                    is_last = self._closing.is_set()
                    summary = look()
                    now = time.monotonic()
                    done_at = (done_at or now) if is_over(summary) else None
                    is_last |= done_at is not None and now - done_at >= SETTLED_SEC
                    show(summary, is_last)
                    if is_last:
                        break
                    self._closing.wait(_LOOK_SEC)
        except Exception:
            logger.debug("the progress bar ended early", exc_info=True)
        finally:
            if end is not None:
                end()
            atexit.unregister(self.close)


@contextmanager
def _display() -> Iterator[_Show]:
    """Yield what shows a summary: a bar with the outlook, or lines."""
    try:
        from rich.console import Console

        from .rows import live_rows
    except ImportError:
        yield _Lines().show
        return
    # What the program prints meanwhile goes above the bar, but never from a file to the terminal.
    with live_rows(Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as show:
        yield lambda summary, _: show(summary)


class _Lines:
    """Writes a line now and then."""

    def __init__(self) -> None:
        self._state = ""
        self._at = 0.0
        self._done = -1

    def show(self, summary: Summary, is_last: bool) -> None:
        outlook, jobs, now = summary["outlook"], summary["jobs"], time.monotonic()
        is_new = is_last and jobs["done"] != self._done
        if not is_new and outlook["state"] == self._state and now - self._at < _LINE_SEC:
            return
        self._state, self._at, self._done = outlook["state"], now, jobs["done"]
        clock = Clock(summary["now"])
        said = clean(expectation(outlook, clock, summary["now"]))
        time_of_day = clock.text(summary["now"])
        print(f"{time_of_day}  {done_count(jobs)} done. {said}", file=sys.stderr)
