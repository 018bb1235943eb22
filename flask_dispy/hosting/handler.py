"""One connection's requests, one after another, each handed to the WSGI app."""

from __future__ import annotations

import io
import logging
import time
from http import HTTPStatus

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from .answer import Answer
from .body import Body
from .connection import Disconnected
from .connections import Connections, Seat
from .head import Head, Refused, read_head
from .limits import Limits

__all__ = ["RequestHandler"]

_log = logging.getLogger(__name__)
_access_log = logging.getLogger("flask_dispy.access")

_SKIP_BYTES = 65_536
_VISIBLE = {code: f"\\x{code:02x}" for code in [*range(0x20), *range(0x7F, 0xA0)]}


class RequestHandler(WSGIRequestHandler):
    """werkzeug's handler, its WSGI environment kept and its connection handling replaced.

    werkzeug closes after each answer because it reads what is left on the connection to the end,
    and would take the next request for the rest of this one. A :class:`Body` knows its end, so
    here the connection can stay.

    Its constructor serves the connection to its end, as http.server's does.

    :param seat: the connection, whose TLS handshake is done.
    """

    protocol_version = "HTTP/1.1"
    server_version = "flask_dispy"

    def __init__(
        self, seat: Seat, server: BaseWSGIServer, *, connections: Connections, limits: Limits
    ) -> None:
        self.seat = seat
        self.link = seat.connection
        self.connections = connections
        self.limits = limits
        super().__init__(self.link.socket, self.link.address, server)

    def setup(self) -> None:
        """Read from and write to the connection, without what http.server would put around it."""
        self.connection = self.link.socket
        self.rfile = self.link.reader
        self.close_connection = True

    def finish(self) -> None:
        """Leave the closing to whoever opened the connection."""

    def handle(self) -> None:
        """Serve requests until either side has had enough."""
        waited_sec = self.limits.request_timeout_sec
        while self._wait_for_request(waited_sec):
            self.handle_one_request()
            if self.close_connection:
                break
            waited_sec = self.limits.keep_alive_sec

    def handle_one_request(self) -> None:
        """Serve one request, of which the first byte is here."""
        self.close_connection = True
        self.link.linger = True
        self.link.allow(self.limits.request_timeout_sec)
        try:
            head = read_head(self.link.reader, self.limits)
        except Refused as refusal:
            self._refuse(refusal.status, str(refusal))
        except TimeoutError:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
        else:
            if head is not None:
                self._serve(head)

    def _wait_for_request(self, seconds: float) -> bool:
        """Whether another request begins within so many seconds, and the server goes on."""
        self.link.allow(seconds)
        try:
            if not self.connections.begin_waiting(self.seat) or not self.link.reader.peek(1):
                return False
            self.seat.begin("receiving")
            return True
        except TimeoutError:
            return False

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        Answer(self.link.send, method="GET", version="HTTP/1.0").refuse(status, message)
        _access_log.debug("%s refused: %d %s", self.client_address[0], status, message)

    def _serve(self, head: Head) -> None:
        began_at = time.monotonic()
        self.requestline, self.command, self.path = head.line, head.method, head.target
        self.request_version, self.headers = head.version, head.headers

        def ask_for_body() -> None:
            if not answer.begun:
                self.link.send(b"HTTP/1.1 100 Continue\r\n\r\n")

        def received() -> None:
            if self.seat.phase == "receiving":
                self.seat.begin("working")

        body = Body(
            self.link.reader,
            head.body_bytes,
            on_end=received,
            ask_for_it=ask_for_body if head.expects_continue else None,
        )
        answer = Answer(
            self.link.send,
            method=head.method,
            version=head.version,
            on_begin=lambda: self.seat.begin("answering"),
            may_stay=lambda: (
                head.keep_alive and not self.connections.closing and body.can_skip(_SKIP_BYTES)
            ),
        )
        try:
            self._run_app(answer, body)
            if answer.keep_alive:
                body.skip()
                self.close_connection = self.link.linger = False
        except TimeoutError:
            pass  # The rest of the body did not come; the connection ends, the answer is out.
        finally:
            self._note(answer, time.monotonic() - began_at)

    def _run_app(self, answer: Answer, body: Body) -> None:
        try:
            environ = self.make_environ()
        except ValueError:
            # urlsplit has its own opinion of what a URL may hold, "http://[" for one.
            answer.refuse(HTTPStatus.BAD_REQUEST, "The request's target makes no sense.")
            return
        environ["wsgi.input"] = io.BufferedReader(body)
        environ["flask_dispy.is_cut"] = lambda: self.seat.is_cut
        try:
            answer.run(self.server.app, environ)
        except Disconnected:
            raise
        except Exception:
            _log.exception("The app failed on %s", self._shown_line())
            answer.keep_alive = False
            if not answer.begun:
                answer.refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "The server has failed.")

    def _note(self, answer: Answer, seconds: float) -> None:
        if _access_log.isEnabledFor(logging.DEBUG):
            _access_log.debug(
                '%s "%s" %d %d bytes %.1f ms',
                self.client_address[0],
                self._shown_line(),
                answer.status_code,
                answer.body_bytes,
                seconds * 1000,
            )

    def _shown_line(self) -> str:
        return self.requestline.translate(_VISIBLE)
