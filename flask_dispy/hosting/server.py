"""A thread for each connection, a bounded number of them, and an end that leaves nothing behind."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer

from .connection import Connection, Disconnected
from .connections import Connections, Seat
from .handler import RequestHandler
from .limits import Limits
from .listening import plain_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["ThreadServer"]

_log = logging.getLogger(__name__)

# How often what was turned away is looked at; each time costs an idle server a little.
_POLL_SEC = 0.5
_CUT_SEC = 2.0
_TURNED_AWAY_SEC = 1.0
_MAX_TURNED_AWAY = 64

_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_SORRY = b"Too many connections; try again in a few seconds.\n"
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 5\r\n"
    b"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    % (len(_SORRY), _SORRY)
)


class ThreadServer(BaseWSGIServer):
    """Serves a WSGI app on a socket that listens already.

    :param sock: taken over: the server closes it, also when its constructor raises.
    :param tls: gives the TLS context for the next connection; None for plain HTTP.
    :param name: of the threads.

    Its methods may be called from any thread.
    """

    multithread = True

    def __init__(
        self,
        app: WSGIApplication,
        sock: socket.socket,
        *,
        limits: Limits,
        tls: Callable[[], ssl.SSLContext] | None = None,
        name: str = "flask_dispy",
    ) -> None:
        # Before the rest, because werkzeug's constructor closes a socket of its own.
        self._turned_away: deque[tuple[float, socket.socket]] = deque()
        with sock:
            host, port = sock.getsockname()[:2]
            # werkzeug duplicates the descriptor, and would print and exit if it were to bind.
            super().__init__(host, port, app, RequestHandler, fd=sock.fileno())
        self._limits = limits
        self._tls = tls
        if tls is not None:
            # werkzeug reads the scheme of every request's URL from this.
            self.ssl_context = tls()
        self._name = name
        self._connections = Connections(limits.max_connections)
        self._accepting = threading.Thread(
            target=self.serve_forever, args=(_POLL_SEC,), name=f"{name} accept", daemon=True
        )

    def start(self) -> None:
        """Begin to accept connections."""
        self._accepting.start()

    def stop(self, grace_sec: float) -> bool:
        """Accept no more, let requests under way finish, end everything else; free the port.

        :param grace_sec: how long requests may go on. Connections are cut after that; a thread
            that does not come back within 2 seconds of it is left behind, as it waits for
            something else than its client. A request that calls this is not waited for: it ends
            once it is answered.

        Returns whether every other thread has ended. Calling it again is fine.
        """
        self._connections.close()
        with contextlib.suppress(OSError):  # it is closed already
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.shutdown()
        self._accepting.join()
        left_over = self._connections.others()
        for seat in left_over:
            if seat.phase == "idle":
                seat.connection.cut()
        if not self._connections.wait_until_empty(grace_sec):
            for seat in self._connections.others():
                seat.connection.cut()
        give_up_at = time.monotonic() + _CUT_SEC
        for seat in left_over:
            seat.thread.join(max(0.0, give_up_at - time.monotonic()))
        left = sum(seat.thread.is_alive() for seat in left_over)
        if left:
            _log.warning("%d requests are still being worked on; their clients are gone", left)
        return not left

    def abandon(self) -> None:
        """Give up every descriptor without a word: in a forked child, where no thread serves them.

        Otherwise the child would keep the port busy and the clients' connections open after the
        parent has closed its own.
        """
        self.server_close()
        for seat in self._connections.seats():
            seat.connection.abandon()

    def server_close(self) -> None:
        """Close the listening socket and what was turned away last."""
        super().server_close()
        while self._turned_away:
            self._turned_away.popleft()[1].close()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept. Where the system has run out of descriptors, wait instead of spinning."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                _log.error("can't accept connections: %s", error.strerror)
                time.sleep(0.5)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give an accepted connection a thread, or turn it away."""
        connection = Connection(
            request, plain_address(client_address), send_sec=self._limits.send_timeout_sec
        )
        thread = threading.Thread(
            target=lambda: self._serve(seat),
            name=f"{self._name} {connection.address[0]}",
            daemon=True,
        )
        seat = Seat(connection, thread)
        if not self._connections.enter(seat):
            self._turn_away(request)
            return
        try:
            thread.start()
        except RuntimeError as error:
            _log.error("can't serve another connection: %s", error)
            self._connections.leave(connection)
            self._turn_away(request)

    def service_actions(self) -> None:
        """Let go of those who were turned away: they have read the answer, or had the time."""
        now = time.monotonic()
        for _ in range(len(self._turned_away)):
            leave_at, sock = self._turned_away.popleft()
            if now >= leave_at or _has_left(sock):
                sock.close()
            else:
                self._turned_away.append((leave_at, sock))

    def _serve(self, seat: Seat) -> None:
        connection = seat.connection
        try:
            if self._tls is None or self._secure(seat, self._tls()):
                RequestHandler(seat, self, connections=self._connections, limits=self._limits)
        except (Disconnected, TimeoutError, ssl.SSLError, ConnectionError) as error:
            _log.debug("%s: %s", connection.address[0], error)
        except Exception:
            _log.exception("Serving %s failed", connection.address[0])
        finally:
            connection.close()
            self._connections.leave(connection)

    def _secure(self, seat: Seat, context: ssl.SSLContext) -> bool:
        seat.connection.allow(self._limits.request_timeout_sec)
        # No request is under way yet: it may be ended like an idle one.
        return self._connections.begin_waiting(seat) and seat.connection.secure(context)

    def _turn_away(self, sock: socket.socket) -> None:
        if self._tls is not None:
            # To say anything would take a handshake, which is what there is no room for.
            sock.close()
            return
        try:
            sock.setblocking(False)
            sock.send(_FULL)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        # Closing now would reset the connection, and the client might never read the answer.
        if len(self._turned_away) >= _MAX_TURNED_AWAY:
            self._turned_away.popleft()[1].close()
        self._turned_away.append((time.monotonic() + _TURNED_AWAY_SEC, sock))


def _has_left(sock: socket.socket) -> bool:
    """Drop the bytes that arrived; return whether the client has closed its side."""
    try:
        return not sock.recv(65_536)
    except BlockingIOError:
        return False
    except OSError:
        return True
