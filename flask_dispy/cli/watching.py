"""The commands that watch: ``top``, and ``wait`` with its exit codes."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from ..client import AsyncClient, Client, ClientError, Mirror, WaitTimeout
from ..client.following import summary_in
from ..core.phrases import quantity
from ..terminal.cells import line
from ..terminal.rows import live_rows, outlook_line
from ..wire.shapes.clusters import Summary
from ..wire.wording import Clock, done_count
from .group import EXIT_FAILED, EXIT_UNREACHABLE, addressed, cli, connected, failure, of_cluster
from .output import Output
from .settings import Dashboard
from .top.loop import drawn, first_answer, run_top
from .top.state import TopState

__all__ = ["EXIT_DONE", "EXIT_STALLED", "EXIT_TIMEOUT", "closing", "verdict"]

EXIT_DONE: Final = 0
EXIT_STALLED: Final = 2
EXIT_TIMEOUT: Final = 4

_LINE_SEC: Final = 60.0
"""Without a terminal, a line is written so often, and whenever the outlook's state changes."""

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def _seconds(_ctx: Any, _parameter: Any, text: str | None) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text or "0")
    if found is None:
        raise click.BadParameter(f"{text!r} is no duration, such as 90s, 30m or 8h.")
    return None if text is None else float(found[1]) * _UNITS[found[2]]


@cli.command()
@click.argument("address", metavar="[URL]", required=False)
@of_cluster
@click.option("--once", is_flag=True, help="Show it once, as it is now.")
@addressed
def top(dashboard: Dashboard, output: Output, cluster: str, once: bool) -> None:
    """Show a dashboard live: outlook, counts, nodes, errors and events.

    Keys sort, filter and scroll the nodes and switch between clusters; ? lists them. Without a
    terminal it is shown once. With --json, each change is a line, with the summary and the nodes.

    \b
    Examples:
      flask-dispy top http://127.0.0.1:8181
      ssh -t cluster.example flask-dispy top --cluster compute
    """
    once = once or not (_is_live(output.console) or output.as_json)
    asyncio.run(_top(dashboard, output, TopState(cluster), once=once))


async def _top(dashboard: Dashboard, output: Output, state: TopState, *, once: bool) -> None:
    async with connected(AsyncClient, dashboard) as client:
        if output.as_json:
            await _write_changes(client, output, state.cluster, once=once)
            return
        await first_answer(client, state)
        if once:
            output.console.width = shutil.get_terminal_size().columns
            height = None if output.console.is_terminal else len(state.nodes) + 20
            output.show(drawn(state, output.console, height=height))
        else:
            await run_top(client, state, output.console)


async def _write_changes(client: AsyncClient, output: Output, cluster: str, *, once: bool) -> None:
    mirror = Mirror()
    async for changes in client.follow(cluster):
        mirror.apply(changes)
        output.object({"summary": summary_in(changes, cluster), "nodes": [*mirror.nodes.values()]})
        if once:
            return


@cli.command()
@of_cluster
@click.option("--timeout", "timeout_sec", callback=_seconds, metavar="DURATION",
              help="Give up after this long: 90s, 30m, 8h.")  # fmt: skip
@addressed
def wait(
    dashboard: Dashboard, output: Output, cluster: str, timeout_sec: float | None
) -> None:  # fmt: skip
    """Wait until all jobs are done, and say by the exit code how that went.

    Shows a progress bar with the outlook; without a terminal a line now and then, on standard
    error. It waits for the first job as well.

    \b
    Exit codes:
      0  all jobs finished
      1  all jobs ended, but some failed, or were terminated, cancelled or abandoned; or the
         cluster was closed before
      2  the run has stalled
      3  the dashboard can't be reached, does not let you in, or does not have the cluster
      4  the time given by --timeout is over
      64 the command line or the configuration makes no sense

    \b
    Example:
      flask-dispy wait --timeout 10h || mail -s "The run: $?" ann@example.org < /dev/null
    """
    try:
        summary, code = _wait(dashboard, output, cluster, timeout_sec)
    except ClientError as error:
        raise failure(error, EXIT_UNREACHABLE) from error
    if output.as_json:
        output.object(summary)
    else:
        output.show(closing(summary, code))
    raise click.exceptions.Exit(code)


def _wait(
    dashboard: Dashboard, output: Output, cluster: str, timeout_sec: float | None
) -> tuple[Summary, int]:
    """Return the last summary, and the exit code."""
    with connected(Client, dashboard) as client:
        summary = client.cluster(cluster)
        with _progress(output.notes) as show:
            show(summary)
            try:
                summary = client.wait(
                    ("done", "stalled"), cluster, timeout_sec=timeout_sec, show=show
                )
            except WaitTimeout as late:
                return late.summary or summary, EXIT_TIMEOUT
    return summary, verdict(summary)


def verdict(summary: Summary) -> int:
    """Return the exit code for a cluster that is waited for no longer."""
    jobs = summary["jobs"]
    if summary["outlook"]["state"] == "stalled":
        return EXIT_STALLED
    return EXIT_DONE if jobs["finished"] == jobs["submitted"] else EXIT_FAILED


def closing(summary: Summary, code: int) -> Text:
    """Return the last line: what came of it."""
    if code == EXIT_TIMEOUT:
        return Text(f"Time is up: {quantity(summary['jobs']['pending'], 'job')} pending.")
    if summary["outlook"]["state"] == "done":
        return line(summary["outlook"]["message"])
    told = outlook_line(summary, Clock(summary["now"]))
    if code == EXIT_STALLED:
        over_sec = int(summary["outlook"]["stuck"]["over_sec"] or 0)
        told.append(f"\nThe jobs: flask-dispy jobs state:running slower:{over_sec}s")
    return told


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Summary], None]]:
    """Yield what shows how far the run is: a bar, or without a terminal a line now and then."""
    if _is_live(console):
        with live_rows(console, transient=True) as show:
            yield show
        return
    state, at = "", 0.0

    def write(summary: Summary) -> None:
        nonlocal state, at
        now = time.monotonic()
        if summary["outlook"]["state"] != state or now - at >= _LINE_SEC:
            state, at = summary["outlook"]["state"], now
            clock = Clock(summary["now"])
            start = Text(f"{clock.text(summary['now'])}  {done_count(summary['jobs'])} done. ")
            console.print(start.append_text(outlook_line(summary, clock)), soft_wrap=True)

    yield write


def _is_live(console: Console) -> bool:
    return console.is_terminal and not console.is_dumb_terminal
