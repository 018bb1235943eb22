"""The JSON API's commands, each with an outcome for every job or node it was asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flask import Response

from ...core.errors import UnknownJob, UnknownOffer
from ...core.search.query import MAX_QUERY_LENGTH
from ..context import target
from ..http.answers import json_answer
from ..http.errors import HttpError, invalid, status_of
from ..http.validation import Fields, read_empty_body, read_json, read_parameters, whole_number
from .read import LARGEST, parse_query, settings

if TYPE_CHECKING:
    from ...engine.commands.control import NodeAction, Outcome
    from ...watching.views import View
    from ..context import Web

__all__ = [
    "MOST_CPUS",
    "MOST_SECONDS",
    "add_node",
    "all_failed",
    "ask_again",
    "cancel_jobs",
    "change_node",
    "change_settings",
    "node_action",
    "outcomes_answer",
    "withdraw",
]

MOST_SERIALS: Final = 1_000
MOST_FILTERED: Final = 10_000
MOST_CPUS: Final = 65_536
MOST_SECONDS: Final = 86_400
_CANCELLABLE: Final[frozenset[str]] = frozenset(("queued", "running"))


def cancel_jobs(web: Web, name: str) -> Response:
    """Cancel the jobs listed, or all that match a filter; or tell how many that would be."""
    read_parameters()
    body = read_json("serials", "filter", "dry_run", "limit", "before")
    view = web.view(name)
    dry_run = "dry_run" in body and body.boolean("dry_run")
    if ("serials" in body) == ("filter" in body):
        raise invalid("serials", "Give either serials or a filter.")
    if "serials" in body:
        for name in ("limit", "before"):
            if name in body:
                raise invalid(name, f"{name} goes with a filter.")
        serials = body.integers("serials", most=MOST_SERIALS)
        if not serials:
            raise invalid("serials", "serials is empty: list the jobs to cancel.")
        if dry_run:
            return _dry(len(serials), sum(_is_cancellable(view, serial) for serial in serials))
        return _cancel(web, view, serials, matched=len(serials))
    criteria = body.mapping("filter", ("q", "state", "node"))
    limit = body.integer("limit", least=1, most=MOST_FILTERED) if body.given("limit") else None
    before = body.integer("before", least=1, most=LARGEST) if body.given("before") else None
    return _cancel_matching(web, view, criteria, dry_run, limit, before)


def add_node(web: Web, name: str) -> Response:
    """Offer a node to a cluster, or to all."""
    read_parameters()
    body = read_json("host", "port", "cpus")
    host = body.text("host", longest=255).strip()
    if not host:
        raise invalid("host", "host is empty: give a name, an address, or an address with *.")
    port = body.integer("port", least=1, most=65_535) if body.given("port") else None
    cpus = body.integer("cpus", least=-MOST_CPUS, most=MOST_CPUS) if body.given("cpus") else 0
    view = web.view(name)
    by = web.guard.user()
    return outcomes_answer(web.registry.control.allocate(target(view), host, port, cpus, by=by))


def ask_again(web: Web, name: str, number: str) -> Response:
    """Ask a node anew that was asked to join and has not."""
    read_parameters()
    read_empty_body()
    control, by = web.registry.control, web.guard.user()
    return outcomes_answer(control.ask_again(target(web.view(name)), _offer(number), by=by))


def withdraw(web: Web, name: str, number: str) -> Response:
    """Take back the offer of a node that has not joined."""
    read_parameters()
    read_empty_body()
    control = web.registry.control
    return outcomes_answer(control.withdraw(target(web.view(name)), _offer(number)))


def _offer(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise UnknownOffer(f"{text[:40]!r} is no offer's number.")
    return number


def change_node(web: Web, name: str, host: str) -> Response:
    """Set the CPUs that a cluster uses of a node; negative: that many are left unused."""
    read_parameters()
    cpus = read_json("cpus").integer("cpus", least=-MOST_CPUS, most=MOST_CPUS)
    return outcomes_answer(web.registry.control.set_cpus(target(web.view(name)), host, cpus))


def node_action(action: NodeAction) -> Callable[..., Response]:
    """Return the route's function for allocate, deallocate or close."""

    def answer(web: Web, name: str, host: str) -> Response:
        read_parameters()
        read_empty_body()
        control, by = web.registry.control, web.guard.user()
        return outcomes_answer(control.node_action(target(web.view(name)), action, host, by=by))

    return answer


