"""The JSON API's commands, each with an outcome for every job or node it was asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from flask import Response

from ...core.addresses import MOST_PORT
from ...core.errors import UnknownJob, UnknownOffer
from ...core.search.order import Place
from ...core.search.query import JobQuery
from ...engine.commands.outcomes import MOST_CPUS, NodeAction, Outcome
from ...watching.views import View
from ...wire.answers import Cancelled, Matched, Outcomes
from ..context import Web, target
from ..http.answers import json_answer
from ..http.errors import HttpError, invalid, status_of
from ..http.values import Integer, Text, whole_number
from .read import settings

__all__ = [
    "CPUS",
    "HOST",
    "MOST_FILTERED",
    "MOST_SERIALS",
    "PORT",
    "Part",
    "add_node",
    "all_timed_out",
    "ask_again",
    "cancel_jobs",
    "change_node",
    "change_settings",
    "count_jobs",
    "narrowed",
    "node_action",
    "outcomes_answer",
    "part_of",
    "refuse_if_all_failed",
    "withdraw",
]

MOST_FILTERED: Final = 10_000
"""Jobs that a filter cancels at a time."""

MOST_SERIALS: Final = 1_000
"""Jobs that a list cancels at a time."""

HOST: Final = Text(longest=255, shortest=1, required=True)
PORT: Final = Integer(least=1, most=MOST_PORT, nullable=True)
CPUS: Final = Integer(least=-MOST_CPUS, most=MOST_CPUS)

_CANCELLABLE: Final[frozenset[str]] = frozenset(("queued", "running"))


def cancel_jobs(
    web: Web,
    name: str,
    *,
    serials: list[int] | None,
    filter: dict[str, Any] | None,
    dry_run: bool,
    limit: int | None,
    before: int | None,
) -> Response:
    """Cancel the jobs listed, or all that match a filter; or say how many that would be."""
    view = web.view(name)
    query = None if filter is None else web.job_query(**filter)
    if dry_run:
        return json_answer(_would_cancel(web, view, serials or [], query))
    part = part_of(web, view, serials, query, _CANCELLABLE, limit, before, most=MOST_FILTERED)
    outcomes = web.registry.control.cancel(part.serials, target(view), by=web.guard.user())
    if all_timed_out(outcomes):
        refuse_if_all_failed(outcomes)
    done = sum(outcome.ok for outcome in outcomes)
    return json_answer(
        Cancelled(
            matched=part.matched,
            outcomes=[outcome.as_dict() for outcome in outcomes],
            cancelled=done,
            failed=len(outcomes) - done,
            next_before=part.next_before,
        )
    )


def _would_cancel(web: Web, view: View, serials: list[int], query: JobQuery | None) -> Matched:
    if query is None:
        able = sum(_is_cancellable(view, serial) for serial in serials)
        return Matched(matched=len(serials), cancellable=able)
    able = count_jobs(web, view, narrowed(query, _CANCELLABLE))
    return Matched(matched=count_jobs(web, view, query), cancellable=able)


def _is_cancellable(view: View, serial: int) -> bool:
    try:
        return view.job(serial)["state"] in _CANCELLABLE
    except UnknownJob:
        return False


def add_node(web: Web, name: str, *, host: str, port: int | None, cpus: int) -> Response:
    """Offer a node to a cluster, or to all."""
    control, by = web.registry.control, web.guard.user()
    cluster = target(web.view(name))
    return outcomes_answer(control.allocate(cluster, host.strip(), port, cpus, by=by))


def ask_again(web: Web, name: str, number: str) -> Response:
    """Ask a node anew that was asked to join and has not."""
    control, by = web.registry.control, web.guard.user()
    return outcomes_answer(control.ask_again(target(web.view(name)), _offer(number), by=by))


def withdraw(web: Web, name: str, number: str) -> Response:
    """Take back the offer of a node that has not joined."""
    control, by = web.registry.control, web.guard.user()
    return outcomes_answer(control.withdraw(target(web.view(name)), _offer(number), by=by))


def _offer(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise UnknownOffer(f"{text[:40]!r} is no offer's number.")
    return number


def change_node(web: Web, name: str, host: str, *, cpus: int) -> Response:
    """Set the CPUs that a cluster uses of a node; negative: that many are left unused."""
    control, by = web.registry.control, web.guard.user()
    return outcomes_answer(control.set_cpus(target(web.view(name)), host, cpus, by=by))


def node_action(action: NodeAction, web: Web, name: str, host: str) -> Response:
    """Allocate, deallocate or close a node."""
    control, by = web.registry.control, web.guard.user()
    return outcomes_answer(control.node_action(target(web.view(name)), action, host, by=by))


def change_settings(web: Web, *, poll_sec: float | None, show_job_args: bool | None) -> Response:
    """Change the settings that are given; answer with all."""
    by = web.guard.user()
    web.board.command_settings(poll_sec=poll_sec, show_job_args=show_job_args, by=by)
    return settings(web)


def refuse_if_all_failed(outcomes: Sequence[Outcome]) -> None:
    """Refuse a command of which no outcome is good, so that scripts notice.

    :raises HttpError: the first outcome's error, with all of them.
    """
    if not outcomes or any(outcome.ok for outcome in outcomes):
        return
    first = outcomes[0]
    raise HttpError(
        status_of(first.code),
        first.code,
        first.message,
        extra={"outcomes": [outcome.as_dict() for outcome in outcomes], "ok": False},
    )


def all_timed_out(outcomes: Sequence[Outcome]) -> bool:
    """Whether dispy answered none of the calls in time."""
    return bool(outcomes) and all(outcome.code == "timeout" for outcome in outcomes)


def outcomes_answer(outcomes: Sequence[Outcome]) -> Response:
    """Answer with the outcomes: as an error if none is good."""
    refuse_if_all_failed(outcomes)
    rows = [outcome.as_dict() for outcome in outcomes]
    return json_answer(Outcomes(outcomes=rows, ok=all(outcome.ok for outcome in outcomes)))


def narrowed(query: JobQuery, states: frozenset[str]) -> JobQuery | None:
    """Return the search for those jobs that are in one of *states*; ``None`` if none can be."""
    wanted = (query.states or states) & states
    return replace(query, states=wanted) if wanted else None


def count_jobs(web: Web, view: View, query: JobQuery | None) -> int:
    """Return how many jobs a search finds; none, if it can find none."""
    if query is None:
        return 0
    with web.turn():
        return view.jobs(query, limit=1, private=web.hides_arguments()).total


class Part(NamedTuple):
    """What a command is for: jobs' serial numbers, how many match in all, where to go on."""

    serials: list[int]
    matched: int
    next_before: int | None


def part_of(
    web: Web,
    view: View,
    serials: list[int] | None,
    query: JobQuery | None,
    states: frozenset[str],
    limit: int | None,
    before: int | None,
    *,
    most: int,
) -> Part:
    """Return the jobs that a command is for: those listed, or the next of a search.

    :param states: of the jobs that it is for.
    :param most: jobs at a time.
    :raises HttpError: there are more than *most*, and no *limit* is given.
    """
    if query is None:
        serials = serials or []
        return Part(serials, len(serials), None)
    matched, narrow = count_jobs(web, view, query), narrowed(query, states)
    if narrow is None:
        return Part([], matched, None)
    after = None if before is None else Place.before(before)
    with web.turn():
        private = web.hides_arguments()
        page = view.jobs(narrow, limit=limit or most, after=after, private=private)
    if limit is None and page.end is not None:
        raise invalid(
            "filter",
            f"The command is for {page.total} of the filter's jobs; "
            f"{most} are the most at once. Give a limit to go on in parts.",
        )
    next_before = None if page.end is None else page.end.serial
    return Part([item["serial"] for item in page.items], matched, next_before)
