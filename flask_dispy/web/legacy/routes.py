"""The HTTP protocol of dispy.httpd 4.15.2, for scripts and pages that were written for it.

Where it was wrong - success pretended, no answer at all - the answer is now an error in our own
shape. Everything else is as those clients know it, for any number of them at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any, Final

from flask import Response, request
from werkzeug.datastructures import MultiDict

from ...core.errors import BadRequest, NoCommands, UnknownNode
from ...core.settings import LONGEST_POLL_SEC
from ...engine.commands.outcomes import NodeAction, Outcome
from ...watching.views import NodeChanges
from ...wire.nodes import NODE_FIELDS
from ...wire.packing import Piece, Sendable
from ...wire.shapes.nodes import NodeRow
from ..api.control import CPUS, HOST, MOST_FILTERED, PORT, all_timed_out, refuse_if_all_failed
from ..api.read import hidden_fields, settings, visible
from ..context import Web, browser_of, target
from ..http.answers import encode, json_answer, json_bytes_answer
from ..http.errors import HttpError, invalid
from ..http.validation import read_form
from ..http.values import LONGEST_TEXT, Number, Text, Value, Words, whole_number
from .cursor import LegacyCursor

__all__ = [
    "add_node",
    "cancel_jobs",
    "cluster_status",
    "cluster_updates",
    "node_action",
    "node_info",
    "nodes",
    "set_cpus",
    "update",
]

_TEXT: Final = Text()
_UIDS: Final = Words(known=(), most=MOST_FILTERED)
_NODE_FIELDS: Final = tuple(field.name for field in NODE_FIELDS if field.dispys)


def cluster_status(web: Web) -> Response:
    """Answer with every cluster and all its nodes."""
    return _clusters_answer(web, LegacyCursor.read().restarted())


def cluster_updates(web: Web) -> Response:
    """Answer with every cluster and the nodes that changed since this reader last asked."""
    return _clusters_answer(web, LegacyCursor.read())


def nodes(web: Web) -> Response:
    """Answer with every cluster's nodes."""
    found = [(view.name, view.node_changes()) for view in web.registry.views()]
    return json_bytes_answer(_listed(found, lambda name, _: b'{"name":%b' % encode(name)))


def node_info(web: Web) -> Response:
    """Answer with a node, summed over the clusters, and the jobs that run on it."""
    host = _value(read_form(), "host").strip()
    if not host:
        raise HttpError(400, "bad_request", "host is missing.", field="host")
    row = _row_of(web, host)
    hidden = hidden_fields(web)
    running = {
        view.name: [_job(visible(job, hidden)) for job in view.running_jobs(row["ip_addr"])]
        for view in web.registry.views()
    }
    return json_answer({"node": _node(row), "cluster_jobs": running})


def cancel_jobs(web: Web) -> Response:
    """Cancel the jobs given as ``uid``; answer with those that were cancelled."""
    uids = [_whole_number("uid", text) for text in _value(read_form(), "uid", _UIDS)]
    outcomes = web.registry.control.cancel(list(dict.fromkeys(uids)), by=web.guard.user())
    if all_timed_out(outcomes):
        refuse_if_all_failed(outcomes)
    return json_answer([outcome.serial for outcome in outcomes if outcome.ok])


def add_node(web: Web) -> Response:
    """Offer a node to a cluster, or to all; answer with the request."""
    form = read_form()
    host = _value(form, "host", HOST).strip()
    if not host:
        raise HttpError(400, "bad_request", "host is missing.", field="host")
    name, port, cpus = (_value(form, name).strip() for name in ("cluster", "port", "cpus"))
    # "undefined" and "null" are what dispy's page sends for what it does not have.
    view = web.view("" if name in ("null", "undefined") else name)
    number, count = PORT.from_text("port", port), CPUS.from_text("cpus", cpus) or 0
    refuse_if_all_failed(
        web.registry.control.allocate(target(view), host, number, count, by=web.guard.user())
    )
    return json_answer(
        {
            "host": host,
            "port": port or None,
            "cpus": count,
            "cluster": name or None,
            "id": _value(form, "id") or None,
        }
    )


def node_action(action: NodeAction, web: Web) -> Response:
    """Allocate, deallocate or close nodes; answer with 0, or -1 if one of them failed."""
    form = read_form()
    view = web.view(_value(form, "cluster"))
    hosts = _host_list(form)
    control = web.registry.control
    outcomes: list[Outcome] = []
    known = view.addresses(hosts)
    for host in hosts:
        if host not in known:
            view.node(host)  # raises what says so
    for ip_addr in known.values():
        found = control.node_action(target(view), action, ip_addr, by=web.guard.user())
        outcomes += found
        if all_timed_out(found):
            break  # the next node would take as long, and come to no other end
    if all_timed_out(outcomes):
        refuse_if_all_failed(outcomes)
    return json_answer(0 if outcomes and all(outcome.ok for outcome in outcomes) else -1)


