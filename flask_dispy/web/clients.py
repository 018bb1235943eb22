"""Who counts as one client."""

from __future__ import annotations

import ipaddress

__all__ = ["network_of"]


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