def change_settings(web: Web) -> Response:
    """Change the settings that are given; answer with all."""
    read_parameters()
    body = read_json("poll_sec", "show_job_args")
    poll_sec = (
        body.number("poll_sec", least=-MOST_SECONDS, most=MOST_SECONDS)
        if "poll_sec" in body
        else None
    )
    show = body.boolean("show_job_args") if "show_job_args" in body else None
    if poll_sec is not None:
        web.registry.poll_sec = poll_sec
    if show is not None:
        web.registry.show_job_args = show
    return settings(web)


def all_failed(outcomes: Sequence[Outcome]) -> HttpError | None:
    """Return the error that tells of *outcomes* of which none is good; else ``None``."""
    if not outcomes or any(outcome.ok for outcome in outcomes):
        return None
    first = outcomes[0]
    return HttpError(
        status_of(first.code),
        first.code,
        first.message,
        extra={"outcomes": [outcome.as_dict() for outcome in outcomes], "ok": False},
    )


def outcomes_answer(outcomes: Sequence[Outcome]) -> Response:
    """Answer with the outcomes: as an error if none is good, so that scripts notice."""
    error = all_failed(outcomes)
    if error is not None:
        raise error
    return json_answer(
        {
            "outcomes": [outcome.as_dict() for outcome in outcomes],
            "ok": all(outcome.ok for outcome in outcomes),
        }
    )


def _cancel_matching(
    web: Web, view: View, criteria: Fields, dry_run: bool, limit: int | None, before: int | None
) -> Response:
    query = parse_query(
        criteria.text("q", longest=MAX_QUERY_LENGTH) if "q" in criteria else "",
        criteria.texts("state", most=20) if "state" in criteria else [],
        criteria.text("node") if "node" in criteria else "",
    )
    with web.turn():
        matched = web.jobs(view, query, limit=1, before=None).total
    wanted = (query.states or _CANCELLABLE) & _CANCELLABLE
    if not wanted:
        return _dry(matched, 0) if dry_run else _cancel(web, view, [], matched=matched)
    query = replace(query, states=wanted)
    with web.turn():
        page = web.jobs(view, query, limit=limit or MOST_FILTERED, before=before)
    if dry_run:
        return _dry(matched, page.total)
    if limit is None and page.next_before is not None:
        raise invalid(
            "filter",
            f"The filter matches {page.total} jobs that can be cancelled; "
            f"{MOST_FILTERED} are the most at once. Give a limit to go on in parts.",
        )
    serials = [item["serial"] for item in page.items]
    return _cancel(web, view, serials, matched=matched, next_before=page.next_before)


def _is_cancellable(view: View, serial: int) -> bool:
    try:
        return view.job(serial)["state"] in _CANCELLABLE
    except UnknownJob:
        return False


def _dry(matched: int, cancellable: int) -> Response:
    return json_answer({"matched": matched, "cancellable": cancellable})


def _cancel(
    web: Web, view: View, serials: list[int], *, matched: int, next_before: int | None = None
) -> Response:
    scope = None if view.combined else view.name
    outcomes = web.registry.control.cancel(serials, scope)
    if outcomes and all(outcome.code == "timeout" for outcome in outcomes):
        error = all_failed(outcomes)
        if error is not None:
            raise error
    done = sum(outcome.ok for outcome in outcomes)
    return json_answer(
        {
            "matched": matched,
            "outcomes": [outcome.as_dict() for outcome in outcomes],
            "cancelled": done,
            "failed": len(outcomes) - done,
            "next_before": next_before,
        }
    )