def set_cpus(web: Web) -> Response:
    """Set the CPUs of the nodes given as ``IP=N``; answer with the CPUs that each now has."""
    form = read_form()
    wanted = {host: _whole_number(host, _value(form, host)) for host in form}
    control, by = web.registry.control, web.guard.user()
    answers = {}
    given_up = False
    for host, ip_addr in web.view("*").addresses(wanted).items():
        outcomes = [] if given_up else control.set_cpus("*", ip_addr, wanted[host], by=by)
        given_up = given_up or all_timed_out(outcomes)
        used = [outcome.cpus for outcome in outcomes if outcome.ok and outcome.cpus is not None]
        answers[host] = used[0] if used else -1
    return json_answer(answers)


def update(web: Web) -> Response:
    """Change the update interval and whether arguments are shown; answer with both."""
    form = read_form()
    interval = _value(form, "timeout", Number())
    if interval is not None and interval > LONGEST_POLL_SEC:
        raise invalid("timeout", f"timeout must be at most {LONGEST_POLL_SEC:g} seconds.")
    show = _value(form, "show_job_args").strip().lower()
    if show not in ("", "true", "false"):
        raise invalid("show_job_args", "show_job_args must be true or false.")
    web.board.command_settings(
        poll_sec=interval,
        show_job_args=show == "true" if show else None,
        by=web.guard.user(),
    )
    return settings(web)


def _clusters_answer(web: Web, cursor: LegacyCursor) -> Response:
    views = web.registry.views()
    is_long = any(view.is_long_since(cursor.since(i)) for i, view in enumerate(views))
    with web.turn() if is_long else nullcontext():
        found = [(view.name, view.node_changes(cursor.since(i))) for i, view in enumerate(views)]
        answer = json_bytes_answer(_listed(found, _head))
    cursor.store(answer, [part.cursor for _, part in found], web.registry.poll_sec)
    if found:
        # The first was read first, so what it reaches, all do.
        again = bool(cursor.since(0))
        web.audience.asked(browser_of(request), found[0][1].version, again=again)
    return answer


def _head(name: str, found: NodeChanges) -> bytes:
    counts = {key: found.jobs[key] for key in ("submitted", "done", "pending")}
    return b'{"name":%b,"jobs":%b' % (encode(name), encode(counts))


def _listed(
    clusters: Sequence[tuple[str, NodeChanges]], head: Callable[[str, NodeChanges], bytes]
) -> Sendable:
    """Return a list of clusters as JSON, each begun by *head* and ended by its nodes."""
    parts: list[bytes | Piece] = [b"["]
    for number, (name, found) in enumerate(clusters):
        parts += (b"," * (number > 0) + head(name, found) + b',"nodes":[', *found.rows, b"]}")
    return Sendable(*parts, b"]")


def _row_of(web: Web, host: str) -> NodeRow:
    """Return the node's row. Like dispy.httpd, it takes any name that stands for its address."""
    combined = web.view("*")
    try:
        return combined.node(host)
    except UnknownNode:
        with suppress(BadRequest, NoCommands, UnknownNode):
            return combined.node(web.registry.control.resolve(host))
        raise


def _node(row: Mapping[str, Any]) -> dict[str, Any]:
    node = {field: row[field] for field in _NODE_FIELDS}
    if node["avail_info"] is not None:
        # Sizes in bytes are whole numbers in dispy's answers.
        sizes = {key: int(node["avail_info"][key]) for key in ("memory", "disk")}
        node["avail_info"] = {**node["avail_info"], **sizes}
    return node


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    started_at = row["started_at"] or row["submitted_at"]
    return {
        "uid": row["serial"],
        "job_id": row["id"],
        "args": row["args"] or "",
        "kwargs": row["kwargs"] or "",
        "start_time_ms": int(1000 * started_at),
        "cluster": row["cluster"],
    }


def _host_list(form: MultiDict[str, str]) -> list[str]:
    text = _value(form, "nodes", Text(longest=LONGEST_TEXT * 64))
    try:
        hosts = json.loads(text)
    except (ValueError, RecursionError):
        hosts = None
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise invalid("nodes", "nodes must be a JSON list of addresses.")
    if not hosts:
        raise invalid("nodes", "nodes is empty: list the addresses.")
    return list(dict.fromkeys(hosts))


def _value(form: MultiDict[str, str], name: str, declared: Value = _TEXT) -> Any:
    """Return a field of *form*."""
    return declared.from_texts(name[:100], form.getlist(name))


def _whole_number(field: str, text: str) -> int:
    value = whole_number(text)
    if value is None:
        raise invalid(field[:100], f"{field[:100]} must be a whole number.")
    return value
