"""Long work that lets other threads run in between.

Python runs one thread at a time, so a search over all jobs would make dispy's own thread wait for
five milliseconds whenever it wants to run. Long work therefore calls :func:`yield_now` now and
then, while it holds no lock; its caller sets with :func:`on_yield` what happens then, by default
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

__all__ = ["chunks", "on_yield", "yield_now"]

_T = TypeVar("_T")

# How many jobs are examined in about a millisecond.
_CHUNK: Final = 2_000

_pause: ContextVar[Callable[[], None] | None] = ContextVar("flask_dispy_pause", default=None)


def yield_now() -> None:
    """Let other threads run. Call it without holding any lock."""
    pause = _pause.get()
    if pause is not None:
        pause()


@contextmanager
def on_yield(pause: Callable[[], None]) -> Iterator[None]:
    """Call *pause* whenever the work within, in this thread, calls :func:`yield_now`."""
    token = _pause.set(pause)
    try:
        yield
    finally:
        _pause.reset(token)


def chunks(items: Sequence[_T], size: int = _CHUNK) -> Iterator[Sequence[_T]]:
    """Yield *items* in chunks, and let other threads run between them."""
    for start in range(0, len(items), size):
        if start:
            yield_now()
        yield items[start : start + size]
