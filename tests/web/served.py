"""A DispyHTTPServer on the loopback interface, and clients of it."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from rawhttp import Client, get

from flask_dispy.server import DispyHTTPServer

__all__ = ["client_of", "names_shown", "open_stream", "read", "serving"]


@contextlib.contextmanager
def serving(cluster: Any = None, **options: Any) -> Iterator[DispyHTTPServer]:
    """A server on a free port of the loopback interface, unless the options say otherwise."""
    server = DispyHTTPServer(cluster, **{"host": "127.0.0.1", "port": 0, **options})
    try:
        yield server
    finally:
        server.shutdown(wait=False)


def read(server: DispyHTTPServer, path: str = "", **options: Any) -> bytes:
    with urllib.request.urlopen(server.url + path, timeout=10, **options) as answer:
        return bytes(answer.read())


def names_shown(server: DispyHTTPServer) -> list[str]:
    clusters = json.loads(read(server, "api/v1/changes"))["clusters"]
    return [cluster["name"] for cluster in clusters if not cluster["combined"]]


def client_of(server: DispyHTTPServer) -> Client:
    return Client(("127.0.0.1", server.port))


def open_stream(server: DispyHTTPServer) -> Client:
    """A client that listens to the stream, from when its first event has come."""
    client = client_of(server)
    client.send(get("/api/v1/stream"))
    while not client.file.readline().startswith(b"data:"):
        pass
    return client
