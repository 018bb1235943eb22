"""Who counts as one client."""

from __future__ import annotations

import ipaddress

from flask import Request

__all__ = ["browser_of", "network_of"]


def browser_of(request: Request) -> str:
    """Return what tells one browser from another, whose windows do not differ in it."""
    return f"{request.remote_addr} {request.headers.get('User-Agent', '')}"


def network_of(address: str | None) -> str:
    """Return what stands for the client at *address*: for IPv6 its /64, which one customer gets."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
