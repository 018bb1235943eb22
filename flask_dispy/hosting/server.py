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
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer

from .connection import Connection, Disconnected
from .handler import RequestHandler
from .limits import Limits
from .listening import plain_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["ThreadServer"]

_log = logging.getLogger(__name__)

# How often what was turned away is looked at; each time costs an idle server a little.
_POLL_SEC = 0.5
_MAKE_ROOM_SEC = 0.05
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

    stopping = False
    """Whether :meth:`stop` has begun, after which no connection gets another request."""

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
        self.limits = limits
        self._tls = tls
        if tls is not None:
            # werkzeug reads the scheme of every request's URL from this.
            self.ssl_context = tls()
        self._name = name
        self._changed = threading.Condition()
        self._threads: dict[Connection, threading.Thread] = {}
        # In the order in which they fell idle: the first has waited longest.
        self._idle: dict[Connection, None] = {}
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
        self.stopping = True
        with contextlib.suppress(OSError):  # it is closed already
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for connections
        self.shutdown()
        self._accepting.join()
        with self._changed:
            for connection in self._idle:
                connection.cut()
            threads = list(self._others().values())
            if not self._changed.wait_for(lambda: not self._others(), grace_sec):
                for connection in self._others():
                    connection.cut()
        give_up_at = time.monotonic() + _CUT_SEC
        for thread in threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))
        left = sum(thread.is_alive() for thread in threads)
        if left:
            _log.warning("%d requests are still being worked on; their clients are gone", left)
        return not left

    def _others(self) -> dict[Connection, threading.Thread]:
        """Return the connections and threads but that which asks. The caller holds the lock."""
        me = threading.current_thread()
        return {
            connection: thread for connection, thread in self._threads.items() if thread is not me
        }

    def abandon(self) -> None:
        """Give up every descriptor without a word: in a forked child, where no thread serves them.

        Otherwise the child would keep the port busy and the clients' connections open after the
        parent has closed its own.
        """
        self.server_close()
        for connection in self._threads:
            connection.abandon()

    def server_close(self) -> None:
        """Close the listening socket and what was turned away last."""
        super().server_close()
        while self._turned_away:
            self._turned_away.popleft()[1].close()

    @contextlib.contextmanager
    def idle(self, connection: Connection) -> Iterator[bool]:
        """While a connection waits for a request it may be ended in favour of another.

        Gives False where it should not wait, because the server is stopping.
        """
        with self._changed:
            self._idle[connection] = None
            welcome = not self.stopping
        try:
            yield welcome
        finally:
            with self._changed:
                self._idle.pop(connection, None)

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
            request, plain_address(client_address), send_sec=self.limits.send_timeout_sec
        )
        thread = threading.Thread(
            target=self._serve,
            args=(connection,),
            name=f"{self._name} {connection.address[0]}",
            daemon=True,
        )
        if not self._make_room():
            self._turn_away(request)
            return
        with self._changed:
            self._threads[connection] = thread
        try:
            thread.start()
        except RuntimeError as error:
            _log.error("can't serve another connection: %s", error)
            self._forget(connection)
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

    def _serve(self, connection: Connection) -> None:
        try:
            if self._tls is None or self._secure(connection, self._tls()):
                RequestHandler(connection, connection.address, self)  # type: ignore[arg-type]
        except (Disconnected, TimeoutError, ssl.SSLError, ConnectionError) as error:
            _log.debug("%s: %s", connection.address[0], error)
        except Exception:
            _log.exception("Serving %s failed", connection.address[0])
        finally:
            connection.close()
            self._forget(connection)

    def _secure(self, connection: Connection, context: ssl.SSLContext) -> bool:
        connection.allow(self.limits.request_timeout_sec)
        # No request is under way yet: it may be ended like an idle one.
        with self.idle(connection) as welcome:
            return welcome and connection.secure(context)

    def _forget(self, connection: Connection) -> None:
        with self._changed:
            del self._threads[connection]
            self._changed.notify_all()

    def _make_room(self) -> bool:
        """Whether there is room for one more, if need be by ending the longest idle."""
        with self._changed:
            if len(self._threads) < self.limits.max_connections:
                return True
            if not self._idle:
                return False
            longest = next(iter(self._idle))
            del self._idle[longest]
            longest.cut()
            return self._changed.wait_for(
                lambda: len(self._threads) < self.limits.max_connections, _MAKE_ROOM_SEC
            )

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
    """Drop what has come, and tell whether the client has closed its side."""
    try:
        return not sock.recv(65_536)
    except BlockingIOError:
        return False
    except OSError:
        return True
