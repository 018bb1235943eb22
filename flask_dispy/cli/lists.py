"""The commands that read: clusters, nodes, jobs, errors, events and runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import click

from ..client import Client
from ..core.jobs import JOB_WORDS
from ..core.journal import ENTRY_KINDS
from ..core.nodes import NODE_STATES
from ..core.search.order import JOB_SORTS
from ..core.search.runs import RUN_SORTS
from ..wire.errorkinds import ERROR_ORDERS
from ..wire.wording import Clock
from .details import job_details
from .group import asks, cli, of_cluster, searching
from .output import Output
from .tables import CLUSTERS, ERRORS, NODES, event_columns, job_columns, run_columns

__all__: list[str] = []

_LATEST: Final = 20


_limited = click.option(
    "--limit", type=click.IntRange(1), metavar="N",
    help="The most rows; a table has 100 otherwise, --json all.",
)  # fmt: skip


def _ordered(
    *sorts: str, order: str, free: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that order its list.

    :param free: whether custom columns can be sorted by as well.
    """
    kind: Any = str if free else click.Choice(sorts)
    help_ = f"What to sort by: {', '.join(sorts)}{', or a custom column' if free else ''}."

    def options(function: Callable[..., None]) -> Callable[..., None]:
        function = click.option(
            "--order",
            type=click.Choice(["asc", "desc"]),
            default=order,
            show_default=True,
            help="Smallest or largest first.",
        )(function)
        return click.option(
            "--sort", type=kind, default=sorts[0], metavar="COLUMN", help=help_, show_default=True
        )(function)

    return options


@cli.command()
@asks
def clusters(client: Client, output: Output) -> None:
    """List the clusters, and what will come of each."""
    output.rows(CLUSTERS, client.clusters(), "clusters")


@searching
@of_cluster
@click.option("--state", multiple=True, type=click.Choice(NODE_STATES), help="Only these.")
@_ordered("ip_addr", "name", "busy", "jobs_done", "failed_share", "times_others", order="asc",
          free=True)  # fmt: skip
@_limited
@asks
def nodes(
    client: Client, output: Output, query: str, cluster: str, limit: int | None, **how: Any
) -> None:
    """List nodes.

    \b
    Examples:
      flask-dispy nodes state:lost
      flask-dispy nodes is:slow --sort times_others --order desc
    """
    found = client.nodes(cluster, q=query, limit=output.most(limit), **how)
    output.rows(NODES, found, "nodes")


@searching
@of_cluster
@click.option("--state", multiple=True, type=click.Choice(JOB_WORDS), help="Only these.")
@_ordered(*JOB_SORTS, order="desc", free=True)
@_limited
@asks
def jobs(
    client: Client, output: Output, query: str, cluster: str, limit: int | None, **how: Any
) -> None:
    """List the jobs that a search finds, or all.

    The search is that of the page Jobs: state:, node:, error:, slower:, since:, -word, OR ...

    \b
    Examples:
      flask-dispy jobs state:failed since:1h
      flask-dispy jobs 'state:running slower:10m' --sort ran
      flask-dispy jobs state:failed -node:alpha --json | jq .serial
    """
    columns = job_columns(Clock(time.time()), combined=cluster == "*")
    found = client.jobs(cluster, q=query, limit=output.most(limit), **how)
    output.rows(columns, found, "jobs")


@cli.command()
@click.argument("serial", type=click.IntRange(1))
@of_cluster
@asks
def job(client: Client, output: Output, serial: int, cluster: str) -> None:
    """Show a job with its output, result and traceback."""
    detail = client.job(serial, cluster)
    if output.as_json:
        output.object(detail)
    else:
        output.show(job_details(detail, Clock(time.time())))


@cli.command()
@of_cluster
@_ordered(*ERROR_ORDERS, order="desc")
@_limited
@asks
def errors(
    client: Client, output: Output, cluster: str, limit: int | None, **how: Any
) -> None:  # fmt: skip
    """List the kinds of errors that jobs failed with, the commonest first.

    "flask-dispy jobs error-kind:KIND" lists the jobs of a kind.
    """
    output.rows(ERRORS, client.errors(cluster, limit=output.most(limit), **how), "errors")


@cli.command()
@of_cluster
@click.option("--kind", multiple=True, type=click.Choice(ENTRY_KINDS), metavar="KIND",
              help=f"Only events of these kinds: {', '.join(ENTRY_KINDS)}.")  # fmt: skip
@click.option("--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--limit", type=click.IntRange(1), default=_LATEST, show_default=True, metavar="N",
              help="How many of the latest events to begin with.")  # fmt: skip
@asks
def events(
    client: Client, output: Output, cluster: str, kind: Any, follow: bool, limit: int
) -> None:
    """List what happened, the latest last.

    \b
    Example:
      flask-dispy events --follow --kind node_lost --kind stalled --json
    """
    pages = list(client.events(cluster, kind=kind, limit=limit).pages())
    latest = [row for page in pages for row in page["items"]][::-1]
    columns = event_columns(Clock(time.time()))
    if output.as_json:
        for row in latest:
            output.object(row)
    elif latest:
        output.show_table(columns, latest)
    elif not follow:
        output.note("No events.")
    if not follow:
        return
    for row in client.follow_events(cluster, kind=kind, after=pages[0]["latest"]):
        if output.as_json:
            output.object(row)
        else:
            output.show_table(columns, [row], headings=False)


@searching
@_ordered(*RUN_SORTS, order="desc")
@_limited
@asks
def runs(client: Client, output: Output, query: str, limit: int | None, **how: Any) -> None:
    """List the runs of the dashboard's history.

    \b
    Example:
      flask-dispy runs tag:night --sort duration_sec
    """
    found = client.runs(q=query, limit=output.most(limit), **how)
    output.rows(run_columns(Clock(time.time())), found, "runs")
