"""The clusters that are watched: what a program calls."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from .alerts.announcer import Listener
from .core.columns import Column
from .core.errors import BadRequest, UnknownCluster
from .core.failurewindow import FAILING_JOBS, FAILING_PERCENT
from .core.journal import ENTRY_KINDS, EntryKind
from .core.meter import CpuHourPrice
from .core.settings import Settings, among
from .core.textbudget import DEFAULT_HISTORY_BYTES
from .core.webhook import Webhook
from .engine.commands.calls import Calls
from .engine.commands.control import Control
from .engine.reports.watch import Callback
from .terminal.progress import Progress, is_terminal
from .watching.board import ALL_NAMES
from .watching.dashboard import Dashboard
from .watching.health import health
from .watching.hub import Hub
from .watching.intervals import Intervals
from .watching.lookup import Lookup
from .watching.stateviews import ClusterView, CombinedView
from .watching.summaries import Summaries
from .watching.upkeep import Pump
from .watching.views import View
from .watching.watched import Watched
from .wire.journal import EventRow
from .wire.shapes.jobs import JobRow

__all__ = ["ClusterRegistry", "progress"]

logger = logging.getLogger("flask_dispy")


class ClusterRegistry(Dashboard):
    """The clusters that are watched, and '* Combined', the view over all of them.

    Thread-safe. It belongs to the process that added its first cluster: a fork of that refuses to
    answer, with :exc:`~flask_dispy.WrongProcess`, because dispy's threads do not live there. Made
    before a fork and without clusters yet, it begins anew in each process that uses it.

    :param poll_sec: seconds between a page's updates; 0 for none until asked. Pages can change
        it.
    :param show_job_args: whether job arguments are shown. Pages can change it.
    :param history_limit: ended jobs kept for each cluster. Queued and running jobs are always
        kept.
    :param closed_limit: closed clusters kept, the newest; those before are let go, as by
        :meth:`remove`. With *history* none of their jobs is lost.
    :param text_limit: characters kept of each argument list (4,096 at most), result, output and
        traceback (16,384 at most); 1,000,000 at most.
    :param history_bytes: the most bytes of texts that ended jobs keep, in all clusters together.
        Those of the jobs that ended first make room.
    :param inbox_limit: status reports of one cluster that may wait to be folded; what comes on
        top is dropped and counted.
    :param engine_timeout_sec: seconds that a call into dispy may take.
    :param stall_sec: seconds without an end after which the jobs that run are called stalled, at
        the least; see the outlook in docs/api.md.
    :param redact: called with (text, kind) before any argument, result or output is kept; returns
        what to keep. *kind* is ``args``, ``kwargs``, ``result``, ``provisional_result``,
        ``stdout``, ``stderr``, ``exception`` or ``tag``.
    :param history: a file that keeps ended jobs, series and node events beyond the end of the
        program, for ``flask-dispy history FILE``. It is made if there is none; several programs
        may share it.
    :param history_days: days that the file keeps.
    :param history_max_bytes: the file's size, about; the oldest makes room. SQLite's log beside
        it takes up to 4 MB more.
    :param node_columns: up to 20 columns of your own for the nodes, each a
        :class:`~flask_dispy.Column`. They are read as a node joins, and with reports of it, every
        second at the most and every five seconds at the least.
    :param job_columns: such columns for the jobs, read as each is submitted, starts and ends.
    :param cpu_hour_price: what an hour of a CPU costs, in whatever currency: a number, or a mapping
        by nodes' addresses or names, in which ``"*"`` stands for all others; nodes that are not in
        it cost nothing. Then pages and summaries say what was spent, and what it will be in the
        end.
    :param failing_percent: when more than this percentage of the latest *failing_jobs* jobs failed,
        the event ``failing`` says so; 100 for never.
    :param failing_jobs: how many of the jobs that finished or failed last are counted for that.
    :param alerts: up to 10 webhooks, each a :class:`~flask_dispy.Webhook`, that are sent a message
        when a run ends, stalls or goes wrong; see docs/alerts.md.
    :raises BadRequest: a setting that makes no sense; the message names it and the remedy.
    :raises HistoryError: *history* is a file of something else, or a newer version's.
    """

    def __init__(
        self,
        *,
        poll_sec: float = 10.0,
        show_job_args: bool = True,
        history_limit: int = 10_000,
        closed_limit: int = 20,
        text_limit: int = 1024,
        history_bytes: int = DEFAULT_HISTORY_BYTES,
        inbox_limit: int = 1_000_000,
        engine_timeout_sec: float = 10.0,
        stall_sec: float = 60.0,
        redact: Callable[[str, str], str] | None = None,
        history: str | os.PathLike[str] | None = None,
        history_days: float = 30.0,
        history_max_bytes: int = 500_000_000,
        node_columns: Sequence[Column] = (),
        job_columns: Sequence[Column] = (),
        cpu_hour_price: CpuHourPrice | None = None,
        failing_percent: float = FAILING_PERCENT,
        failing_jobs: int = FAILING_JOBS,
        alerts: Sequence[Webhook] = (),
        _intervals: Intervals | None = None,
    ) -> None:
        self._settings = Settings(**among(locals()))
        self._intervals = _intervals or Intervals()  # tests have no patience
        self._begin()
        _registries.add(self)

    def _begin(self) -> None:
        """Make all that belongs to this process."""
        hub = self._hub = Hub(self._settings, self._intervals)
        self._summaries = Summaries(hub)
        self._combined = CombinedView(hub, self._summaries, self.views)
        self._views = WeakKeyDictionary[Watched, ClusterView]()
        self._calls = Calls(self._settings.engine_timeout_sec)
        self._control = Control(Lookup(hub), self._calls)
        self._pump = Pump(hub, self._summaries, self._calls)
        if self._settings.history is not None or self._settings.alerts:
            atexit.register(self.close)  # a program may end without closing us

    @property
    def _board(self) -> Hub:
        if not self._hub.is_ours():
            with _forking:
                # It was made before a fork, and its clusters will be made here: nothing is lost.
                if not self._hub.is_ours() and self._hub.is_fresh():
                    listeners = self._hub.announcer.listeners
                    self._begin()
                    for listener in listeners:
                        self._hub.announcer.add(listener)
        return self._hub

    # -- clusters ----------------------------------------------------------------------------

    def add(
        self,
        cluster: Any,
        *,
        name: str | None = None,
        chain: bool = False,
        tags: Sequence[str] = (),
        rerun: Callable[[JobRow], object] | None = None,
    ) -> str:
        """Watch a cluster; return the name that it is shown under.

        :param cluster: a JobCluster, a SharedJobCluster, or a cluster inside dispyscheduler.
        :param name: the name to show; the computation's if not given. A name that is taken gets
            " (2)".
        :param chain: if the cluster has a callback of its own, call ours before it.
        :param tags: up to 10 words of up to 50 letters that mark this run in the table of runs of
            the history, such as a version or a data set. They pass ``redact``.
        :param rerun: runs a job of this cluster again: pages, API and command line then offer
            that for jobs that ended without finishing. Called with the job's row, on a thread of
            its own; see docs/rerun.md. If it returns the new ``DispyJob``, both are linked.

        Sets the cluster's ``cluster_status`` if that is ``None``. A cluster that has its own
        keeps it: then, unless *chain* is given or that callback calls ours, jobs cannot be
        counted, and its nodes come from ``cluster.status()``; so it is if its callback is replaced
        later. Once it is known that no reports arrive, a warning is logged, and the summary's
        ``trouble`` says so. A cluster that is watched already keeps the name it has, and gets the
        *rerun* that is given.

        :raises TypeError: *cluster* is none of dispy's clusters.
        :raises BadRequest: *tags* are no list of texts, too many or too long, or *rerun* is no
            function.
        :raises ValueError: it is closed already.
        :raises RuntimeError: the registry is closed.
        :raises WrongProcess: this is a fork of the process that made the registry.
        """
        watched, is_new = self._board.add(
            cluster, name, chain=chain, receiver=self, tags=tags, rerun=rerun
        )
        if is_new:
            self._pump.add(watched)
        return watched.name

    def remove(self, cluster: Any) -> None:
        """Stop watching a cluster, given as dispy's object or by its name.

        Its callback is put back as it was. One that is not watched, or no more, is no error. Closed
        clusters beyond the newest ``closed_limit`` go by themselves.
        """
        self._board.remove(cluster)

    def callback(self, cluster: Any) -> Callback:
        """Return a function to call with each (status, node, job) of *cluster*, from any thread.

        It takes a fraction of a microsecond and never raises.

        :raises UnknownCluster: the cluster is not watched.
        """
        watched = self._board.find(cluster)
        if watched is None:
            raise UnknownCluster("The cluster is not watched: add it first.")
        watched.mode = "callback"
        return watched.watch.callback

    # Without annotations: on Python 3.10 an unpatched dispy refuses a callback that has them.
    def cluster_status(self, status, node, job):  # type: ignore[no-untyped-def]
        """Take a report of any cluster: the form that is called from a user's own callback.

        The cluster is found by the job's computation, or by the node. Takes a fraction of a
        microsecond and never raises; may be called from any thread.
        """
        self._board.router.receive(status, node, job)

    def on(self, event: EntryKind, callback: Callable[[EventRow], object]) -> Callable[[], None]:
        """Call *callback* whenever something happens; return a function that ends that.

        :param event: the kind of event, such as ``stalled`` or ``node_lost``; docs/api.md has all.
        :param callback: called with the event as in the JSON, in the order in which events happen.
            It runs on a thread of its own, never under a lock and never on dispy's threads. What
            it raises is logged, and counted in ``/healthz``. A thousand events may wait for it;
            further ones are dropped and counted.

        An event is passed on a quarter of a second after it was found, so that of those that prove
        wrong at once, few are. :meth:`close` waits up to five seconds for the last ones.

        :raises BadRequest: there is no such event, or *callback* is no function.
        :raises WrongProcess: this is a fork of the process that made the registry.
        """
        if event not in ENTRY_KINDS:
            raise BadRequest(
                f"{event!r:.80} is no event: give one of {', '.join(ENTRY_KINDS)}.", field="event"
            )
        if not callable(callback):
            raise BadRequest("callback must be a function of an event.", field="callback")
        self._board.check_process()
        listener = Listener(event, callback)
        self._board.announcer.add(listener)
        return lambda: self._board.announcer.remove(listener)

    # -- reading -----------------------------------------------------------------------------

    @property
    def control(self) -> Control:
        self._board.check_process()
        return self._control

    def view(self, name: str) -> View:
        found = self._board.named(name)
        return self._combined if name in ALL_NAMES else self._view_of(found[0])

    def views(self) -> list[View]:
        return [self._view_of(watched) for watched in self._board.named("*")]

    def _view_of(self, watched: Watched) -> View:
        with self._board.lock:
            view = self._views.get(watched)
            if view is None:
                view = self._views[watched] = ClusterView(self._board, self._summaries, watched)
            return view

    def health(self) -> dict[str, Any]:
        self._board.check_process()
        return health(self._hub, self._pump, self._calls)

    def close(self) -> None:
        """Stop watching: put all callbacks back and end the threads. Readers still get answers.

        It waits up to five seconds until callbacks and webhooks have had the last events.

        Calling it again, or in a fork, does nothing.
        """
        # In a fork its threads are not here, and its locks may be held by one of them for ever.
        if self._hub.is_ours() and self._hub.close():
            self._pump.stop()
            self._hub.end()
            self._hub.announcer.close(self._intervals.last_alerts_sec)
            atexit.unregister(self.close)


def progress(cluster: Any) -> Progress:
    """Show in the terminal how far a cluster's run is, while the program goes on.

    It ends when all jobs are done, or with the block, as a context manager: ``with
    progress(cluster): cluster.wait()``. Nothing is shown, and nothing done, where standard error is
    no terminal. It never raises; see :class:`~flask_dispy.terminal.progress.Progress`.

    :param cluster: dispy's object. If no registry or server watches it, it is watched for as long
        as it is shown, and jobs that have ended before are not counted.
    """
    if not is_terminal():
        return Progress()
    for registry in list(_registries):
        watched = registry._hub.find(cluster) if registry._hub.is_ours() else None
        if watched is not None:
            return Progress(registry.view(watched.name).summary)
    registry = ClusterRegistry()
    try:
        name = registry.add(cluster, chain=True)
    except Exception as error:
        logger.warning("no progress is shown: %s", error)
        registry.close()
        return Progress()
    return Progress(registry.view(name).summary, registry.close)


# Held while a registry that a fork has inherited begins anew.
_forking = threading.Lock()


def _after_fork() -> None:
    global _forking  # noqa: PLW0603 - a thread that does not live here may hold it for ever
    _forking = threading.Lock()
    for registry in list(_registries):
        registry._hub.unregister_exit_handlers()


# Those of this process and, in a fork, of its parents.
_registries: WeakSet[ClusterRegistry] = WeakSet()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
