"""The order of network addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["address_key", "last_first", "without_brackets"]


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
