"""The thread that keeps the state going while nobody looks.

A few times a second it folds what waits, samples the series and wakes the streams; less often it
looks for what dispy does not report.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from ..core import events
from ..core.errors import EngineTimeout
from ..core.events import JobKey
from ..engine.clusters import is_closed, pulse_sec
from ..engine.commands.calls import Calls
from ..engine.commands.schedulers import scheduler_trouble
from ..engine.faultlog import FaultLog
from ..engine.ports import port_trouble
from ..engine.reports.delivery import status_of
from ..engine.reports.parsed import ParsedReport
from ..engine.reports.queues import pending_jobs
from .hub import CHUNK, Hub
from .listening import Listening
from .offering import Offering
from .summaries import Summaries
from .watched import Watched

__all__ = ["Pump"]

logger = logging.getLogger("flask_dispy")

# Streams send at the ticks. What they are to send is folded this much sooner.
_AHEAD_SEC: Final = 0.02


class Pump:
    """Runs a hub's upkeep on a daemon thread from the first cluster on."""

    def __init__(self, hub: Hub, summaries: Summaries, calls: Calls) -> None:
        self._hub = hub
        self._calls = calls
        self._summaries = summaries
        self._listening = Listening(hub, calls)
        self._offering = Offering(hub, calls)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ticked_at = time.monotonic()
        self._faults = 0
        self._fault_log = FaultLog(logger)
        self._died = 0
        self._died_at = 0.0
        self._history_error: str | None = None
        self._starting = threading.Lock()
        hub.keep_up = self.start

    def start(self) -> None:
        """Start the thread, unless it runs, was stopped, or has nothing to do yet.

        Readers call this: nobody else would notice that it died.
        """
        if self._is_alive() or not self._hub.members():
            return
        with self._starting:
            # Again, for another reader may have started it just now.
            if self._stop.is_set() or self._is_alive():
                return
            if self._thread is not None:
                self._died += 1
                self._died_at = time.monotonic()
                logger.error("The pump thread of a registry had died and is started again.")
            self._thread = threading.Thread(target=self._run, name="flask_dispy-pump", daemon=True)
            self._ticked_at = time.monotonic()
            try:
                self._thread.start()
            except RuntimeError as error:
                # The system has none left; the next reader tries again, as after a death.
                logger.error("The pump thread of a registry can't be started: %s", error)

    def _is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """End the thread."""
        with self._starting:
            self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    def health(self) -> dict[str, Any]:
        """Return whether the thread keeps up; that it had died is a problem for a minute more."""
        self.start()
        alive = self._is_alive()
        lag = time.monotonic() - self._ticked_at if alive else 0.0
        tick_sec = self._hub.intervals.tick_sec
        problems = []
        if self._died and time.monotonic() - self._died_at < self._hub.intervals.show_death_sec:
            problems.append("The pump thread had died and was started again.")
        if lag > 10 * tick_sec + 1 and not self._stop.is_set():
            problems.append(f"The pump thread has been busy for {lag:.1f} s.")
        return {
            "alive": alive,
            "lag_sec": round(max(0.0, lag - tick_sec), 3),
            "faults": self._faults,
            "died": self._died,
            "problems": problems,
        }

    def _run(self) -> None:
        while not self._stop.wait(_until_next_tick(self._hub.intervals.tick_sec)):
            self._guarded(self._hub.fold)
            self._ticked_at = time.monotonic()
            self._guarded(self._hub.texts.watch)
            self._update_all(time.time())
            self._ticked_at = time.monotonic()

    def _update_all(self, now: float) -> None:
        # In a call of its own: the thread must hold no cluster between its turns.
        for watched in self._hub.members():
            self._guarded(partial(self._update, watched, now))
        self._guarded(partial(self._sample, now))
        self._guarded(self._check_history)
        self._guarded(self._hub.announcer.pass_on)
        self._guarded(self._hub.drop_closed)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run one step; whatever it raises must not end the upkeep of the rest."""
        try:
            step()
        except Exception:
            self._faults += 1
            self._fault_log.exception("A step of the upkeep failed; the others go on.")

    def _update(self, watched: Watched, now: float) -> None:
        every = self._hub.intervals
        if watched.cluster is not None:
            self._listening.look(watched)
            if watched.is_due("offers", every.offers_sec):
                self._offering.look(watched, now)
            if watched.is_due("reconcile", every.reconcile_sec):
                self._reconcile(watched, now)
            if watched.state.closed_at is None and watched.is_due("refresh", every.refresh_sec):
                self._refresh(watched)
            self._check_scheduler(watched)
            self._check_port(watched)
        if watched.is_due("silence", every.silence_sec):
            update_sec = self._hub.settings.poll_sec or 10.0
            with self._hub.lock:
                watched.state.mark_silent(now, pulse_sec(watched.cluster), update_sec)
                self._hub.publish(watched)

    def _sample(self, now: float) -> None:
        hub = self._hub
        with hub.lock:
            for watched in hub.members():
                watched.state.take_sample(now)
                if watched.is_due("pace", hub.intervals.pace_sec):
                    around = self._summaries.surroundings(watched.state)
                    watched.state.refresh_pace(now, around)
                    hub.publish(watched)
            hub.combined.take_sample(now)
            hub.record(now)

    def _check_history(self) -> None:
        """Log that the history can't be written, and that it can again."""
        recorder = self._hub.recorder
        before = self._history_error
        error = self._history_error = recorder.store.health()["error"] if recorder else None
        if error and not before:
            self._hub.log_for_all("history_failing", {"message": error})
        elif before and not error:
            self._hub.log_for_all("history_resumed", {})

    # -- what dispy does not report ----------------------------------------------------------

    def _reconcile(self, watched: Watched, now: float) -> None:
        with self._hub.folding:
            if watched.watch.inbox:
                return  # what seems lost may be in there
            with self._hub.lock:
                running = set(watched.state.ledger.running)
            reports = watched.reconciler.sweep(running, now)
            if watched.state.closed_at is None:
                reports.extend(self._queue(watched, now))
                if is_closed(watched.cluster):
                    reports.append((events.WatchingEnded(now), None, ()))
            if reports:
                self._hub.apply(watched, reports)

    @staticmethod
    def _queue(watched: Watched, now: float) -> Iterator[ParsedReport]:
        """Yield what dispy's own records say of the jobs that wait. Nobody folds meanwhile."""
        ledger = watched.state.ledger

        def is_queued(key: JobKey) -> bool:
            job = ledger.named.get(key)
            return job is not None and job.state == "queued"

        idle = ledger.counts["queued"] > 0 and not ledger.counts["running"]
        seen = watched.watch.job_reports.queue.look(watched.cluster, is_queued, idle=idle)
        if seen is not None:
            yield (seen, None, ())
        yield from Pump._unseen(watched, now)

    @staticmethod
    def _unseen(watched: Watched, now: float) -> Iterator[ParsedReport]:
        """Yield how many jobs dispy holds, if some of them were there before watching.

        These may end without a report. dispy counts a job before it reports it, and a slow callback
        of the user's holds up the reports: only a difference that two looks in a row find is one.
        """
        ledger = watched.state.ledger
        watched.had_jobs_before = watched.had_jobs_before or ledger.before_watching > 0
        if not watched.had_jobs_before or watched.mode != "callback":
            return
        pending = pending_jobs(watched.cluster)
        if pending is None:
            return
        unseen, received = max(0, pending - ledger.pending), watched.watch.received
        if unseen != ledger.before_watching and watched.unseen == (unseen, received):
            yield (events.PendingCounted(now, pending), None, ())
        watched.unseen = (unseen, received)

    def _refresh(self, watched: Watched) -> None:
        """Take in what dispy changes of its nodes without a report: CPUs set, bytes sent."""
        with self._hub.folding:
            nodes = watched.watch.nodes
            reports = [*nodes.membership(time.time()), *nodes.refresh()]
            for start in range(0, len(reports), CHUNK):
                self._hub.apply(watched, reports[start : start + CHUNK])

    def add(self, watched: Watched) -> None:
        """Keep up a cluster that was just added."""
        self.start()
        self._adopt_existing(watched)
        with self._hub.folding:
            if watched.delivery is not None and watched.mode == "polling":
                ledger = watched.state.ledger
                watched.delivery.expect(ledger.pending + ledger.before_watching)

    def _adopt_existing(self, watched: Watched) -> None:
        """Take over the nodes and the pending jobs of a cluster that may have run for long."""
        ask = partial(status_of, watched.cluster, watched.kind)
        limit_sec = min(self._hub.intervals.status_sec, self._calls.timeout_sec)
        try:
            # We are on the scheduler's own thread: what it has can be read, and nothing called.
            status = ask() if watched.kind == "scheduler" else self._calls.run(
                f"ask for the status of {watched.name}", id(watched.cluster), ask,
                timeout_sec=limit_sec,
            )  # fmt: skip
        except Exception:
            logger.warning(
                "The cluster %s did not report its status; its nodes will show as they report.",
                watched.name, exc_info=True,
            )  # fmt: skip
            return
        now = time.time()
        self._hub.fold()
        with self._hub.folding:
            reports = watched.watch.nodes.adopt(status.nodes)
            reports.append((events.PendingCounted(now, status.jobs_pending), None, ()))
            self._hub.apply(watched, reports)

    def _check_scheduler(self, watched: Watched) -> None:
        """Learn whether a cluster's scheduler is still there, without waiting for it."""
        if watched.kind != "SharedJobCluster":
            return
        if watched.scheduler_check is not None:
            if not watched.scheduler_check.done():
                return
            answer, watched.scheduler_check = watched.scheduler_check, None
            if answer.exception() is None:
                self._set_trouble(watched, answer.result())
        if watched.state.closed_at is not None:
            self._set_trouble(watched, None)
        elif watched.is_due("scheduler", self._hub.intervals.scheduler_sec):
            greet = partial(scheduler_trouble, watched.cluster)
            with contextlib.suppress(EngineTimeout):
                watched.scheduler_check = self._calls.start(
                    f"greet the scheduler of {watched.name}", id(watched.cluster), greet
                )

    def _check_port(self, watched: Watched) -> None:
        """Learn whether a cluster's nodes can reach it at all."""
        port_sec = self._hub.intervals.port_sec
        if watched.kind != "JobCluster" or not watched.is_due("port", port_sec):
            return
        # dispy listens a moment after the cluster was made; a lasting trouble shows twice.
        is_open = watched.state.closed_at is None
        found = port_trouble(watched.cluster) if is_open else None
        seen, watched.port_trouble = watched.port_trouble, found
        self._set_trouble(watched, found if found == seen else None)

    def _set_trouble(self, watched: Watched, trouble: str | None) -> None:
        if trouble == watched.trouble:
            return
        if trouble is not None:
            logger.warning("Trouble with the cluster %s: %s", watched.name, trouble)
        with self._hub.changing(watched):
            watched.trouble = trouble


def _until_next_tick(tick_sec: float) -> float:
    """Return the seconds until shortly before the next tick, or the one after a turn just done."""
    left = tick_sec - (time.monotonic() + _AHEAD_SEC) % tick_sec
    return left if left > tick_sec / 4 else left + tick_sec
