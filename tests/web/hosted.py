"""A small app that stands for the dashboard, and servers around it, for tests of the hosting."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, request
from rawhttp import Client

from flask_dispy.hosting import Limits, ThreadServer, listen

__all__ = ["POST", "Site", "post", "serving", "site"]

POST = b"POST %b HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%b"


def post(path: bytes, body: bytes) -> bytes:
    return POST % (path, len(body), body)


class Site:
    """The app, and a server that serves it; what the app waits for is in the test's hands."""

    def __init__(self, **limits: Any) -> None:
        self.go_on = threading.Event()
        self.at_work = threading.Semaphore(0)
        self.environs: list[dict[str, Any]] = []
        self.app = self._make_app()
        sock = listen("127.0.0.1", 0)
        self.address = sock.getsockname()
        self.server = ThreadServer(self.app, sock, limits=Limits(**limits))
        self.server.start()

    def client(self) -> Client:
        return Client(self.address)

    def threads(self) -> int:
        """How many connections have a thread."""
        return sum(thread.name == "flask_dispy 127.0.0.1" for thread in threading.enumerate())

    def _make_app(self) -> Flask:
        app = Flask("site", static_folder=None)

        @app.get("/")
        def hello() -> str:
            return "hello"

        @app.post("/echo")
        def echo() -> bytes:
            return request.get_data()

        @app.post("/ignore")
        def ignore() -> str:
            return "ignored"

        @app.post("/small")
        def small() -> bytes:
            request.max_content_length = 100
            return request.get_data()

        @app.get("/environ")
        def environ() -> str:
            self.environs.append(dict(request.environ))
            return "seen"

        @app.get("/large/<int:size>")
        def large(size: int) -> bytes:
            return b"x" * size

        @app.get("/status/<int:code>")
        def status(code: int) -> tuple[str, int]:
            return "", code

        @app.get("/slow")
        def slow() -> str:
            self.at_work.release()
            assert self.go_on.wait(10)
            return "slept"

        @app.get("/stream")
        def stream() -> Response:
            def parts() -> Iterator[bytes]:
                yield b"one"
                self.at_work.release()
                while not self.go_on.wait(0.02):
                    pass
                yield b"two"

            return Response(parts())

        @app.get("/fails")
        def fails() -> Response:
            def parts() -> Iterator[bytes]:
                yield b"some"
                raise RuntimeError("the app is broken")

            return Response(parts())

        return app


@contextlib.contextmanager
def site(**limits: Any) -> Iterator[Site]:
    """A site that must end cleanly."""
    served = Site(**limits)
    try:
        yield served
    finally:
        served.go_on.set()
        assert served.server.stop(grace_sec=5)


@contextlib.contextmanager
def serving(app: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    """A server for a bare WSGI app."""
    sock = listen("127.0.0.1", 0)
    address = sock.getsockname()
    server = ThreadServer(app, sock, limits=Limits())
    server.start()
    try:
        yield address
    finally:
        assert server.stop(grace_sec=5)
