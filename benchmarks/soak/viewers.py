"""Those who look on: most on the stream, some polling, and one who manages the cluster.

Each viewer keeps what a page keeps, the rows and summaries as the changes left them, so that at
the end it can be said whether all of them saw all of it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import sys
import threading
import time
import urllib.parse
from collections import Counter
from typing import Any, Final

from .child import answer_parent

__all__ = ["Viewers"]

_TIMEOUT_SEC: Final = 30.0
_POLL_SEC: Final = 1.0
_LOOK_SEC: Final = (20.0, 60.0)
"""How long a tab stays open."""

# A node that is stopped is unknown, refuses or does not answer: all of that is a good answer.
_GOOD: Final = frozenset((200, 404, 409, 504))


class Viewers:
    """All of them, in this process.

    :param port: the server's.
    :param viewers: how many look on; one in five polls.
    :param nodes: the addresses that the manager plays with.
    """

    def __init__(self, *, port: int, viewers: int, nodes: list[str]) -> None:
        self._port = port
        self._nodes = nodes
        self._leaving = threading.Event()
        self._resting = threading.Event()
        self._lock = threading.Lock()
        self._tally: Counter[str] = Counter()
        self._faults: list[str] = []
        self._seen: dict[int, dict[str, Any]] = {}
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._look, number), daemon=True)
            for number in range(viewers)
        ]
        self._threads.append(
            threading.Thread(target=self._guarded, args=(self._manage, 0), daemon=True)
        )

    # -- what the parent asks for ------------------------------------------------------------

    def start(self) -> None:
        """Let them in, one after the other."""
        for thread in self._threads:
            thread.start()
            time.sleep(0.02)

    def rest(self) -> None:
        """Let the manager stop; the others go on looking."""
        self._resting.set()

    def seen(self) -> list[dict[str, Any]]:
        """Return what each viewer sees of the jobs at the moment."""
        with self._lock:
            return [self._seen[number] for number in sorted(self._seen)]

    def report(self) -> dict[str, Any]:
        """Return what was counted, and the faults."""
        with self._lock:
            return {"counts": dict(self._tally), "faults": self._faults[:20]}

    def leave(self) -> None:
        """Let all leave."""
        self._leaving.set()
        self._resting.set()
        for thread in self._threads:
            thread.join(_TIMEOUT_SEC)

    # -- each of them ------------------------------------------------------------------------

    def _guarded(self, act: Any, number: int) -> None:
        chance = random.Random(number)
        while not self._leaving.is_set():
            try:
                act(number, chance)
            except Exception as error:
                if not self._leaving.is_set():
                    self._fault(f"{act.__name__}: {error!r}")
                    self._leaving.wait(1)

    def _fault(self, what: str) -> None:
        with self._lock:
            self._tally["faults"] += 1
            self._faults.append(what)

    def _count(self, what: str) -> None:
        with self._lock:
            self._tally[what] += 1

    def _look(self, number: int, chance: random.Random) -> None:
        """Open a tab, look for a while, close it."""
        page = _Page()
        until = time.monotonic() + chance.uniform(*_LOOK_SEC)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SEC)
        with contextlib.closing(connection):
            if number % 5 == 4:
                self._poll(connection, page, number, until)
            else:
                self._listen(connection, page, number, until)

    def _goes_on(self, until: float) -> bool:
        # While the manager rests, the end is compared: nobody may be away then.
        return not self._leaving.is_set() and (time.monotonic() < until or self._resting.is_set())

    def _poll(
        self, connection: http.client.HTTPConnection, page: _Page, number: int, until: float
    ) -> None:
        while self._goes_on(until):
            connection.request("GET", f"/api/v1/changes?since={page.cursor}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"changes answered {answer.status}: {body[:200]!r}")
            self._take(page, number, body, "polls")
            self._leaving.wait(_POLL_SEC)

    def _listen(
        self, connection: http.client.HTTPConnection, page: _Page, number: int, until: float
    ) -> None:
        connection.request("GET", "/api/v1/stream")
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the stream answered {answer.status}")
        while self._goes_on(until):
            line = answer.readline()
            if not line:
                raise RuntimeError("the stream has ended")
            if line.startswith(b"data:"):
                self._take(page, number, line[5:], "events")

    def _take(self, page: _Page, number: int, body: bytes, what: str) -> None:
        page.apply(json.loads(body))
        with self._lock:
            self._tally[what] += 1
            self._tally["snapshots"] += page.snapshot
            self._seen[number] = page.jobs()

    # -- the manager -------------------------------------------------------------------------

    def _manage(self, _number: int, chance: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SEC)
        with contextlib.closing(connection):
            while not self._resting.wait(chance.uniform(0.2, 1.0)):
                method, path, body = self._errand(chance)
                text = json.dumps(body) if body is not None else None
                headers = {"Content-Type": "application/json"} if text else {}
                connection.request(method, path, text, headers)
                answer = connection.getresponse()
                received = answer.read()
                self._count(f"{method} answered {answer.status}")
                if answer.status not in _GOOD:
                    self._fault(f"{method} {path}: {answer.status} {received[:200]!r}")
        self._leaving.wait()

    def _errand(self, chance: random.Random) -> tuple[str, str, dict[str, Any] | None]:
        cluster = "/api/v1/clusters/work"
        node = chance.choice(self._nodes)
        searches = ["state:failed", "slower:1s", "id:job-1", f"node:{node}", "Weight", "x y"]
        search = urllib.parse.quote(chance.choice(searches))
        errands: list[tuple[str, str, dict[str, Any] | None]] = [
            ("GET", f"{cluster}/jobs?q={search}", None),
            ("GET", f"{cluster}/nodes/{node}", None),
            ("GET", f"{cluster}/series?resolution_sec=10", None),
            ("GET", f"{cluster}/timeline?from={time.time() - 120}", None),
            ("GET", f"{cluster}/report", None),
            ("GET", "/cluster_status", None),
            ("GET", "/jobs.html", None),
            (
                "POST",
                f"{cluster}/jobs/cancel",
                {"filter": {"q": "slower:4s", "state": ["running"]}},
            ),
            ("POST", f"{cluster}/jobs/cancel", {"filter": {"q": "arg:Weight"}, "dry_run": True}),
            ("POST", f"{cluster}/nodes", {"host": node}),
            ("POST", f"{cluster}/nodes/{node}/deallocate", None),
            ("POST", f"{cluster}/nodes/{node}/allocate", None),
            ("POST", f"{cluster}/nodes/{node}/allocate", None),
            ("PATCH", f"{cluster}/nodes/{node}", {"cpus": chance.randint(1, 2)}),
            ("PATCH", "/api/v1/settings", {"poll_sec": chance.randint(1, 20)}),
        ]
        return chance.choice(errands)


class _Page:
    """What a page keeps."""

    def __init__(self) -> None:
        self.cursor = ""
        self.snapshot = False
        self.nodes: dict[str, Any] = {}
        self.clusters: dict[str, Any] = {}

    def apply(self, changes: dict[str, Any]) -> None:
        self.cursor = changes["cursor"]
        self.snapshot = changes["snapshot"]
        if self.snapshot:
            self.nodes.clear()
        for row in changes["nodes"]:
            if row.get("removed"):
                self.nodes.pop(row["ip_addr"], None)
            else:
                self.nodes[row["ip_addr"]] = row
        self.clusters = {cluster["name"]: cluster for cluster in changes["clusters"]}

    def jobs(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.clusters["work"]["jobs"]
        return counts | {"on_nodes": sum(row["running"] for row in self.nodes.values())}


if __name__ == "__main__":
    answer_parent(lambda: Viewers(**json.loads(sys.argv[1])))
