"""One attempt to deliver a message over HTTP, to an address that was checked."""

from __future__ import annotations

import contextlib
import http.client
import io
import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlunsplit

from ..core.webhook import Webhook

__all__ = ["Answer", "NotSent", "post"]

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class NotSent(Exception):
    """There was no answer. The text says why, and contains no secret.

    :param final: whether another attempt makes no sense.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and, of a refusal, the seconds after which the next attempt is welcome, if given."""

    status: int
    retry_after_sec: float | None


def post(
    webhook: Webhook, body: bytes, headers: Mapping[str, str], *, give_up_at: float = math.inf
) -> Answer:
    """POST a body to a webhook. Follows no redirect and uses no proxy.

    The name is resolved here and an address of it is connected to, so that a name that changes
    its address between check and use leads nowhere else. Resolving can't be cut off; all else ends
    in time.

    :param give_up_at: when to give up, by the monotonic clock, if that is before the webhook's
        timeout.
    :raises NotSent: there was no answer in time.
    """
    parts = webhook.split_url
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    path = parts.path or "/"
    if webhook.service == "ntfy":
        path = path.rpartition("/")[0] + "/"  # where ntfy takes JSON
    target = urlunsplit(("", "", path, parts.query, ""))
    deadline = min(time.monotonic() + webhook.timeout_sec, give_up_at)
    with contextlib.ExitStack() as cleanup:
        try:
            sock = cleanup.enter_context(_connected(host, port, webhook, deadline))
            if secure:
                context = ssl.create_default_context(cafile=webhook.ca_file)
                sock.settimeout(_left(deadline))  # it is for the whole handshake
                sock = cleanup.enter_context(context.wrap_socket(sock, server_hostname=host))
            # Without the port it would look for one in the host, and find it in an IPv6 address.
            connection = http.client.HTTPConnection(host, port)
            connection.sock = _Exchange(sock, deadline)
            all_headers = {**(webhook.headers or {}), **headers, "Host": parts.netloc}
            connection.request("POST", target, body, all_headers)
            response = cleanup.enter_context(connection.getresponse())
            refused = not 200 <= response.status < 300
            asked = response.headers.get("Retry-After") if refused else None
            return Answer(response.status, _retry_after(asked))
        except (OSError, http.client.HTTPException) as error:
            raise NotSent(_why(error, deadline)) from None


def _why(error: Exception, deadline: float) -> str:
    if time.monotonic() >= deadline or isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"no proper answer ({type(error).__name__})"


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())  # 0 would mean not to wait at all


class _Exchange:
    """A connection as :mod:`http.client` uses it, until a deadline.

    A socket's own timeout is for each read, so an answer that comes drop by drop would never end.
    A thread that cuts it off can't be started when the program ends.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        """Leave the socket to whoever has made it."""


class _Incoming(io.RawIOBase):
    """The bytes that arrive until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if time.monotonic() >= self._deadline:
            raise TimeoutError
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)


def _connected(host: str, port: int, webhook: Webhook, deadline: float) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not webhook.allow_private:
        found = [one for one in found if _is_public(str(one[4][0]))]
    if not found:
        raise NotSent(
            f"{host} has only addresses that are private or of this machine; allow_private=True "
            "permits them",
            final=True,
        )
    error: OSError | None = None
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
        except OSError as raised:
            sock.close()
            error = raised
        else:
            return sock
    raise error or OSError("no address")


def _is_public(text: str) -> bool:
    """Whether an address is one that all the world may use, and no other hides in it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.teredo is not None or address.is_site_local:
            return False
        last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        # ISATAP (RFC 5214): an IPv4 address behind 0:5efe or 200:5efe, in any network.
        if (int(address) >> 32) & 0xFCFFFFFF == 0x5EFE and not _is_public(str(last)):
            return False
        inner = address.ipv4_mapped or address.sixtofour or (last if address in _NAT64 else None)
        if inner is not None:
            return _is_public(str(inner))
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _retry_after(text: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, which may be a date."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
