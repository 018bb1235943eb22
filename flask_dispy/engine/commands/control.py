"""The one door through which commands reach dispy.

dispy's methods answer in numbers that mean different things for each kind of cluster, and some do
not answer. Here each command ends within a time limit, and its answer is an :class:`Outcome` that
says what happened in words.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, TypeVar

from ...core.addresses import MOST_PORT, without_brackets
from ...core.errors import BadRequest, EngineTimeout
from ...core.events import Departure
from ...core.offers import Allocation
from ..clusters import is_closed
from ..offering import withdraw_allocation
from .calls import Calls
from .cancelling import cancel_one
from .outcomes import (
    MOST_CPUS,
    NODE_ACTIONS,
    JobTarget,
    NodeAction,
    Outcome,
    Target,
    Targets,
)
from .schedulers import scheduler_trouble

__all__ = ["Control"]

_T = TypeVar("_T")
_R = TypeVar("_R")


# Cancelling takes dispy about a millisecond a job, more in a long queue; a command for many may
# take this much longer than one for a single job.
_BULK_FACTOR: Final = 3

# Clusters that are asked at a time: a third of the calls that may be under way in all.
_MOST_AT_ONCE: Final = 8

_HOST: Final = re.compile(r"[A-Za-z0-9_.:*%-]{1,253}")


class Control:
    """Commands to dispy. Thread-safe; every call ends within its time limit."""

    def __init__(self, targets: Targets, calls: Calls) -> None:
        self._targets = targets
        self._calls = calls

    # -- jobs --------------------------------------------------------------------------------

    def cancel(self, serials: Sequence[int], cluster: str | None = None) -> list[Outcome]:
        """Cancel queued jobs and terminate running ones; return an outcome for each.

        :param cluster: the cluster that the jobs must belong to; any if ``None`` or ``*``.
        """
        wanted = None
        if cluster is not None:
            wanted = {cluster, *(target.name for target in self._targets.targets(cluster))}
        outcomes: dict[int, Outcome] = {}
        ids: dict[int, str] = {}
        batches: dict[str, list[tuple[int, JobTarget]]] = {}
        retained = self._targets.targets_of_jobs(dict.fromkeys(serials))
        for serial in dict.fromkeys(serials):
            found = retained.get(serial)
            if found is not None:
                ids[serial] = found.id
            if found is None or (wanted is not None and found.target.name not in wanted):
                outcomes[serial] = Outcome(
                    cluster or "*", False, "unknown", "No such job is retained.", serial=serial
                )
            elif found.target.cluster is None:
                outcomes[serial] = Outcome(
                    found.target.name, False, "unsupported",
                    "Its cluster was not added, so it takes no commands.", serial=serial,
                )  # fmt: skip
            elif found.job is None:
                outcomes[serial] = Outcome(
                    found.target.name, False, "already_ended",
                    f"It has ended already: {found.state}.", serial=serial,
                )  # fmt: skip
            else:
                batches.setdefault(found.target.name, []).append((serial, found))
        for done in _in_parallel(self._cancel_batch, list(batches.values())):
            outcomes.update(done)
        return [replace(outcomes[serial], id=ids.get(serial)) for serial in dict.fromkeys(serials)]

    def _cancel_batch(self, batch: list[tuple[int, JobTarget]]) -> dict[int, Outcome]:
        """Cancel jobs of one cluster in one call; what the time limit leaves over says so."""
        target = batch[0][1].target
        done: dict[int, Outcome] = {}
        limit = self._calls.timeout_sec * (_BULK_FACTOR if len(batch) > 1 else 1)
        deadline = time.monotonic() + limit

        def cancel_each() -> None:
            for serial, found in batch:
                if time.monotonic() > deadline:
                    return
                try:
                    done[serial] = cancel_one(found, serial)
                except Exception as error:
                    done[serial] = Outcome(
                        target.name, False, "refused",
                        f"dispy failed to cancel it: {type(error).__name__}.", serial=serial,
                    )  # fmt: skip

        failed = self._guarded(target, f"cancel jobs of {target.name}", cancel_each, limit)
        code, message = failed or ("timeout", "Time ran out before this job's turn came.")
        return {
            serial: done.get(serial) or Outcome(target.name, False, code, message, serial=serial)
            for serial, _ in batch
        }

    # -- nodes -------------------------------------------------------------------------------

    def allocate(
        self,
        cluster: str,
        host: str,
        port: int | None = None,
        cpus: int = 0,
        *,
        by: str | None = None,
    ) -> list[Outcome]:
        """Add a node, or all that match a wildcard, to a cluster, or to all (``*``).

        :param host: a host name, an address, or either with ``*`` in it.
        :param port: where the node listens, if not at dispy's usual port.
        :param cpus: CPUs to use of it; 0 for all. Ignored with a wildcard and where dispyscheduler
            decides, as dispy's documentation says; the outcome then says so.
        :param by: who asks, where there are users.
        :raises BadRequest: a value that makes no sense, or a host that does not resolve.
        :raises UnknownCluster: no cluster of that name is watched.

        A good outcome says that the node is asked; whether it is there shows when it joins.
        """
        host = without_brackets(host.strip())
        if not _HOST.fullmatch(host):
            raise BadRequest(
                f"{host[:80]!r} is no host: give a name or address, which may hold '*'.",
                field="host",
            )
        if port is not None and not 0 < port <= MOST_PORT:
            raise BadRequest(f"{port} is no port: it is from 1 to {MOST_PORT}.", field="port")
        _check_cpus(cpus)
        targets = self._targets.targets(cluster)
        # dispy looks up the name again, for each cluster, and would take the same of its addresses.
        address = host if "*" in host else self.resolve(host)
        request = {"host": address, "port": port, "cpus": cpus}
        if not targets:
            message = "There is no cluster that takes commands: none was added."
            return [Outcome(cluster, False, "unsupported", message)]
        return _in_parallel(lambda target: self._allocate_in(target, host, request, by), targets)

    def resolve(self, host: str) -> str:
        """Return the address that a host's name stands for: as in dispy, IPv4 if it has both.

        :raises BadRequest: it stands for none.
        """

        def look_up() -> str:
            found = socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
            return str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])

        try:
            return self._calls.run(f"resolve {host}", "resolver", look_up)
        except (OSError, ValueError) as error:
            if isinstance(error, EngineTimeout):
                raise
            raise BadRequest(
                f"The host {host!r} does not resolve: check its spelling, or give its address.",
                field="host",
            ) from None

    def _allocate_in(
        self, target: Target, host: str, request: dict[str, Any], by: str | None
    ) -> Outcome:
        ignored = ""
        if request["cpus"] and target.kind != "JobCluster":
            ignored = " CPUs are ignored: dispyscheduler decides how many are used."
        elif request["cpus"] and "*" in host:
            ignored = " CPUs are ignored with a wildcard."
        if ignored:
            request = {**request, "cpus": 0}
        what = f"allocate {host} to {target.name}"
        answer = self._ask(
            target, what, "allocate_node", dict(request),
            # dispy keeps what was asked first, and would leave a new port or CPUs out.
            before=lambda: withdraw_allocation(target.cluster, request["host"], plain=True),
        )  # fmt: skip
        if isinstance(answer, Outcome):
            return answer
        # dispyscheduler's own clusters answer nothing.
        if answer not in (0, None):
            return _refused(target, f"dispy refused to allocate {host} ({answer!r}).")
        offered = Allocation(request["host"], request["port"], request["cpus"])
        self._targets.offered(target.name, host, offered, by)
        message = f"{host} is asked to join {target.name}.{ignored}"
        return Outcome(target.name, True, "asked", message)

    def ask_again(self, cluster: str, number: int, *, by: str | None = None) -> list[Outcome]:
        """Ask a node anew that was asked to join and has not.

        :raises UnknownOffer: no such offer waits.
        """
        target, offer = self._targets.offer(cluster, number)
        request = {"host": offer.ip_addr, "port": offer.port, "cpus": offer.cpus}
        return [self._allocate_in(target, offer.host, request, by)]

    def withdraw(self, cluster: str, number: int) -> list[Outcome]:
        """Take back the offer of a node that has not joined.

        :raises UnknownOffer: no such offer waits.
        """
        target, offer = self._targets.offer(cluster, number)
        taken_back: list[bool] = []
        failed = self._guarded(
            target,
            f"take back the offer of {offer.host} to {target.name}",
            lambda: taken_back.append(withdraw_allocation(target.cluster, offer.ip_addr)),
        )
        if failed:
            return [Outcome(target.name, False, *failed)]
        self._targets.withdrawn(target.name, number)
        message = f"{offer.host} is no longer asked to join {target.name}."
        if not taken_back[0]:
            message += " dispyscheduler still takes it, should it answer."
        return [Outcome(target.name, True, "ok", message)]

    def node_action(
        self, cluster: str, action: NodeAction, host: str, *, by: str | None = None
    ) -> list[Outcome]:
        """Allocate, deallocate or close a known node; return an outcome for each cluster.

        *cluster* ``*`` means every cluster that knows the node.

        :raises UnknownNode: the cluster knows no such node.
        """
        if action not in NODE_ACTIONS:
            raise BadRequest(
                f"{action!r} is no action: it is one of {', '.join(NODE_ACTIONS)}.", field="action"
            )
        ip_addr, targets = self._targets.targets_of_node(cluster, host)
        return _in_parallel(lambda target: self._act_on_node(target, action, ip_addr, by), targets)

    def _act_on_node(
        self, target: Target, action: NodeAction, ip_addr: str, by: str | None
    ) -> Outcome:
        what = f"{action} {ip_addr} for {target.name}"
        argument: Any = ip_addr
        left = self._targets.node_left(target.name, ip_addr)
        if action == "allocate":
            argument = {"host": ip_addr, "port": None, "cpus": 0}
            if left == "closed":
                _forget_closed_node(target, ip_addr)
        answer = self._ask(target, what, f"{action}_node", argument)
        if isinstance(answer, Outcome):
            return _with_node(answer, ip_addr)
        if answer not in (0, None):
            return _refused(target, f"dispy refused to {what} ({answer!r}).", ip_addr)
        # dispy reports none of these, nor that a node that was deallocated is back.
        if action == "allocate" and left == "deallocated":
            self._targets.node_rejoined(target.name, ip_addr)
        elif action == "allocate":
            self._targets.offered(target.name, ip_addr, Allocation(ip_addr, None, 0), by)
        else:
            why: Departure = "closed" if action == "close" else "deallocated"
            self._targets.node_closed(target.name, ip_addr, why)
        code = "asked" if action == "allocate" else "ok"
        return Outcome(target.name, True, code, _DONE[action].format(ip_addr, target.name),
                       ip_addr=ip_addr)  # fmt: skip

    def set_cpus(self, cluster: str, host: str, cpus: int) -> list[Outcome]:
        """Set how many of a node's CPUs are used; a negative number leaves that many unused.

        The outcome's ``cpus`` tells what is used now, which is never more than the node has.
        One pool of CPUs serves all clusters of a client, so the first that accepts decides.

        :raises BadRequest: *cpus* makes no sense.
        :raises UnknownNode: the cluster knows no such node.
        """
        _check_cpus(cpus)
        ip_addr, targets = self._targets.targets_of_node(cluster, host)
        outcomes = []
        for target in targets:
            outcome = self._set_cpus_in(target, ip_addr, cpus)
            if outcome.ok:
                return [outcome]
            outcomes.append(outcome)
        return outcomes

    def _set_cpus_in(self, target: Target, ip_addr: str, cpus: int) -> Outcome:
        what = f"set the CPUs of {ip_addr} for {target.name}"
        answer = self._ask(target, what, "set_node_cpus", ip_addr, cpus)
        if isinstance(answer, Outcome):
            return _with_node(answer, ip_addr)
        if not isinstance(answer, int) or answer < 0:
            hint = (
                "; dispyscheduler allows it only when started with --cooperative"
                if target.kind == "SharedJobCluster"
                else ""
            )
            return _refused(target, f"dispy refused to {what}{hint}.", ip_addr)
        in_use = answer
        if target.kind != "JobCluster":
            in_use = _cpus_in_use(target.cluster, ip_addr, cpus)
        return Outcome(target.name, True, "ok", f"{ip_addr} now uses {in_use} CPUs.",
                       ip_addr=ip_addr, cpus=in_use)  # fmt: skip

    # -- asking dispy ------------------------------------------------------------------------

    def _ask(
        self,
        target: Target,
        what: str,
        method: str,
        *arguments: Any,
        before: Callable[[], Any] | None = None,
    ) -> Any:
        """Return what dispy's method answers, or the Outcome that it cannot be asked.

        :param before: is called first, within the same time limit.
        """
        function = getattr(target.cluster, method, None)
        if function is None:
            return Outcome(
                target.name, False, "unsupported",
                f"A cluster inside dispyscheduler has no {method}; ask its client instead.",
            )  # fmt: skip
        answers: list[Any] = []

        def call() -> None:
            if before is not None:
                before()
            answers.append(function(*arguments))

        failed = self._guarded(target, what, call)
        return Outcome(target.name, False, *failed) if failed else answers[0]

    def _guarded(
        self, target: Target, what: str, call: Callable[[], None], limit: float | None = None
    ) -> tuple[str, str] | None:
        """Run *call*; return the code and message of its failure, ``None`` if it succeeded."""
        if is_closed(target.cluster):
            return ("closed", f"The cluster {target.name} is closed and takes no more commands.")
        try:
            self._calls.run(what, id(target.cluster), call, timeout_sec=limit)
        except EngineTimeout as error:
            return ("timeout", error.message)
        except Exception as error:
            if is_closed(target.cluster):
                return ("closed", f"The cluster {target.name} was closed meanwhile.")
            return ("refused", f"dispy failed to {what}: {type(error).__name__}.")
        return None


def _in_parallel(ask: Callable[[_T], _R], whom: Sequence[_T]) -> list[_R]:
    """Return what *ask* returns of each, several at a time.

    They are of different clusters: one that does not answer must not use up the others' time.
    """
    if len(whom) < 2:
        return [ask(one) for one in whom]
    with ThreadPoolExecutor(min(len(whom), _MOST_AT_ONCE), "flask_dispy-ask") as pool:
        return list(pool.map(ask, whom))


_DONE: Final[dict[NodeAction, str]] = {
    "allocate": "{} is asked to join {}.",
    "deallocate": "{} takes no more jobs of {}.",
    "close": "{} is being closed for {}.",
}


def _forget_closed_node(target: Target, ip_addr: str) -> None:
    """Make a cluster forget a node that was closed for it, so that it is set up again.

    Without this, ``allocate_node`` of dispy 4.15.2 takes the node for one that is still set up,
    and every job sent to it ends cancelled.
    """
    nodes = getattr(target.cluster, "_dispy_nodes", None)
    if isinstance(nodes, dict):
        nodes.pop(ip_addr, None)


def _refused(target: Target, message: str, ip_addr: str | None = None) -> Outcome:
    """Return the outcome of what dispy refused, or could not do for want of its scheduler."""
    if target.kind == "SharedJobCluster":
        message = scheduler_trouble(target.cluster) or message
    return Outcome(target.name, False, "refused", message, ip_addr=ip_addr)


def _cpus_in_use(cluster: Any, ip_addr: str, cpus: int) -> int:
    """Return how many CPUs dispyscheduler uses of a node, which answers 0 for success.

    It takes as many as the node offers, at most, and leaves them if more are to be left unused.
    """
    node = getattr(cluster, "_dispy_nodes", {}).get(ip_addr)
    offered, used = getattr(node, "avail_cpus", None), getattr(node, "cpus", None)
    if not isinstance(offered, int):
        return max(0, cpus)
    if cpus >= 0:
        return min(offered, cpus)
    return offered + cpus if offered + cpus >= 0 or used is None else int(used)


def _with_node(outcome: Outcome, ip_addr: str) -> Outcome:
    return Outcome(outcome.cluster, outcome.ok, outcome.code, outcome.message, ip_addr=ip_addr)


def _check_cpus(cpus: int) -> None:
    if not -MOST_CPUS <= cpus <= MOST_CPUS:
        raise BadRequest(
            f"{cpus} CPUs make no sense: give a number from -{MOST_CPUS} to {MOST_CPUS}.",
            field="cpus",
        )
