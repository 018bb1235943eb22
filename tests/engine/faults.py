"""A dashboard over a real cluster, and what must hold after a fault of either."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from clusters import wait_until
from dispy import DispyJob
from impatience import PROMPT
from rawhttp import Client, get

from flask_dispy import ClusterRegistry, DispyHTTPServer

__all__ = [
    "ACT", "FAR", "NEAR", "STATES", "ask", "jobs_of", "must_count_as", "open_stream",
    "serving", "state_of",
]  # fmt: skip

NEAR, FAR = "127.0.0.2", "127.0.0.3"
ACT = "/api/v1/clusters/act"

STATES = {
    DispyJob.Created: "queued",
    DispyJob.Running: "running",
    DispyJob.ProvisionalResult: "running",
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}
"""What we call the states of dispy's jobs."""


@contextmanager
def serving(cluster: Any, **settings: Any) -> Iterator[DispyHTTPServer]:
    """A server whose registry, with these settings, looks often for what dispy does not report."""
    registry = ClusterRegistry(_intervals=PROMPT, **settings)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, registry=registry)
    try:
        yield server
    finally:
        began_at = time.monotonic()
        server.shutdown(wait=False)
        registry.close()
        assert time.monotonic() - began_at < 10


def ask(
    server: DispyHTTPServer, path: str, method: str = "GET", body: Any = None
) -> tuple[int, Any]:
    """Return the status and the JSON of an answer, which must come within 10 s."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(connection):
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def jobs_of(server: DispyHTTPServer) -> dict[str, int]:
    counts: dict[str, int] = ask(server, ACT)[1]["jobs"]
    return counts


def state_of(server: DispyHTTPServer, ip_addr: str) -> str | None:
    rows = ask(server, f"{ACT}/nodes")[1]["items"]
    return next((row["state"] for row in rows if row["ip_addr"] == ip_addr), None)


def _tally(jobs: list[Any]) -> dict[str, int]:
    tally = Counter(STATES[job.status] for job in jobs)
    return {state: tally[state] for state in dict.fromkeys(STATES.values())}


def must_count_as(server: DispyHTTPServer, jobs: list[Any]) -> None:
    """Wait for all jobs to end and be seen to have ended, then compare every count."""
    wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the end of all jobs",
               timeout_sec=40)  # fmt: skip
    wait_until(lambda: jobs_of(server)["pending"] == 0, what="the end as we see it")
    counted = jobs_of(server)
    assert {state: counted[state] for state in _tally(jobs)} == _tally(jobs)
    assert counted["submitted"] == len(jobs)


def open_stream(server: DispyHTTPServer) -> Client:
    """Return a client of the stream that has got its first event."""
    client = Client(("127.0.0.1", server.port))
    client.send(get("/api/v1/stream"))
    while not client.file.readline().startswith(b"data:"):
        pass
    return client
