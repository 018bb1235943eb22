"""One client's connection: reading against a deadline, writing that notices a stall, closing."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Connection", "Disconnected"]

_SLICE_BYTES = 65_536
_LINGER_SEC = 1.0
_LINGER_BYTES = 1_048_576

_TLS_HANDSHAKE = b"\x16"
_SPEAK_TLS = b"This port speaks HTTPS: use https:// in place of http://\n"
_NOT_TLS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_SPEAK_TLS), _SPEAK_TLS)
)


class Disconnected(ConnectionError):
    """The client is gone or doesn't take what is sent: there is nothing more to say to it."""


class Connection:
    """A socket with as much patience as its limits allow.

    One thread serves it; any other may :meth:`cut` it off.

    :param sock: the accepted socket.
    :param address: the client's host and port.
    :param send_sec: how long the client may take for each 64 KB.
    """

    linger = False
    """Whether the client may be sending still. Closing then waits a moment, so that it can read
    the answer before the reset with which the system meets what nobody reads."""

    def __init__(self, sock: socket.socket, address: tuple[str, int], *, send_sec: float) -> None:
        self.socket = sock
        self.address = address
        self.reader: io.BufferedReader[Any] = io.BufferedReader(_TimedReader(self))
        """The bytes that the client sends; an orderly end is an empty read.

        :raises TimeoutError: when read, after the deadline.
        :raises Disconnected: when read: the connection has failed.
        """
        self._send_sec = send_sec
        self._deadline = time.monotonic()
        self._lock = threading.Lock()
        self._closed = False
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def allow(self, seconds: float) -> None:
        """Let reading go on until so many seconds from now, however it is spread over reads."""
        self._deadline = time.monotonic() + seconds

    def secure(self, context: ssl.SSLContext) -> bool:
        """Shake hands before the deadline; false for a client that does not speak TLS.

        Such a client gets an answer in plain HTTP, which is what it most likely speaks.

        :raises OSError: the handshake failed.
        """
        self.socket.settimeout(self.patience())
        first = self.socket.recv(1, socket.MSG_PEEK)
        if first != _TLS_HANDSHAKE:
            if first:
                self.send(_NOT_TLS)
                self.linger = True
            return False
        with self._lock:
            # From here on the wrapper owns the descriptor, and cut() must find it there.
            secured = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.socket = secured
        secured.settimeout(self.patience())
        secured.do_handshake()
        return True

    def patience(self) -> float:
        """Return the seconds until the deadline.

        :raises TimeoutError: it has passed.
        """
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the client took too long to send")
        # Zero would make the socket a non-blocking one.
        return max(remaining, 0.001)

    def send(self, data: bytes) -> None:
        """Send it all.

        The time is for each slice and not for each call of the system, so that a client that
        takes a byte now and then does not hold the thread for ever either.

        :raises Disconnected: the client is gone, or does not take it in time.
        """
        view = memoryview(data)
        for start in range(0, len(view), _SLICE_BYTES):
            part = view[start : start + _SLICE_BYTES]
            give_up_at = time.monotonic() + self._send_sec
            while part:
                try:
                    self.socket.settimeout(max(give_up_at - time.monotonic(), 0.001))
                    part = part[self.socket.send(part) :]
                except OSError as error:
                    raise Disconnected(str(error)) from error

    def cut(self) -> None:
        """End the connection now; its thread finds it ended. Safe to call from any thread."""
        with self._lock, contextlib.suppress(OSError):
            if not self._closed:
                # SSLSocket.shutdown would take the encryption off under the thread's feet.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close in good order, as far as the client takes part, and in bounded time."""
        with contextlib.suppress(OSError, ValueError):
            self._linger()
        self.abandon()

    def abandon(self) -> None:
        """Close the descriptor at once, saying nothing to the client."""
        with self._lock:
            self._closed = True
            self.socket.close()

    def _linger(self) -> None:
        if isinstance(self.socket, ssl.SSLSocket):
            self.socket.settimeout(0)
            # Sends the notice; the client's own, for which it would wait, is of no use to us.
            with contextlib.suppress(OSError, ValueError):
                self.socket.unwrap()
        socket.socket.shutdown(self.socket, socket.SHUT_WR)
        if not self.linger:
            return
        self.allow(_LINGER_SEC)
        dropped = 0
        while dropped < _LINGER_BYTES:
            socket.socket.settimeout(self.socket, self.patience())
            data = socket.socket.recv(self.socket, _SLICE_BYTES)
            if not data:
                return
            dropped += len(data)


class _TimedReader(io.RawIOBase):
    """What the client sends, as long as the connection's deadline has not passed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        patience = self._connection.patience()
        try:
            self._connection.socket.settimeout(patience)
            return self._connection.socket.recv_into(buffer)
        except TimeoutError:
            raise
        except OSError as error:
            raise Disconnected(str(error)) from error
