"""Network addresses: their order, whose they are, and their ports."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

__all__ = ["MOST_PORT", "address_key", "last_first", "network_of", "without_brackets"]

MOST_PORT: Final = 65_535
"""The highest port."""


# Remembered, because parsing 10,000 addresses takes longer than sorting them.
@lru_cache(maxsize=20_000)
def address_key(text: str) -> tuple[int, int, str]:
    """Return a sort key: IPv4 and IPv6 addresses as numbers, then all other texts."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return (9, 0, text)
    return (address.version, int(address), "")


def last_first(addresses: Iterable[str]) -> list[str]:
    """Return addresses in the order in which pages list nodes: last first, as in dispy.httpd."""
    return sorted(addresses, key=address_key, reverse=True)


def without_brackets(host: str) -> str:
    """Return *host* without the brackets that URLs put around IPv6 addresses."""
    return host[1:-1] if host[:1] == "[" and host[-1:] == "]" and ":" in host else host


def network_of(address: str | None) -> str:
    """Return what identifies the client at *address*: the /64 of IPv6, which one customer gets."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
