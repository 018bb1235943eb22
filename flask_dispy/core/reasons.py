"""Likely reasons why a node that was asked to join has not, and how to find out which applies."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .offers import Offer

__all__ = ["Reason", "message_of", "reasons_of"]


class Reason(NamedTuple):
    """One reason, with a command that shows whether it applies, and where to run it.

    *where* is ``here`` (this program's machine), ``node`` (the node's machine) or ``output``: then
    *command* is a text to look for in this program's output.
    """

    code: str
    text: str
    where: str
    command: str


_ADDRESS: Final = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f:.]*")

_MESSAGES: Final = {
    "unknown": "It has not joined; what it answers is not known here.",
    "pattern": "No node that it stands for has joined.",
    "refused_connection": "The machine is there, but nothing listens at port {port}.",
    "no_answer": "Nothing answers at {host}, port {port}.",
    "unreachable": "There is no way to {host} from this machine.",
    "listening": "Something listens at port {port}, but does not join.",
    "being_set_up": "It answered, and is being set up for the computation.",
    "not_set_up": "It answered, but could not be set up for the computation. dispy does not try "
    "again by itself: ask it again once the reason is gone.",
}


def message_of(offer: Offer, port: int) -> str:
    """Return a sentence on why the node has not joined, as far as known.

    :param port: the port at which the node was asked.
    """
    return _MESSAGES[offer.finding].format(host=offer.ip_addr, port=port)


def reasons_of(offer: Offer, port: int, client_port: int) -> list[Reason]:
    """Return the reasons that are possible, the likeliest first.

    :param port: the port at which the node was asked.
    :param client_port: the port at which the client listens for nodes.
    """
    # Commands are made to be copied, and a program may offer any text.
    host = offer.ip_addr if _ADDRESS.fullmatch(offer.ip_addr) else "HOST"
    known = _known_reasons(host, port, client_port)
    return [known[code] for code in _ORDER[offer.finding]]


# The possible reasons by finding, the likeliest first.
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "unknown": ("serves_another", "secret", "nobody_there", "network", "setup", "way_back"),
    "pattern": ("nobody_there_at_all", "broadcast", "serves_another", "secret"),
    "refused_connection": ("nobody_there", "other_port", "other_interface"),
    "no_answer": ("machine_off", "firewall", "network"),
    "unreachable": ("network", "machine_off"),
    "listening": ("serves_another", "secret", "way_back", "other_address", "version"),
    "being_set_up": ("slow_setup", "setup"),
    "not_set_up": ("setup", "served_another", "no_cpus"),
}


def _known_reasons(host: str, port: int, client_port: int) -> dict[str, Reason]:
    listens = f"ss -ltn 'sport = :{port}'"
    connect = f"nc -vz -w 3 {host} {port}"
    debug = f"flask-dispy node --debug -p {port - 1}"
    found = (
        Reason("serves_another",
               "It serves another client: a dispynode serves one at a time, and answers no other "
               "until that client's clusters are closed. Its log says so at level debug.",
               "node", f"{debug}    # says: Busy (1/1); ignoring ping message"),
        Reason("served_another",
               "It served another client when it was to be set up. Ask it again: it then joins as "
               "soon as that client's clusters are closed.", "output", f"to {host} failed"),
        Reason("secret",
               "Its secret is not the cluster's: -s of dispynode must equal the cluster's secret=.",
               "output", f'Ignoring node {host} ("secret" mismatch)'),
        Reason("nobody_there", "No dispynode runs there, or it has ended.", "node", listens),
        Reason("other_port",
               f"It listens at another port than {port}: -p of dispynode sets the first of three "
               "ports, of which the node uses the second. Withdraw the offer, and allocate the "
               "node with its port.", "node", "ss -ltnp | grep python"),
        Reason("other_interface",
               "It listens on another of its machine's addresses: start it with -i ADDRESS, or "
               "allocate that address.", "node", listens),
        Reason("machine_off", "The machine is off, or has another address.", "here",
               f"ping -c 3 {host}"),
        Reason("firewall", f"A firewall drops packets to port {port}.", "here", connect),
        Reason("network", "The address belongs to a network that this machine can't reach.", "here",
               f"ip route get {host}"),
        Reason("way_back",
               "It can't reach this program: it answers to the address that JobCluster(host=...) "
               f"gives, at port {client_port}, which a firewall may close or another network hide.",
               "node", f"nc -vz -w 3 CLIENT_ADDRESS {client_port}"),
        Reason("other_address",
               "It reports another address than the one that was allocated, so it is not "
               "recognised: allocate that address.", "node", debug),
        Reason("version", "It runs another version of dispy.", "output",
               f"Ignoring node {host} due to version mismatch"),
        Reason("setup",
               "The computation's setup function raised there, a file could not be sent, or the "
               "disk is full.", "output", f"Failed to setup {host}"),
        Reason("slow_setup", "Its files or its setup function take long.", "node", debug),
        Reason("no_cpus", "NodeAllocate gives it no CPU, or it offers none.", "node", debug),
        Reason("nobody_there_at_all", "No dispynode runs on this machine's network.", "node",
               listens),
        Reason("broadcast",
               "Nodes for a pattern are sought by broadcast, which does not leave this machine's "
               "network, and which clouds and containers drop: allocate each node by its address.",
               "here", "ip -brief address"),
    )  # fmt: skip
    return {reason.code: reason for reason in found}
