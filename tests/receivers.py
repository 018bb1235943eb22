"""A service that webhooks are posted to, on a real socket."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Received", "Receiver"]


@dataclass(frozen=True)
class Received:
    """A request that arrived; ``at`` is by the monotonic clock."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Keeps what is posted to it; answers 200, or what ``answers`` holds, each for one request.

    An answer is a status and headers, or a function that gets the handler and answers in its own
    way.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.answers: deque[tuple[int, dict[str, str]] | Callable[[Any], None]] = deque()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._take(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False  # so that closing waits for them
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_port
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        answer = self.answers.popleft() if self.answers else (200, {})
        self.received.append(Received(handler.path, headers, body, time.monotonic()))
        if callable(answer):
            answer(handler)
            return
        handler.send_response(answer[0])
        for name, value in {"Content-Length": "0", **answer[1]}.items():
            handler.send_header(name, value)
        handler.end_headers()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
