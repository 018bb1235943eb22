"""Which nodes the names and addresses that people give stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core.addresses import address_key, without_brackets
from ..core.cluster import ClusterState
from ..core.errors import AmbiguousNode, UnknownNode

__all__ = ["address_of", "addresses_of"]


def address_of(states: Sequence[ClusterState], name: str, host: str) -> str:
    """Return the address of the node with that address or name, as DNS compares names.

    The caller holds the lock of *states*.

    :param name: the name that *states* are shown under, for the error.
    :raises UnknownNode: none of the clusters knows such a node.
    :raises AmbiguousNode: several nodes have that name.
    """
    host = without_brackets(host)
    if any(host in state.nodes for state in states):
        return host
    found = addresses_of(states, [host])
    if not found:
        raise UnknownNode(
            f"{name} knows no node {host[:80]!r}: it is listed once it has joined.",
            field="node",
        )
    return found[host]


def addresses_of(states: Sequence[ClusterState], hosts: Iterable[str]) -> dict[str, str]:
    """Return the address of each of *hosts*, addresses or names, that is a known node.

    Many are found in one pass over the nodes. The caller holds the lock of *states*.

    :raises AmbiguousNode: several nodes have one of these names.
    """
    names: dict[str, set[str]] = {}
    known: set[str] = set()
    for state in states:
        known.update(state.nodes)
        for ip_addr, node in state.nodes.items():
            if node.name:
                names.setdefault(node.name.lower(), set()).add(ip_addr)
    found = {}
    for host in hosts:
        if (bare := without_brackets(host)) in known:
            found[host] = bare
        elif named := names.get(host.lower()):
            addresses = sorted(named, key=address_key)
            if len(addresses) > 1:
                more = f" and {len(addresses) - 10} more" * (len(addresses) > 10)
                raise AmbiguousNode(
                    f"{len(addresses)} nodes are called {host[:80]!r}: "
                    f"{', '.join(addresses[:10])}{more}. Name one by its address.",
                    field="node",
                )
            found[host] = addresses[0]
    return found
