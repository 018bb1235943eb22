"""Where a request comes from, and whether that may be trusted: other sites and DNS rebinding."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

from .errors import HttpError

__all__ = ["SAFE_METHODS", "check_host", "refuse_cross_site_read", "refuse_cross_site_write"]

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


def refuse_cross_site_write(request: Request) -> None:
    """Refuse an unsafe request that another site made the browser send.

    No token is needed for this: browsers tell, and pages cannot change what they tell.
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


def check_host(host: str, trusted: Iterable[str]) -> None:
    """Refuse a request whose Host is a name that anybody could point at this machine.

    That is DNS rebinding: a page of evil.example resolves that name to this address and is then
    same-origin with us. An address has no name to rebind, and the machine's own names and
    localhost do not resolve to a page of theirs.
    """
    name = _host_name(host)
    if _is_address(name) or name == "localhost" or name.endswith(".localhost"):
        return
    if name in _own_names() or name in map(_host_name, trusted):
        return
    raise HttpError(
        403,
        "untrusted_host",
        f"This server does not take commands under the name {host!r}. Use its address or own "
        "name, or list the name in trusted_hosts.",
    )


def _cross_site(header: str) -> HttpError:
    return HttpError(
        403, "cross_site", f"Refused: another site sent this request, as its {header} header tells."
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


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower().rstrip(".") if ":" in host else host.lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    """Return the names that this machine gives itself; found once, for a resolver may be slow."""
    names = {socket.gethostname().lower(), socket.getfqdn().lower()}
    names |= {f"{name}.local" for name in names if name and "." not in name}
    return frozenset(name.rstrip(".") for name in names if name)
