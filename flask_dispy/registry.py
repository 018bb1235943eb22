"""Many clusters, one place: what the server, the blueprint and the pages read.

Events flow in from dispy's threads through each cluster's
:class:`~flask_dispy.engine.reports.watch.Watch` and are folded by whoever comes first, the pump
thread, a few times a second, or a reader.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from .core.cluster import ClusterState
from .core.combined import COMBINED_NAME, CombinedState
from .core.errors import UnknownCluster, WrongProcess
from .core.feed import Feed, new_epoch
from .core.jobs import ENDED_STATES
from .core.settings import Settings, checked_poll_sec
from .core.text import bounded
from .engine.clusters import Kind, cluster_name, compute_id, kind_of
from .engine.commands.calls import Calls
from .engine.commands.control import Control
from .engine.forks import leave_to_parent
from .engine.reports.parsed import Drained, requests
from .engine.reports.render import TextRequest
from .engine.reports.router import OTHER_NAME, Router, forwards_to
from .engine.reports.watch import Callback, Watch
from .history.recorder import Recorder, recorder_of
from .watching.closed import ClosedClusters
from .watching.health import health
from .watching.late_texts import LateTexts
from .watching.lookup import Lookup
from .watching.summaries import Summaries
from .watching.upkeep import CHUNK, Pump
from .watching.views import View
from .watching.watched import Watched

__all__ = ["ClusterRegistry"]

logger = logging.getLogger("flask_dispy")

_ALL: Final = ("*", COMBINED_NAME)

# Characters of a cluster's name: a program's is its path, and dispyscheduler's clusters bring
# theirs over the network.
_NAME_LIMIT: Final = 200


# A view is kept ready for so long after it was polled: pages poll every ten seconds.
_LATELY_SEC: Final = 15.0

# How long the end waits for texts that the history lacks.
_LAST_TEXTS_SEC: Final = 2.0


class ClusterRegistry:
    """The clusters that are watched, and '* Combined', the view over all of them.

    Takes the settings of :class:`~flask_dispy.core.settings.Settings` as keyword arguments.
    Thread-safe. It belongs to the process that added its first cluster: a fork of that refuses to
    answer, with :exc:`~flask_dispy.core.errors.WrongProcess`, because dispy's threads do not live
    there. Made before a fork and without clusters yet, it begins anew in each process that uses it.

    ``control`` takes the commands, ``summaries`` says what clusters come to. ``version`` grows with
    every change.
    """

    past = False
    """Whether these are runs that are over, of a history."""

    _view_type = View
    _summaries_type = Summaries

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings.of(settings)
        self._begin()
        _registries.add(self)

    def _begin(self) -> None:
        """Make all that belongs to this process."""
        self.epoch = new_epoch()
        self.version = 0
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._folding = threading.RLock()
        self._watched: dict[str, Watched] = {}
        self._recorder = recorder_of(self.settings)
        self._serials = itertools.count(self._recorder.first_serial if self._recorder else 1)
        self._view_numbers = itertools.count(1)
        self._offer_numbers = itertools.count(1)
        self._pid = os.getpid()
        self._closed = False
        self.combined = CombinedState(self.states, time.time())
        self._combined_feed = Feed()
        self._combined_view = self._view_type(self, 0, self._combined_feed, None)
        self._texts = LateTexts(self.settings)
        self._let_go = ClosedClusters(self.settings.closed_limit, self.settings.history)
        self._router = Router(self.settings.inbox_limit)
        self.summaries = self._summaries_type(self, self._watched, self._router)
        self._calls = Calls(self.settings.engine_timeout_sec)
        self.control = Control(Lookup(self), self._calls)
        self._pump = Pump(self, self._calls, self._texts.renderer)
        if self._recorder is not None:
            atexit.register(self.close)  # a program may end without closing us

    # -- settings ----------------------------------------------------------------------------

    @property
    def poll_sec(self) -> float:
        """Seconds between a page's updates; 0 for none until asked."""
        return self.settings.poll_sec

    @poll_sec.setter
    def poll_sec(self, value: float) -> None:
        self.settings.poll_sec = checked_poll_sec(value)

    @property
    def show_job_args(self) -> bool:
        """Whether job arguments are shown."""
        return self.settings.show_job_args

    @show_job_args.setter
    def show_job_args(self, value: bool) -> None:
        self.settings.show_job_args = bool(value)
        if os.getpid() != self._pid:
            return  # nobody looks at jobs here, and the locks may be held for ever
        # All who look at jobs are to see it, however quiet the clusters are.
        with self.lock:
            for watched in self._watched.values():
                watched.state.jobs_changed()
                self.settle(watched)

    # -- clusters ----------------------------------------------------------------------------

    def add(self, cluster: Any, *, name: str | None = None, chain: bool = False) -> str:
        """Watch a cluster; return the name that it is shown under.

        :param cluster: a JobCluster, a SharedJobCluster, or a cluster inside dispyscheduler.
        :param name: the name to show; the computation's if not given. A name that is taken gets
            " (2)".
        :param chain: if the cluster has a callback of its own, call ours before it.

        Sets the cluster's ``cluster_status`` if that is ``None``. A cluster that has its own
        keeps it: then, unless *chain* is given or that callback calls ours, jobs cannot be
        counted, and its nodes come from ``cluster.status()``; so it is if its callback is replaced
        later. Once it is known that no reports arrive, a warning is logged, and the summary's
        ``trouble`` says so. A cluster that is watched already
        keeps the name it has.

        :raises TypeError: *cluster* is none of dispy's clusters.
        :raises ValueError: it is closed already.
        :raises RuntimeError: the registry is closed.
        """
        self._check_process()
        kind = kind_of(cluster)
        with self._folding:
            if self._closed:
                raise RuntimeError("The registry is closed: it watches no more clusters.")
            known = self._find(cluster)
            if known is not None:
                return known.name
            own_name = cluster_name(cluster)
            if own_name is None:
                raise ValueError("The cluster is closed: add it before closing it.")
            watched = self._enter(cluster, kind, name or own_name)
            watched.compute_id = compute_id(cluster)
            self._take_over(watched, chain=chain)
        self._pump.start()
        self._pump.take_stock(watched)
        with self._folding:
            if watched.hearing is not None and watched.mode == "polling":
                ledger = watched.state.ledger
                watched.hearing.expect(ledger.pending + ledger.before_watching)
        return watched.name

    def _enter(
        self, cluster: Any, kind: Kind, name: str, state: ClusterState | None = None
    ) -> Watched:
        watch = Watch(
            cluster,
            text_limit=self.settings.text_limit,
            inbox_limit=self.settings.inbox_limit,
            plain=self.settings.redact is None,
        )
        with self.lock:
            name = self._free_name(name)
            state = state or ClusterState(
                name,
                time.time(),
                serials=self._serials,
                history_limit=self.settings.history_limit,
                kind=kind,
                stall_sec=self.settings.stall_sec,
                offer_numbers=self._offer_numbers,
            )
            state.name = name
            feed = Feed()
            view = self._view_type(self, next(self._view_numbers), feed, state)
            watched = self._watched[name] = Watched(cluster, kind, watch, state, feed, view)
            self.settle(watched)
        return watched

    def _free_name(self, name: str) -> str:
        # The name stands in URLs, where a slash in front, or a space at an end, gets lost.
        name = bounded(" ".join(name.split()).lstrip("/"), _NAME_LIMIT) or "cluster"
        taken = {*self._watched, *_ALL, *self._let_go.names()}
        candidates = itertools.chain([name], (f"{name} ({n})" for n in itertools.count(2)))
        return next(candidate for candidate in candidates if candidate not in taken)

    def _take_over(self, watched: Watched, *, chain: bool) -> None:
        """See to it that the cluster's reports reach us."""
        own = watched.cluster.cluster_status
        if own is not None and forwards_to(own, self):
            self._adopt_strays(watched)
        elif own is None or chain:
            watched.install(chain=chain)
        else:
            watched.mode = "polling"  # until it shows that it hands its reports on
        watched.listen(self)

    def _adopt_strays(self, watched: Watched) -> None:
        """Move what arrived before the cluster was added out of 'other clusters'."""
        other = self._router.other
        if other is None:
            return
        with self.lock:
            emptied = self._router.hand_over(watched)
            for ip_addr in emptied:
                other.state.drop_node(ip_addr)
            self.settle(other)
            self.settle(watched)
            if not other.state.ledger.submitted and not other.state.nodes:
                self._leave(other)
                self._router.other = None

    def remove(self, cluster: Any) -> None:
        """Stop watching a cluster, given as dispy's object or by its name.

        Its callback is put back as it was. One that is not watched, or no more, is no error. Closed
        clusters beyond the newest ``closed_limit`` go by themselves.
        """
        with self._folding:
            watched = self._watched.get(cluster) if isinstance(cluster, str) else None
            watched = watched or self._find(cluster)
            if watched is not None:
                self._dismiss(watched)

    def _dismiss(self, watched: Watched) -> None:
        watched.uninstall()
        if watched is self._router.other:
            self._router.other = None
        else:
            self._router.dismiss(watched)
        with self.lock:
            self._leave(watched)

    def let_closed_go(self) -> None:
        """Let the closed clusters go that are more than ``closed_limit``, the oldest first."""
        with self._folding:
            for watched in self._let_go.due(self.watched(), texts_wait=self._texts.pending):
                self._let_go.let_go(watched.name)
                self._dismiss(watched)

    def _leave(self, watched: Watched) -> None:
        if self._recorder is not None:
            self._recorder.end(watched.state)
        del self._watched[watched.name]
        self.version += 1
        self._combine(watched.state.nodes)
        self._changed.notify_all()

    def _find(self, cluster: Any) -> Watched | None:
        if cluster is None:
            return None
        return next((w for w in self._watched.values() if w.cluster is cluster), None)

    def callback(self, cluster: Any) -> Callback:
        """Return a function to call with each (status, node, job) of *cluster*, from any thread.

        It takes a fraction of a microsecond and never raises.

        :raises UnknownCluster: the cluster is not watched.
        """
        watched = self._find(cluster)
        if watched is None:
            raise UnknownCluster("The cluster is not watched: add it first.")
        watched.mode = "callback"
        return watched.watch.callback

    # Without annotations: on Python 3.10 an unpatched dispy refuses a callback that has them.
    def cluster_status(self, status, node, job):  # type: ignore[no-untyped-def]
        """Take in a report of any cluster: the form that is called from a user's own callback.

        The cluster is found by the job's computation, or by the node. Takes a fraction of a
        microsecond and never raises; may be called from any thread.
        """
        self._router.receive(status, node, job)

    def names(self) -> list[str]:
        """Return the names of the clusters, in the order they were added."""
        self.fold()  # 'other clusters' come into being by their reports
        with self.lock:
            return list(self._watched)

    def knows(self, job: Any, node: Any) -> bool:
        """Whether a report of that job and node belongs to a cluster that was added here."""
        return self._router.find(list(self._watched.values()), node, job) is not None

    def view(self, name: str) -> View:
        """Return the view of the cluster *name*; ``*`` and ``* Combined`` stand for all.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        self.fold()
        if name in _ALL:
            return self._combined_view
        with self.lock:
            watched = self._watched.get(name)
        if watched is None:
            raise UnknownCluster(
                self._let_go.words(name)
                or f"No cluster {name[:80]!r} is watched: the clusters are listed under clusters.",
                field="cluster",
            )
        return watched.view

    def views(self) -> list[View]:
        """Return the views of the single clusters, in the order they were added."""
        self.fold()
        with self.lock:
            return [watched.view for watched in self._watched.values()]

    # -- folding -----------------------------------------------------------------------------

    def fold(self) -> None:
        """Take in all that waited in the inboxes when this was called."""
        self._check_process()
        self._pump.tend()
        # Even with nothing in the inboxes: another thread may be about to fold what it took out.
        with self._folding:
            self._router.route(list(self._watched.values()), self._enter_other)
            for watched in list(self._watched.values()):
                waiting = len(watched.watch.inbox)
                while waiting > 0:
                    drained = watched.watch.drain(CHUNK, figures=waiting <= CHUNK)
                    self.take_in(watched, drained)
                    waiting -= CHUNK
            self._fold_texts()

    def polled_lately(self) -> bool:
        """Whether somebody has polled for changes in the last seconds."""
        since = time.monotonic() - _LATELY_SEC
        return any(view.node_rows.polled_at > since for view in self._all_views())

    def encode_ahead(self) -> None:
        """Encode the rows that changed in the views that somebody polls."""
        since = time.monotonic() - _LATELY_SEC
        for view in self._all_views():
            if view.node_rows.polled_at > since:
                view.node_rows.encode_ahead()

    def _all_views(self) -> list[View]:
        with self.lock:
            return [self._combined_view, *(watched.view for watched in self._watched.values())]

    def _enter_other(self) -> Watched:
        self._pump.start()
        return self._enter(None, "other", OTHER_NAME)

    @property
    def folding(self) -> threading.RLock:
        """Held by whoever folds; guards the watches as ``lock`` guards the states."""
        return self._folding

    def take_in(self, watched: Watched, drained: list[Drained]) -> None:
        """Fold *drained* into the cluster's state. The caller holds ``folding``.

        One that can't be folded is left out: the others were taken from the inbox with it.
        """
        apply, live = watched.state.apply, watched.watch.jobs
        asked: list[TextRequest] = []
        with self.lock:
            for event, held, later in drained:
                try:
                    job = apply(event)
                except Exception:
                    watched.watch.unread.note()
                    continue
                if job is None:
                    continue
                if job.state in ENDED_STATES:
                    live.pop(job.serial, None)
                elif held is not None:
                    live[job.serial] = held
                if later:
                    asked.extend(requests(later, job.serial))
            self.settle(watched)
        self._texts.ask(asked)

    def _fold_texts(self) -> None:
        if not self._texts.waiting:
            return
        with self.lock:
            clusters = list(self._watched.values())
            self._texts.take_in(clusters)
            for watched in clusters:
                self.settle(watched)

    def settle(self, watched: Watched) -> None:
        """Give what changed in a cluster's state the next version, and wake who waits for it.

        The caller holds ``lock``.
        """
        state, roster = watched.state, watched.state.roster
        if not state.dirty and not roster.dirty:
            return
        self.version += 1
        roster.forget_encodings()
        if self._recorder is not None:
            self._recorder.settle(state)
        state.ledger.ended_anew(state.dirty_ends)
        dropped = roster.dropped - roster.nodes.keys()
        watched.feed.touch(roster.dirty, self.version)
        watched.feed.remove(dropped, self.version)
        self._combine([*roster.dirty, *dropped])
        roster.published()
        state.dirty_ends.clear()
        state.dirty = False
        self._changed.notify_all()

    def record(self, now: float) -> None:
        """Have the history take what it takes at intervals. The caller holds ``lock``."""
        if self._recorder is not None:
            self._recorder.beat(self.states(), now)

    def _combine(self, addresses: Iterable[str]) -> None:
        known, gone = self.combined.nodes_changed(addresses)
        self._combined_feed.touch(known, self.version)
        self._combined_feed.remove(gone, self.version)

    # -- reading -----------------------------------------------------------------------------

    @contextmanager
    def folded(self) -> Iterator[float]:
        """Fold what waits, then hold the lock; yields the time."""
        self.fold()
        with self.lock:
            yield time.time()

    def watched(self) -> list[Watched]:
        """Return what belongs to each cluster, in the order they were added."""
        with self.lock:
            return list(self._watched.values())

    def states(self) -> list[ClusterState]:
        """Return the states of the clusters. The caller holds ``lock``."""
        return [watched.state for watched in self._watched.values()]

    def at_work(self) -> bool:
        """Whether jobs are queued or running in any of the clusters, as far as is known."""
        with self.lock:
            states = self.states()
        return any(state.ledger.counts[name] for state in states for name in ("queued", "running"))

    def wait_for_change(
        self, version: int, timeout_sec: float, *, until: Callable[[], bool] = lambda: False
    ) -> int:
        """Wait until something changed after *version*, or time is out; return the version.

        :param until: ends the wait, too, where it is true; looked at again when :meth:`wake` is
            called.
        """
        self._check_process()
        self._pump.tend()
        deadline = time.monotonic() + timeout_sec
        with self._changed:
            while self.version <= version and not self._closed and not until():
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return self.version

    def wake(self) -> None:
        """Let all who wait for a change look whether they still want to."""
        with self._changed:
            self._changed.notify_all()

    def health(self) -> dict[str, Any]:
        """Return how the registry itself is, for ``/healthz``: all is well if no problems."""
        self._check_process()
        with self.lock:
            watched = list(self._watched.values())
        return health(
            watched,
            router=self._router,
            pump=self._pump,
            calls=self._calls,
            renderer=self._texts.renderer,
            recorder=self._recorder,
            inbox_limit=self.settings.inbox_limit,
        )

    def close(self) -> None:
        """Stop watching: put all callbacks back and end the threads. Readers still get answers."""
        if os.getpid() != self._pid:
            return  # its threads are not here, and its locks may be held by one of them for ever
        with self._folding, self.lock:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._pump.stop()
        with self._folding:
            self.fold()
            for watched in self.watched():
                watched.uninstall()
            self._router.retire()
        if self._recorder is None:
            self._texts.renderer.close()
        else:
            self._end_history(self._recorder)

    def _end_history(self, recorder: Recorder) -> None:
        """Have all that is known written, with the texts that are still being made."""
        atexit.unregister(self.close)
        self._texts.wait(_LAST_TEXTS_SEC)
        self._texts.renderer.close()
        with self._folding, self.lock:
            self._fold_texts()
            for state in self.states():
                recorder.end(state)
        recorder.close()

    def _check_process(self) -> None:
        if os.getpid() == self._pid:
            return
        with _forking:
            if os.getpid() == self._pid:
                return
            if self._watched or self._closed:
                raise WrongProcess(
                    "This registry's clusters were made in another process, of which this one is "
                    "a fork; dispy's threads stayed there. Make the clusters in the process that "
                    "serves the pages (with gunicorn: one worker, and no --preload)."
                )
            # It was made before the fork, and its clusters will be made here: nothing is lost.
            self._begin()


# Held while a registry that a fork has inherited begins anew.
_forking = threading.Lock()


def _after_fork() -> None:
    global _forking  # noqa: PLW0603 - a thread that does not live here may hold it for ever
    _forking = threading.Lock()
    for registry in list(_registries):
        for watched in list(registry._watched.values()):
            leave_to_parent(watched.cluster)


# Those of this process and, in a fork, of its parents.
_registries: weakref.WeakSet[ClusterRegistry] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
