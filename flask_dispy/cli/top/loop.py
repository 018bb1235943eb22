"""The live view while it runs: follows the dashboard, takes keys, draws."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from typing import Final

from rich.console import Console, Group

from ...client import AsyncClient, ClientError, Mirror, NeedsLogin, NotAllowed, NotFound
from ...client.following import summary_in
from .keyboard import listening
from .state import TopState
from .view import view

__all__ = ["drawn", "first_answer", "run_top"]

_DRAW_SEC: Final = 0.1
"""Time between two pictures, at the least."""

_TICK_SEC: Final = 1.0
"""And at the most, because a clock is in them."""

_AGAIN_SEC: Final = 2.0
_MORE_SEC: Final = 1.0
_MOST: Final = 20


async def first_answer(client: AsyncClient, state: TopState) -> None:
    """Ask for everything once.

    :raises ClientError: it can't be had.
    """
    mirror = Mirror()
    changes = await client.changes(state.cluster)
    mirror.apply(changes)
    asked = summary_in(changes, state.cluster)
    state.cluster = "*" if asked["combined"] else asked["name"]
    state.take(mirror.clusters.values(), mirror.nodes)
    await _ask_more(client, state)


async def run_top(client: AsyncClient, state: TopState, console: Console) -> None:
    """Show the view until somebody quits.

    :raises NotAllowed: the dashboard does not let us in.
    """
    changed = asyncio.Event()

    def press(key: str) -> None:
        state.press(key)
        changed.set()

    with suppress(AttributeError, NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, changed.set)
    feed: list[asyncio.Task[None]] = []
    following: str | None = None
    try:
        with console.screen(hide_cursor=True) as screen, listening(press):
            while not state.ended:
                if state.cluster != following:
                    await _end(feed)
                    following = state.cluster
                    feed = [
                        asyncio.create_task(keep_up(client, state, changed))
                        for keep_up in (_follow, _keep_more)
                    ]
                for task in feed:
                    if task.done():
                        task.result()
                screen.update(drawn(state, console))
                await asyncio.sleep(_DRAW_SEC)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), _TICK_SEC)
                changed.clear()
    finally:
        await _end(feed)


def drawn(state: TopState, console: Console, *, height: int | None = None) -> Group:
    """Return the picture for a terminal.

    :param height: its lines, if they are not the terminal's.
    """
    ascii_only = not console.encoding.startswith("utf")
    width = console.width
    lines = view(state, width, height or console.height, now=time.time(), ascii_only=ascii_only)
    return Group(*lines)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(client: AsyncClient, state: TopState, changed: asyncio.Event) -> None:
    """Take over what changes, for ever; a dashboard that is away may come back."""
    cluster, mirror = state.cluster, Mirror()
    while True:
        try:
            async for changes in client.follow(cluster, give_up_sec=0):
                mirror.apply(changes)
                state.take(mirror.clusters.values(), mirror.nodes)
                changed.set()
        except (NeedsLogin, NotAllowed):
            raise
        except NotFound:
            state.leave()
            changed.set()
            return
        except ClientError as error:
            state.away = error.message
            changed.set()
        await asyncio.sleep(_AGAIN_SEC)


async def _keep_more(client: AsyncClient, state: TopState, changed: asyncio.Event) -> None:
    """Ask for errors and events when there are new ones."""
    known: tuple[int, int] | None = None
    while True:
        summary = state.summary
        if summary is not None:
            latest = summary["jobs"]["failed"], summary["events"]["latest"]
            if latest != known:
                with suppress(ClientError):
                    await _ask_more(client, state)
                    known = latest
                    changed.set()
        await asyncio.sleep(_MORE_SEC)


async def _ask_more(client: AsyncClient, state: TopState) -> None:
    errors = await client.errors(state.cluster, limit=_MOST).page()
    events = await client.events(state.cluster, limit=2 * _MOST).page()
    state.errors, state.events = errors["items"], events["items"]
