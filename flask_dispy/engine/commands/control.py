"""The one door through which commands reach dispy.

dispy's methods return numbers that mean different things for each kind of cluster, and some never
return. Here each command ends within a time limit, with an :class:`Outcome` that says in words what
happened.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ...core.addresses import MOST_PORT, without_brackets
from ...core.errors import BadRequest, EngineTimeout
from ...core.events import Departure
from ...core.journal import EntryKind
from ...core.offers import Allocation
from ...core.phrases import quantity
from ..clusters import nodes_of
from ..offering import forget_closed_node, forget_unused_machine, withdraw_allocation
from .jobcommands import JobCommands, in_parallel
from .outcomes import (
    MOST_CPUS,
    NODE_ACTIONS,
    NodeAction,
    Outcome,
    Target,
)
from .schedulers import scheduler_trouble

__all__ = ["Control"]

_HOST: Final = re.compile(r"[A-Za-z0-9_.:*%-]{1,253}")


class Control(JobCommands):
    """Commands to dispy. Thread-safe; every call ends within its time limit."""

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

        A good outcome means that the node was asked; it is there only once it has joined.
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
        # dispy would look up the name for each cluster, and choose the same of its addresses.
        address = host if "*" in host else self.resolve(host)
        offered = Allocation(address, port, cpus)
        if not targets:
            message = "There is no cluster that takes commands: none was added."
            return [Outcome(cluster, False, "unsupported", message)]
        return in_parallel(lambda target: self._add_to(target, host, offered, by), targets)

    def resolve(self, host: str) -> str:
        """Return the address of a host; as in dispy, IPv4 if it has both kinds.

        :raises BadRequest: it does not resolve.
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

    def _add_to(self, target: Target, host: str, offered: Allocation, by: str | None) -> Outcome:
        left = self._targets.node_left(target.name, offered.ip_addr)
        if left == "closed":
            forget_closed_node(target.cluster, offered.ip_addr)
        return self._allocate_in(target, host, offered, by, left)

    def _allocate_in(
        self,
        target: Target,
        host: str,
        offered: Allocation,
        by: str | None,
        left: Departure | None = None,
    ) -> Outcome:
        ignored = ""
        if offered.cpus and target.kind != "JobCluster":
            ignored = " CPUs are ignored: dispyscheduler decides how many are used."
        elif offered.cpus and "*" in host:
            ignored = " CPUs are ignored with a wildcard."
        if ignored:
            offered = offered._replace(cpus=0)
        what = f"allocate {host} to {target.name}"

        def make_way() -> None:
            # dispy keeps its first allocation, and would ignore a new port or number of CPUs.
            withdraw_allocation(target.cluster, offered.ip_addr, plain=True)
            if left != "closed":  # else it may still hold this program's computation
                forget_unused_machine(target.cluster, offered.ip_addr)

        answer = self._ask(target, what, "allocate_node", _as_dispy_takes(offered), before=make_way)
        if isinstance(answer, Outcome):
            return answer
        # Clusters inside dispyscheduler return None.
        if answer not in (0, None):
            return _refused(target, f"dispy refused to allocate {host} ({answer!r}).")
        if left == "deallocated":
            # dispy does not report its return.
            self._targets.ordered(target.name, "node_joined", offered.ip_addr, by)
            self._targets.node_rejoined(target.name, offered.ip_addr)
        else:
            self._targets.offered(target.name, host, offered, by)
        message = f"{host} is asked to join {target.name}.{ignored}"
        return target.done("asked", message)

    def ask_again(self, cluster: str, number: int, *, by: str | None = None) -> list[Outcome]:
        """Ask a node again that was asked to join and has not.

        :raises UnknownOffer: no such offer waits.
        """
        target, offer = self._targets.offer(cluster, number)
        offered = Allocation(offer.ip_addr, offer.port, offer.cpus)
        return [self._allocate_in(target, offer.host, offered, by)]

    def withdraw(self, cluster: str, number: int, *, by: str | None = None) -> list[Outcome]:
        """Take back the offer of a node that has not joined.

        :raises UnknownOffer: no such offer waits.
        """
        target, offer = self._targets.offer(cluster, number)
        taken_back, failed = self._guarded(
            target,
            f"take back the offer of {offer.host} to {target.name}",
            lambda: withdraw_allocation(target.cluster, offer.ip_addr),
        )
        if failed:
            return [target.failed(*failed)]
        self._targets.withdrawn(target.name, number, by)
        message = f"{offer.host} is no longer asked to join {target.name}."
        if not taken_back:
            message += " dispyscheduler still accepts it if it answers."
        return [target.done("ok", message)]

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
        return in_parallel(lambda target: self._act_on_node(target, action, ip_addr, by), targets)

    def _act_on_node(
        self, target: Target, action: NodeAction, ip_addr: str, by: str | None
    ) -> Outcome:
        what = f"{action} {ip_addr} for {target.name}"
        argument: Any = ip_addr
        left = self._targets.node_left(target.name, ip_addr)
        if action == "allocate":
            argument = _as_dispy_takes(Allocation(ip_addr, None, 0))
            if left == "closed":
                forget_closed_node(target.cluster, ip_addr)
        ordered = _ENTRIES[action]
        self._targets.ordered(target.name, ordered, ip_addr, by)
        answer = self._ask(target, what, f"{action}_node", argument)
        if answer not in (0, None):
            self._targets.called_off(target.name, ordered, ip_addr)
            if isinstance(answer, Outcome):
                return replace(answer, ip_addr=ip_addr)
            return _refused(target, f"dispy refused to {what} ({answer!r}).", ip_addr)
        # dispy reports none of these, nor the return of a node that was deallocated.
        if action == "allocate" and left == "deallocated":
            self._targets.node_rejoined(target.name, ip_addr)
        elif action == "allocate":
            self._targets.offered(target.name, ip_addr, Allocation(ip_addr, None, 0), by)
        else:
            why: Departure = "closed" if action == "close" else "deallocated"
            self._targets.node_closed(target.name, ip_addr, why)
        code = "asked" if action == "allocate" else "ok"
        message = _DONE[action].format(ip_addr, target.name)
        return target.done(code, message, ip_addr=ip_addr)

    def set_cpus(
        self, cluster: str, host: str, cpus: int, *, by: str | None = None
    ) -> list[Outcome]:
        """Set how many of a node's CPUs are used; a negative number leaves that many unused.

        The outcome's ``cpus`` is the number in use, at most those of the node. All clusters of a
        client share the CPUs, so the first cluster that accepts decides.

        :param by: who asks, where there are users.
        :raises BadRequest: *cpus* makes no sense.
        :raises UnknownNode: the cluster knows no such node.
        """
        _check_cpus(cpus)
        ip_addr, targets = self._targets.targets_of_node(cluster, host)
        outcomes = []
        self._targets.ordered("*", "cpus_set", ip_addr, by)
        for target in targets:
            outcome = self._set_cpus_in(target, ip_addr, cpus)
            if outcome.ok:
                return [outcome]
            outcomes.append(outcome)
        self._targets.called_off("*", "cpus_set", ip_addr)
        return outcomes

    def _set_cpus_in(self, target: Target, ip_addr: str, cpus: int) -> Outcome:
        what = f"set the CPUs of {ip_addr} for {target.name}"
        answer = self._ask(target, what, "set_node_cpus", ip_addr, cpus)
        if isinstance(answer, Outcome):
            return replace(answer, ip_addr=ip_addr)
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
        message = f"{ip_addr} now uses {quantity(in_use, 'CPU')}."
        return target.done("ok", message, ip_addr=ip_addr, cpus=in_use)

    # -- asking dispy ------------------------------------------------------------------------

    def _ask(
        self,
        target: Target,
        what: str,
        method: str,
        *arguments: Any,
        before: Callable[[], Any] | None = None,
    ) -> Any:
        """Return the result of dispy's method, or the Outcome of a failure to call it.

        :param before: called first, within the same time limit.
        """
        function = getattr(target.cluster, method, None)
        if function is None:
            message = f"A cluster inside dispyscheduler has no {method}; ask its client instead."
            return target.failed("unsupported", message)

        def call() -> Any:
            if before is not None:
                before()
            return function(*arguments)

        answer, failed = self._guarded(target, what, call)
        return target.failed(*failed) if failed else answer


