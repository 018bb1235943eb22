"""What one client may cost: connections, time and bytes."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what clients may take. Every one is greater than zero.

    :raises ValueError: one isn't.
    """

    max_connections: int = 512
    """Connections at a time, each a thread. One more is answered 503, if no idle one can go."""

    request_timeout_sec: float = 10.0
    """From the first byte of a request to the last of its body; also for the TLS handshake, and
    for the first byte on a new connection."""

    keep_alive_sec: float = 75.0
    """How long a connection may lie idle between two requests. Above the 60 s after which nginx
    closes its own idle connections to us, so that it is never surprised by our closing first."""

    send_timeout_sec: float = 30.0
    """How long the client may take for the next 64 KB of an answer."""

    max_line_bytes: int = 16_384
    """Length of the request line; 414 beyond."""

    max_head_bytes: int = 65_536
    """Length of all header lines together; 431 beyond."""

    max_headers: int = 100
    """Number of header lines; 431 beyond."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, (int, float)) or not value > 0:
                raise ValueError(f"{field.name} must be a number greater than 0, not {value!r}")
