"""The nodes that were offered to a cluster, as dispy holds them, and why one does not join."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Any, Final

import dispy
from dispy import NodeAllocate, SharedJobCluster
from pycos import Task

from ..core.offers import Allocation, Finding
from .clusters import engine_of, machines_of, nodes_of

__all__ = [
    "client_port", "diagnose", "forget_closed_node", "forget_unused_machine", "node_port",
    "program_allocations", "withdraw_allocation",
]  # fmt: skip

# A node in the same building answers within milliseconds.
_CONNECT_SEC: Final = 3.0

_GONE: Final = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL)


def program_allocations(cluster: Any) -> list[Allocation]:
    """Return the nodes that the cluster may use, without hosts that do not resolve."""
    offered = []
    for alloc in list(getattr(cluster, "_node_allocs", None) or ()):
        ip_addr, port, cpus = alloc.ip_addr, alloc.port, alloc.cpus
        if isinstance(ip_addr, str) and ip_addr:
            offered.append(
                Allocation(
                    ip_addr[:255],
                    port if isinstance(port, int) else None,
                    cpus if isinstance(cpus, int) else 0,
                )
            )
    return offered


def node_port(cluster: Any, port: int | None) -> int:
    """Return the port at which dispy contacts a node: *port*, or dispy's usual one."""
    usual = getattr(getattr(cluster, "_cluster", None), "node_port", None)
    return port or (usual if isinstance(usual, int) else int(dispy.config.DispyPort) + 1)


def client_port(cluster: Any) -> int:
    """Return the port at which the program, or its scheduler, listens for nodes."""
    port = getattr(getattr(cluster, "_cluster", None), "port", None)
    return port if isinstance(port, int) and port else int(dispy.config.DispyPort)


def diagnose(cluster: Any, offered: Allocation) -> Finding:
    """Return why a node has not joined, as far as can be seen from here; takes a few seconds.

    It connects to the node and closes the connection, which dispynode ignores.
    """
    if isinstance(cluster, SharedJobCluster):
        return "unknown"  # its scheduler may be on another network
    ip_addr = offered.ip_addr
    if machines_of(cluster).get(ip_addr) is None:
        return _probe(ip_addr, node_port(cluster, offered.port))
    return "not_set_up" if nodes_of(cluster).get(ip_addr) is None else "being_set_up"


def _probe(ip_addr: str, port: int) -> Finding:
    try:
        with contextlib.closing(socket.create_connection((ip_addr, port), _CONNECT_SEC)):
            return "listening"
    except ConnectionRefusedError:
        return "refused_connection"
    except TimeoutError:
        return "no_answer"
    except OSError as error:
        return "unreachable" if error.errno in _GONE else "no_answer"


def withdraw_allocation(cluster: Any, ip_addr: str, *, plain: bool = False) -> bool:
    """Remove an allocation from dispy's list; return whether the list is now without it.

    dispy has no method for this. Because dispy's own thread changes the list, the removal runs
    there.

    :param plain: remove it only if it has nothing but an address, a port and CPUs, and if its node
        has not joined.
    """
    if isinstance(cluster, SharedJobCluster) or not hasattr(cluster, "_node_allocs"):
        return False
    if plain and ip_addr in nodes_of(cluster):
        return False

    def matches(alloc: Any) -> bool:
        more = type(alloc) is not NodeAllocate or alloc.depends or alloc.setup_args
        return bool(alloc.ip_addr == ip_addr and not (plain and more))

    if not any(map(matches, cluster._node_allocs)):
        return not plain

    def remove() -> None:
        cluster._node_allocs = [one for one in cluster._node_allocs if not matches(one)]

    def remove_on_dispys_thread(task: Any = None) -> Any:  # noqa: ARG001 - pycos passes it
        remove()
        yield None

    if engine_of(cluster) is None:  # no thread of dispy's uses the list
        remove()
    else:
        Task(remove_on_dispys_thread).value()
    return True


def forget_unused_machine(cluster: Any, ip_addr: str) -> None:
    """Make dispy forget a machine that this program does not use, and ask it anew.

    dispy sets up a machine that it has heard of without asking whether it is free. If the machine
    serves another client then, it refuses, and dispy never tries again. A machine that dispy does
    not know is set up when it answers, which it does as soon as it is free. Because dispy's own
    thread changes what is read here, all of it happens there.
    """
    engine = engine_of(cluster)
    if isinstance(cluster, SharedJobCluster) or machines_of(cluster).get(ip_addr) is None:
        return

    def unused_machine() -> Any:
        machine = machines_of(cluster).get(ip_addr)
        used = any(ip_addr in nodes_of(one) for one in list(engine._clusters.values()))
        # A closed node may still run jobs, and dispy watches only over machines that it knows.
        if used or machine is None or machine.clusters or machine.busy:
            return None
        return machine

    def forget(task: Any = None) -> Any:  # noqa: ARG001 - pycos passes it
        machine = unused_machine()
        # What was to set it up has begun after this, and shows that it is used.
        yield None
        if machine is not None and unused_machine() is machine:
            del engine._nodes[ip_addr]
            # Its port may be another than the one that it is allocated with.
            Task(engine.send_ping_node, ip_addr, machine.port)

    Task(forget).value()


def forget_closed_node(cluster: Any, ip_addr: str) -> None:
    """Make a cluster forget a closed node, so that the node is set up again.

    Otherwise ``allocate_node`` of dispy 4.15.2 assumes that the node is still set up, and every job
    sent to it ends cancelled.
    """
    nodes_of(cluster).pop(ip_addr, None)