# What each action comes to.
_ENTRIES: Final[dict[NodeAction, EntryKind]] = {
    "allocate": "node_joined",
    "deallocate": "node_deallocated",
    "close": "node_closed",
}

_DONE: Final[dict[NodeAction, str]] = {
    "allocate": "{} is asked to join {}.",
    "deallocate": "{} takes no more jobs of {}.",
    "close": "{} is being closed for {}.",
}


def _as_dispy_takes(offered: Allocation) -> dict[str, Any]:
    return {"host": offered.ip_addr, "port": offered.port, "cpus": offered.cpus}


def _refused(target: Target, message: str, ip_addr: str | None = None) -> Outcome:
    """Return the outcome of a refusal; if the scheduler is gone, its message says so."""
    if target.kind == "SharedJobCluster":
        message = scheduler_trouble(target.cluster) or message
    return target.failed("refused", message, ip_addr=ip_addr)


def _cpus_in_use(cluster: Any, ip_addr: str, cpus: int) -> int:
    """Return how many CPUs of a node dispyscheduler uses now; its own answer is only 0 for success.

    It uses at most as many as the node offers, and changes nothing if more should be left unused.
    """
    node = nodes_of(cluster).get(ip_addr)
    offered, used = getattr(node, "avail_cpus", None), getattr(node, "cpus", None)
    if not isinstance(offered, int):
        return max(0, cpus)
    if cpus >= 0:
        return min(offered, cpus)
    return offered + cpus if offered + cpus >= 0 or used is None else int(used)


def _check_cpus(cpus: int) -> None:
    if not -MOST_CPUS <= cpus <= MOST_CPUS:
        raise BadRequest(
            f"{cpus} CPUs make no sense: give a number from -{MOST_CPUS} to {MOST_CPUS}.",
            field="cpus",
        )
