"""The commands that fetch files: reports, lists, traces."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from ..client import Client
from ..core.text import clean
from ..terminal.cells import plain
from .group import EXIT_FAILED, Failure, asks, cli, of_cluster, searching
from .output import Output

__all__ = ["LISTS"]

LISTS: Final = ("jobs", "nodes", "clusters", "errors", "events", "offers", "runs")
"""What can be exported as a list."""

_SEARCHED: Final = ("jobs", "nodes", "runs")


_to_file = click.option(
    "-o", "--output", "target", metavar="FILE", default=".",
    help="Where to write it: a file, a folder, or - for standard output. Otherwise it gets the "
    "server's name, in the current folder.",
)  # fmt: skip


@cli.command()
@of_cluster
@_to_file
@asks
def report(client: Client, output: Output, cluster: str, target: str) -> None:
    """Fetch the run's report, one HTML file.

    \b
    Example:
      flask-dispy report -o run.html
    """
    _fetch(client.report(cluster), target, output)


@searching
@of_cluster
@click.option(
    "--list",
    "what",
    type=click.Choice(LISTS),
    default="jobs",
    show_default=True,
    help="Which list.",
)
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values.")
@click.option("--jsonl", "form", flag_value="jsonl", default=True, help="JSON lines (default).")
@click.option("--trace", "form", flag_value="trace", help="What ran where and when, for Perfetto.")
@_to_file
@asks
def export(
    client: Client, output: Output, query: str, cluster: str, what: str, form: str, target: str
) -> None:
    """Fetch a whole list as a file, or all that ran as a trace.

    \b
    Examples:
      flask-dispy export state:failed --csv -o failed.csv
      flask-dispy export --list nodes --jsonl -o - | jq .name
      flask-dispy export --trace
    """
    if query and (form == "trace" or what not in _SEARCHED):
        raise click.UsageError(f"Only {', '.join(_SEARCHED)} can be searched.")
    if form == "trace":
        _fetch(client.trace(cluster), target, output)
        return
    where = () if what in ("clusters", "runs") else (cluster,)
    rows = getattr(client, what)(*where, **({"q": query} if query else {}))
    _fetch(rows.csv() if form == "csv" else rows.jsonl(), target, output)


def _fetch(file: Any, target: str, output: Output) -> None:
    """Write a file of the server's.

    :raises Failure: it can't be written.
    """
    if target == "-":
        if sys.stdout.isatty():
            for line in file.lines():
                sys.stdout.write(f"{clean(line)}\n")
        else:
            for chunk in file:
                sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
        return
    try:
        path: Path = file.save(target)
        size_bytes = path.stat().st_size
    except OSError as error:
        if not error.strerror:  # of the client's own
            raise
        raise Failure(f"{plain(target)}: {error.strerror}", EXIT_FAILED) from error
    if output.as_json:
        output.object({"path": str(path), "size_bytes": size_bytes})
    else:
        output.show(plain(path))
