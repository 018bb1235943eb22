"""Long work in pieces, with a moment between them in which others may go on.

Python runs one thread at a time. A search over all jobs, made in one go, keeps dispy's own thread
waiting for five milliseconds each time that it wants to go on. What works for long therefore calls
:func:`yield_now` every now and then, where it holds no lock; whoever asked for the work says with
:func:`on_yield` what is to happen then. Where nobody did, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

__all__ = ["chunks", "on_yield", "yield_now"]

_T = TypeVar("_T")

# Jobs that are looked at in about a millisecond.
_PIECE: Final = 2_000

_breath: ContextVar[Callable[[], None] | None] = ContextVar("flask_dispy_breath", default=None)


def yield_now() -> None:
    """Let others go on. To be called without any lock."""
    breath = _breath.get()
    if breath is not None:
        breath()


@contextmanager
def on_yield(breath: Callable[[], None]) -> Iterator[None]:
    """Have *breath* called whenever the work within breathes, in this thread."""
    token = _breath.set(breath)
    try:
        yield
    finally:
        _breath.reset(token)


def chunks(items: Sequence[_T], size: int = _PIECE) -> Iterator[Sequence[_T]]:
    """Yield *items* in pieces, with a breath between them."""
    for start in range(0, len(items), size):
        if start:
            yield_now()
        yield items[start : start + size]
