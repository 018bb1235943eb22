"""Where a request comes from, and whether that may be trusted: other sites and DNS rebinding."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from flask import Request

from ..http.errors import HttpError

__all__ = [
    "SAFE_METHODS",
    "check_host",
    "checked_hosts",
    "is_trusted",
    "refuse_cross_site_read",
    "refuse_cross_site_write",
]

# RFC 9110, 7.2: a name or an address, IPv6 in brackets, and perhaps a port.
_HOST: Final = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.%\w-]+)\]|(?P<name>[^\s:/?#@\[\]]+))(?::\d*)?"
)

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


def refuse_cross_site_write(request: Request) -> None:
    """Refuse an unsafe request that another site made the browser send.

    No token is needed for this: browsers send the site, and pages cannot change what they send.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        # "same-site" is another origin, such as a sibling host that somebody else runs. "none"
        # is the person, by a bookmark or an extension.
        if site in ("same-origin", "none"):
            return
        raise _cross_site("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if origin is None:
        # Neither header: no browser of the last years sends an unsafe request so. A script.
        return
    # Browsers leave Sec-Fetch-Site out over plain http to anything but localhost, so this is the
    # branch that most networks take. "null" (sandboxed frames, data: URLs) matches no host.
    if _origin_host(origin) != _without_default_port(request.host):
        raise _cross_site("Origin")


def refuse_cross_site_read(request: Request) -> None:
    """Refuse another site's request for data.

    Without CORS headers it could not read the answer anyway; this also keeps it from making the
    server work, and from telling the answer's size by the time it takes.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise _cross_site("Sec-Fetch-Site")


def is_trusted(host: str, trusted: Iterable[str]) -> bool:
    """Whether the Host of a request is a name that nobody else could point at this machine.

    That would be DNS rebinding: a page of evil.example resolves that name to this address and is
    then same-origin with us, free to read and to command. An address has no name to rebind, and the
    machine's own names and localhost do not resolve to a page of theirs.

    :param trusted: further names. ``.example.org`` stands for that name and all below it, ``*``
        for every name, where a proxy checks the Host.
    """
    name = _host_name(host)
    return name is not None and (_is_local(name) or any(_covers(entry, name) for entry in trusted))


def check_host(host: str, trusted: Iterable[str]) -> None:
    """Refuse a request whose Host is not to be trusted."""
    if is_trusted(host, trusted):
        return
    shown = _host_name(host) or "your-name.example"
    raise HttpError(
        403,
        "untrusted_host",
        f"This server has no login and does not answer under the name {host[:100]!r}, which "
        "another site could have pointed here. Use its IP address or the machine's own name, or "
        f"start it with trusted_hosts=[{shown[:100]!r}], or with a login (users= or tokens=).",
    )


def checked_hosts(given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the trusted hosts that were given.

    :raises ValueError: they are one text, or one of them could match no Host.
    """
    if isinstance(given, str):
        raise ValueError("trusted_hosts is a sequence of names, not one name")
    names = tuple(given or ())
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"trusted_hosts holds {name!r}, which is no name")
        if not _host_name(name.removeprefix(".")):
            raise ValueError(
                f"trusted_hosts holds {name!r}, which is no host: give 'dash.example' for a name, "
                "'.example' for a domain and all below it, or '*' for every name"
            )
    return names


def _is_local(name: str) -> bool:
    """Whether it is an address, or a name that only this machine has."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) or name in _own_names()


def _covers(entry: str, name: str) -> bool:
    """Whether an entry of the trusted hosts stands for *name*."""
    if entry.startswith("."):
        return f".{name}".endswith(f".{_host_name(entry[1:])}")
    return entry == "*" or name == _host_name(entry)


def _cross_site(header: str) -> HttpError:
    return HttpError(
        403, "cross_site", f"Refused: another site sent this request, as its {header} header says."
    )


def _origin_host(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return _without_default_port(parts.netloc) if parts.scheme in ("http", "https") else None


def _without_default_port(netloc: str) -> str:
    """Return *netloc* without :80 or :443.

    The scheme is left out of the comparison: behind a proxy that ends TLS and is not announced
    with ProxyFix, the browser's https is our http.
    """
    netloc = netloc.lower()
    for port in (":80", ":443"):
        netloc = netloc.removesuffix(port)
    return netloc


def _host_name(host: str) -> str | None:
    """Return the name or address in a Host header, in lower case; ``None`` if it holds none.

    All of the header has to make sense: "127.0.0.1:80@evil.example" is no address.
    """
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return None
    return match["address"] or match["name"].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    """Return this machine's own names; found once, because a resolver may be slow."""
    names = {socket.gethostname().lower().rstrip("."), socket.getfqdn().lower().rstrip(".")}
    # Colleagues on the same network leave the domain out, or use mDNS.
    names |= {name.partition(".")[0] for name in names}
    names |= {f"{name}.local" for name in names if "." not in name}
    return frozenset(names - {"", ".local"})
