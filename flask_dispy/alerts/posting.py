"""One attempt to deliver a message over HTTP, to an address that was checked."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlunsplit

from ..core.webhook import Webhook

__all__ = ["Answer", "NotSent", "post"]

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSent(Exception):
    """There was no answer. The text says why, and contains no secret.

    :param final: whether another attempt makes no sense.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the seconds after which the next attempt is welcome, if it says so."""

    status: int
    retry_after_sec: float | None


def post(webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST a body to a webhook. Follows no redirect and uses no proxy.

    The name is resolved here and an address of it is connected to, so that a name that changes
    its address between check and use leads nowhere else.

    :raises NotSent: there was no answer in time.
    """
    parts = webhook.split_url
    host, secure = parts.hostname or "", parts.scheme == "https"
    path = parts.path or "/"
    if webhook.service == "ntfy":
        path = path.rpartition("/")[0] + "/"  # where ntfy takes JSON
    target = urlunsplit(("", "", path, parts.query, ""))
    deadline = time.monotonic() + webhook.timeout_sec
    with contextlib.ExitStack() as cleanup:
        try:
            sock = cleanup.enter_context(
                _connected(host, parts.port or (443 if secure else 80), webhook, deadline)
            )
            # Each read has its own timeout; only this ends an answer that comes drop by drop.
            watchdog = _Watchdog(sock, deadline)
            cleanup.callback(watchdog.cancel)
            if secure:
                context = ssl.create_default_context(cafile=webhook.ca_file)
                sock = cleanup.enter_context(context.wrap_socket(sock, server_hostname=host))
            connection = http.client.HTTPConnection(host)
            connection.sock = sock
            all_headers = {**(webhook.headers or {}), **headers, "Host": parts.netloc}
            connection.request("POST", target, body, all_headers)
            response = cleanup.enter_context(connection.getresponse())
            return Answer(response.status, _retry_after(response.headers.get("Retry-After")))
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


class _Watchdog:
    """Shuts a connection down at a deadline, in whatever call it is used then."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock.dup()  # TLS takes the socket's own descriptor away
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        self._timer.daemon = True
        self._timer.name = "flask_dispy-alert-timeout"
        self._timer.start()

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def cancel(self) -> None:
        self._timer.cancel()
        self._timer.join()
        self._sock.close()


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
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            sock.connect(address)
        except OSError as raised:
            sock.close()
            error = raised
        else:
            return sock
    raise error or OSError("no address")


def _is_public(text: str) -> bool:
    """Whether an address is one that all the world may use, and no other hides in it."""
    address: _Address = ipaddress.ip_address(text.partition("%")[0])
    inner: _Address | None = None
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            return False
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
    except ValueError:
        return None
