"""What connections that last are worth: the same small answer with and without.

    python benchmarks/keep_alive.py

The server runs in a process of its own. A bare Flask route is asked over and over by one client,
and by 20 at a time: of our server with connections kept, of ours with ``Connection: close``, and
of werkzeug's own, which always closes.
"""

from __future__ import annotations

import logging
import socket
import statistics
import subprocess
import sys
import threading
import time

from flask import Flask
from werkzeug.serving import make_server

from flask_dispy.hosting import Limits, ThreadServer, listen

SECONDS = 3.0
KEEP = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


def serve(kind: str) -> None:
    """Serve until the parent closes our input."""
    app = Flask("bench", static_folder=None)
    app.add_url_rule("/", view_func=lambda: "x" * 1000)
    if kind == "ours":
        sock = listen("127.0.0.1", 0)
        port = sock.getsockname()[1]
        ThreadServer(app, sock, limits=Limits()).start()
    else:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        logging.getLogger("werkzeug").disabled = True
        port = server.port
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(port, flush=True)
    sys.stdin.read()


def ask(address: tuple[str, int], *, keep: bool, until: float, took_ms: list[float]) -> None:
    """Send one request after another and note how long each took."""
    connection = None
    while time.perf_counter() < until:
        began_at = time.perf_counter()
        if connection is None:
            connection = socket.create_connection(address)
        connection.sendall(KEEP if keep else CLOSE)
        data = b""
        while not data.endswith(b"x" * 1000):
            data += connection.recv(65_536)
        if not keep:
            connection.close()
            connection = None
        took_ms.append((time.perf_counter() - began_at) * 1000)


def measure(kind: str, *, keep: bool, clients: int) -> tuple[float, float, float]:
    """Requests a second, median and 99th percentile in milliseconds."""
    with subprocess.Popen(
        [sys.executable, __file__, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        address = ("127.0.0.1", int(server.stdout.readline()))
        took_ms: list[float] = []
        until = time.perf_counter() + SECONDS
        threads = [
            threading.Thread(
                target=ask,
                args=(address,),
                kwargs={"keep": keep, "until": until, "took_ms": took_ms},
            )
            for _ in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.stdin.close()
    return (
        len(took_ms) / SECONDS,
        statistics.median(took_ms),
        statistics.quantiles(took_ms, n=100)[98],
    )


def main() -> None:
    """Print the table."""
    print("clients  server                          req/s   p50 ms   p99 ms")
    for clients in (1, 20):
        for name, kind, keep in (
            ("ours, connections kept", "ours", True),
            ("ours, closed each time", "ours", False),
            ("werkzeug, closed each time", "werkzeug", False),
        ):
            rate, p50, p99 = measure(kind, keep=keep, clients=clients)
            print(f"{clients:7d}  {name:30s} {rate:6.0f} {p50:8.2f} {p99:8.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        main()
