"""The program under test: a dispy client whose cluster is watched, and which counts for itself.

Its own tally is made of nothing but the states of the jobs that it holds, and shares no code with
what it is compared to.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from typing import Any, Final

import dispy
from dispy import DispyJob

from flask_dispy import DispyHTTPServer, patch_dispy

from .child import answer_parent
from .work import Weight, work

__all__ = ["Client"]

_STATES: Final = {
    DispyJob.Created: "queued",
    DispyJob.Running: "running",
    DispyJob.ProvisionalResult: "running",
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}

# A late reply may still come for an abandoned job, so those are looked at until the end.
_SETTLED: Final = ("finished", "terminated", "cancelled")

# Jobs that are queued or run at a time, at most: nodes come and go, and so does their pace.
_MOST_LIVE: Final = 200

# Few jobs are kept to look at. The ledger remembers the last 10,000 ends all the same, so
# that a late report finds its job. At the usual pace that many have ended after 14 minutes.
_HISTORY_LIMIT: Final = 500


class Client:
    """Submits jobs of all kinds, cancels some, and keeps its tally.

    :param watched: off for a run that tells what dispy itself takes.
    """

    def __init__(self, *, port: int, nodes: list[str], jobs_per_sec: float, watched: bool) -> None:
        patch_dispy()
        self._cluster = dispy.JobCluster(
            work,
            nodes=nodes,
            host="127.0.0.1",
            dispy_port=port,
            pulse_interval=1,
            ping_interval=2,
            depends=[Weight],
        )
        self._server = (
            DispyHTTPServer(self._cluster, "127.0.0.1", 0, history_limit=_HISTORY_LIMIT)
            if watched
            else None
        )
        self._pause_sec = 1 / jobs_per_sec
        self._random = random.Random(1)
        self._live: list[Any] = []
        self._settled: Counter[str] = Counter()
        self._failed = 0
        self._submitted = 0
        self._ended = threading.Event()
        self._churn = threading.Thread(target=self._go_on, name="churn", daemon=True)

    def port(self) -> int:
        """Return the server's port, 0 without one."""
        return self._server.port if self._server else 0

    def start(self) -> None:
        """Begin to submit jobs."""
        self._churn.start()

    def _go_on(self) -> None:
        swept_at = time.monotonic()
        while not self._ended.wait(self._pause_sec * self._random.uniform(0.2, 1.8)):
            if len(self._live) < _MOST_LIVE:
                self._submit()
            if time.monotonic() - swept_at > 1:
                swept_at = time.monotonic()
                self._sweep()
                self._cancel_some()

    def _submit(self) -> None:
        number = self._submitted
        chance = self._random.random()
        if chance < 0.10:
            job = self._cluster.submit("fail", f"job {number} fails")
        elif chance < 0.18:
            job = self._cluster.submit("talk", self._random.randrange(200))
        elif chance < 0.22:
            job = self._cluster.submit("nap", self._random.uniform(3, 10))
        elif chance < 0.30:
            job = self._cluster.submit("nap", 0.1 + number % 3 / 10, weight=Weight(number))
        else:
            job = self._cluster.submit("nap", self._random.uniform(0.1, 0.3))
        self._submitted += 1
        if job is None:
            # dispy's answer for a job that it could not send to its node, and so has cancelled,
            # before it came to answer.
            self._settled["cancelled"] += 1
            return
        job.id = f"job-{number}"
        self._live.append(job)
        if chance > 0.95:
            self._cluster.cancel(job)

    def _cancel_some(self) -> None:
        for job in self._random.sample(self._live, min(1, len(self._live))):
            self._cluster.cancel(job)

    @staticmethod
    def _state(job: Any) -> str:
        """Return a job's state: one that was told to end has ended when dispy says that it has."""
        state = _STATES[job.status]
        return "running" if state in _SETTLED and not job.finish.is_set() else state

    def _sweep(self) -> None:
        """Count the jobs that ended for good, and let go of them."""
        remaining = []
        for job in self._live:
            state = self._state(job)
            if state in _SETTLED:
                self._settled[state] += 1
                self._failed += job.exception is not None
            else:
                remaining.append(job)
        self._live = remaining

    def threads(self) -> dict[str, int]:
        """Return how many threads of each name there are; the system's number tells nothing."""
        return dict(Counter(thread.name.split("-")[0] for thread in threading.enumerate()))

    def finish(self, timeout_sec: float) -> None:
        """Submit no more, cancel what does not end within the time, and wait once more."""
        self._ended.set()
        self._churn.join()
        if not self._wait_for_end(timeout_sec):
            for job in self._live:
                self._cluster.cancel(job)
            self._wait_for_end(timeout_sec)
        time.sleep(3)  # late reports, and ends that only show by themselves

    def _wait_for_end(self, timeout_sec: float) -> bool:
        give_up_at = time.monotonic() + timeout_sec
        while time.monotonic() < give_up_at:
            self._sweep()
            if all(self._state(job) == "abandoned" for job in self._live):
                return True
            time.sleep(0.2)
        return False

    def tally(self) -> dict[str, int]:
        """Return how many jobs are in which state, by the jobs themselves."""
        self._sweep()
        now = self._settled + Counter(map(self._state, self._live))
        counts = {state: now[state] for state in dict.fromkeys(_STATES.values())}
        return {"submitted": self._submitted, **counts, "failed": self._failed}

    def counted(self) -> dict[str, int]:
        """Return the same, as the watched cluster's summary has it."""
        assert self._server is not None
        summary = self._server.registry.view("work").summary()
        return {state: summary["jobs"][state] for state in self.tally()}

    def health(self) -> Any:
        """Return the registry's health."""
        assert self._server is not None
        return self._server.registry.health()

    def end_server(self) -> float:
        """Shut the server down; return the seconds that it took."""
        began_at = time.monotonic()
        if self._server is not None:
            self._server.shutdown(wait=False)
        return time.monotonic() - began_at


if __name__ == "__main__":
    answer_parent(lambda: Client(**json.loads(sys.argv[1])))
