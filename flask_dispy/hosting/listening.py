"""Listening sockets: which addresses a host and port stand for."""

from __future__ import annotations

import errno
import ipaddress
import socket

from ..core.addresses import MOST_PORT

__all__ = ["listen", "local_url", "plain_address", "reachable_from_outside"]

# Connections that the system holds ready until they are accepted.
_BACKLOG = 128

# What binding to [::] ends in where IPv6 is compiled in but switched off, as in many containers.
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

_REMEDIES = {
    errno.EADDRINUSE: (
        ". Another server has this port, perhaps an earlier run of this program: end it, give "
        "another port=, or port=0 for any that is free. replace=True ends one of this process"
    ),
    errno.EACCES: ". Ports below 1024 are the administrator's: give another port=",
    errno.EADDRNOTAVAIL: (
        '. This machine has no such address: give one of its own as host=, or "" for all'
    ),
}


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen.

    :param host: an address of this machine, a name of it, or ``""`` for all its interfaces: IPv6
        and IPv4 on one socket where the machine has IPv6, else IPv4. A name that has addresses of
        both kinds is bound to the IPv4 one.
    :param port: 0 lets the system choose.

    :raises OSError: host and port, which it names, can't be had; ``errno`` says why.
    :raises ValueError: the port can't exist.
    :raises TypeError: the host is no text.
    """
    # getaddrinfo takes one more for 0.
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= MOST_PORT:
        raise ValueError(f"port must be a whole number from 0 to {MOST_PORT}, not {port!r}")
    if host and not isinstance(host, str):
        raise TypeError(f"host must be a name or an address, not {host!r}")
    try:
        if not host:
            return _listen_everywhere(port)
        family, address = _resolve(host, port)
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        shown = f"[{host}]" if ":" in host else host or "*"
        # create_server adds the address to its reason, which stands here already.
        reason = str(error.strerror or error).partition(" (")[0]
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise type(error)(
            error.errno, f"can't listen on {shown}:{port}: {reason}{remedy}"
        ) from error


def _listen_everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                ("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
            )
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    return socket.create_server(("", port), backlog=_BACKLOG)


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # IPv4 first, as dispy.httpd knew only that and scripts have its addresses written into them.
    family, *_, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def reachable_from_outside(sock: socket.socket) -> bool:
    """Whether another machine could connect to this listening socket, firewalls aside."""
    return not ipaddress.ip_address(_host_of(sock)).is_loopback


def local_url(sock: socket.socket, host: str, *, secure: bool) -> str:
    """An address at which a browser on this machine finds the listening socket, ending in ``/``.

    :param host: as it was given to :func:`listen`; a name is kept, because a certificate may
        be for that name. All interfaces become ``localhost``.
    """
    if not host or ipaddress.ip_address(_host_of(sock)).is_unspecified:
        host = "localhost"
    elif ":" in host:
        # RFC 6874: the zone's percent sign is itself escaped.
        host = f"[{host.replace('%', '%25')}]"
    scheme = "https" if secure else "http"
    return f"{scheme}://{host}:{sock.getsockname()[1]}/"


def _host_of(sock: socket.socket) -> str:
    return str(sock.getsockname()[0])


def plain_address(address: tuple[object, ...]) -> tuple[str, int]:
    """A client's host and port, with IPv4 in its own form.

    On a socket for both kinds the system writes 10.0.0.7 as ``::ffff:10.0.0.7``, which would be
    another client to every log, limit and list of trusted proxies.
    """
    host, port = str(address[0]), int(str(address[1]))
    return host.removeprefix("::ffff:") if "." in host else host, port
