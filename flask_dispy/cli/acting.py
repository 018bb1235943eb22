"""The commands that change something: cancel jobs, and manage nodes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from ..client import Client, ClientError, NotFound
from ..core.phrases import quantity
from ..terminal.cells import line, plain
from .group import EXIT_FAILED, Failure, asks, cli, of_cluster, searching
from .output import Output

__all__ = ["CANCELLED_AT_ONCE", "RERUN_AT_ONCE"]

CANCELLED_AT_ONCE: Final = 1_000
"""Jobs that one request cancels."""

RERUN_AT_ONCE: Final = 100
"""Jobs that one request runs again: few, because their program's function may be slow."""

_yes = click.option("--yes", is_flag=True, help="Do it, without asking.")


@searching
@of_cluster
@click.option("--all", "everything", is_flag=True, help="All jobs that have not ended.")
@_yes
@asks
def cancel(
    client: Client, output: Output, query: str, cluster: str, everything: bool, yes: bool
) -> None:
    """Cancel the jobs that a search finds, or those with the given serial numbers.

    Says first how many that would be, and asks. Without a terminal to ask in, nothing is cancelled
    unless there is --yes. Running jobs are terminated.

    \b
    Examples:
      flask-dispy cancel 41 42
      flask-dispy cancel state:running slower:1h --yes
    """
    which = _which(query, everything)
    if not yes:
        would = client.cancel_dry_run(cluster=cluster, **which)
        question = f"Cancel {quantity(would['cancellable'], 'job')}?"
        if not _agreed(output, would, question, nothing=not would["cancellable"]):
            return
    outcomes = _in_parts(client.cancel, output, cluster, which, CANCELLED_AT_ONCE)
    _sum_up(output, outcomes, "cancelled", unharmed="already_ended")


def _which(query: str, everything: bool) -> dict[str, Any]:
    """Return which jobs a command is for."""
    if bool(query) == everything:
        raise click.UsageError("Give serial numbers, a search, or --all.")
    words = query.split()
    serials = [int(word) for word in words if word.isdecimal()]
    if serials and len(serials) < len(words):
        raise click.UsageError("Give serial numbers or a search, not both; a number that is a "
                               "word of a search goes into quotes: '\"42\"'.")  # fmt: skip
    return {"serials": serials} if serials else {"q": query}


def _in_parts(
    command: Callable[..., Any], output: Output, cluster: str, which: dict[str, Any], at_once: int
) -> list[Any]:
    """Give a command for jobs, some at a time; return and write their outcomes."""
    outcomes: list[Any] = []
    more: dict[str, Any] = {} if "serials" in which else {"limit": at_once}
    before = None
    while True:
        done = command(cluster=cluster, before=before, **which, **more)
        outcomes += done["outcomes"]
        if output.as_json:
            for outcome in done["outcomes"]:
                output.object(outcome)
        before = done["next_before"]
        if before is None:
            return outcomes


def _sum_up(output: Output, outcomes: list[Any], done: str, *, unharmed: str = "") -> None:
    """Show what became of jobs.

    :param done: what happened to them: "cancelled".
    :param unharmed: the code of an outcome that is neither good nor bad.
    :raises Failure: a command failed for one of them.
    """
    good = sum(outcome["ok"] for outcome in outcomes)
    failed = [one for one in outcomes if not one["ok"] and one["code"] != unharmed]
    if not output.as_json:
        output.show(f"{quantity(good, 'job')} {done}.")
        for outcome in failed[:20]:
            output.show(line(f"#{outcome.get('serial')}: {outcome['message']}"))
    if failed:
        raise Failure(f"{quantity(len(failed), 'job')} could not be {done}.", EXIT_FAILED)


