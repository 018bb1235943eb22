"""Where browsers find the servers that show a registry."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Address"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where browsers find a server; *framed* if other pages may show it in a frame."""

    url: str
    framed: bool

    @classmethod
    def of(cls, url: str, public_url: str | None, port: int, *, framed: bool) -> Address:
        """Return the address that users gave, or *url*.

        :raises ValueError: *public_url* is neither an address nor a path.
        """
        if public_url is None:
            return cls(url, framed)
        if not isinstance(public_url, str) or not re.fullmatch(r"(https?:/)?/[!-~]*", public_url):
            raise ValueError(
                f"public_url={public_url!r} is no address: give one such as "
                "'https://dash.example/', or a path such as '/proxy/{port}/'"
            )
        return cls(public_url.replace("{port}", str(port)), framed)