@searching
@of_cluster
@click.option("--all", "everything", is_flag=True, help="All jobs that ended without finishing.")
@_yes
@asks
def rerun(
    client: Client, output: Output, query: str, cluster: str, everything: bool, yes: bool
) -> None:
    """Run the jobs again that a search finds, or those with the given serial numbers.

    That takes a program that says how; only jobs that ended without finishing are run again. Says
    first how many that would be, and asks. Without a terminal to ask in, nothing is run again
    unless there is --yes.

    \b
    Examples:
      flask-dispy rerun 41 42
      flask-dispy rerun state:failed -is:rerun --yes
    """
    which = _which(query, everything)
    if not yes:
        would = client.rerun_dry_run(cluster=cluster, **which)
        if not output.as_json:
            for refusal in would["refused"]:
                jobs = quantity(refusal["jobs"], "job")
                output.show(line(f"{jobs} refused: {refusal['message']}"))
            if would["again"]:
                output.show(f"{quantity(would['again'], 'job')} of them ran again before.")
        question = f"Run {quantity(would['rerunnable'], 'job')} again?"
        if not _agreed(output, would, question, nothing=not would["rerunnable"]):
            return
    outcomes = _in_parts(client.rerun, output, cluster, which, RERUN_AT_ONCE)
    _sum_up(output, outcomes, "run again")


def _agreed(
    output: Output, would: Mapping[str, object], question: str, *, nothing: bool = False
) -> bool:
    """Show what a command would do, and return whether to do it.

    :param nothing: that is nothing.
    """
    if output.as_json:
        output.object({**would, "dry_run": True})
        return False
    if nothing:
        output.show("There is nothing to do.")
        return False
    if not sys.stdin.isatty():
        output.show(f"{question} Nothing was done: add --yes.")
        return False
    return click.confirm(question)


def _node_command(
    name: str, purpose: str, call: Callable[[Client, str, str], Any], *, asks_first: bool
) -> None:
    """Define a command that has a node do something."""

    @click.argument("host")
    @of_cluster
    @asks
    def command(client: Client, output: Output, host: str, cluster: str, yes: bool = True) -> None:
        question = f"{name.capitalize()} {plain(host)}?"
        if yes or _agreed(output, {"command": name, "host": host}, question):
            _show_outcomes(output, lambda: call(client, host, cluster))

    cli.command(name, help=purpose)(_yes(command) if asks_first else command)


def _allocate(client: Client, host: str, cluster: str) -> Any:
    try:
        return client.allocate(host, cluster)
    except NotFound as error:
        if error.code != "unknown_node":
            raise
        return client.add_node(host, cluster)


_node_command(
    "allocate",
    "Ask a node to join: one that was deallocated, or a new one.",
    _allocate,
    asks_first=False,
)
_node_command(
    "deallocate",
    "Let a node leave the cluster; its running jobs end as usual.",
    lambda client, host, cluster: client.deallocate(host, cluster),
    asks_first=True,
)
_node_command(
    "close",
    "Close a node: no further jobs go there; its running jobs end as usual.",
    lambda client, host, cluster: client.close_node(host, cluster),
    asks_first=True,
)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("host")
@click.argument("number", type=int)
@of_cluster
@asks
def cpus(client: Client, output: Output, host: str, number: int, cluster: str) -> None:
    """Set how many CPUs of a node are used; with a minus, how many are left unused.

    \b
    Examples:
      flask-dispy cpus alpha 4
      flask-dispy cpus alpha -1
    """
    _show_outcomes(output, lambda: client.set_cpus(host, number, cluster))


def _show_outcomes(output: Output, command: Callable[[], Any]) -> None:
    """Give a command, and show what became of it in each cluster.

    :raises Failure: it failed in one of them.
    """
    try:
        outcomes = command()["outcomes"]
    except ClientError as error:
        if not error.outcomes:
            raise
        outcomes = error.outcomes
    for outcome in outcomes:
        if output.as_json:
            output.object(outcome)
        else:
            output.show(line(f"{outcome['cluster']}: {outcome['message']}"))
    failed = [outcome for outcome in outcomes if not outcome["ok"]]
    if failed:
        raise Failure(f"failed in {quantity(len(failed), 'cluster')}.", EXIT_FAILED)
