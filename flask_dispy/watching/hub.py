"""Where all events meet: what waits in the inboxes is folded into the states, and published.

Events flow in from dispy's threads through each cluster's
:class:`~flask_dispy.engine.reports.watch.Watch` and are folded by whoever comes first, the pump
thread, a few times a second, or a reader.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from ..alerts.announcer import Announcer
from ..core.cluster import ClusterState
from ..core.errors import BadRequest
from ..core.failurewindow import FailureWindow
from ..core.jobs import ENDED_STATES
from ..core.settings import Settings
from ..core.tags import TAG_LETTERS, checked_tags
from ..core.textbudget import TextBudget
from ..engine.clusters import Kind, cluster_name, kind_of
from ..engine.commands.outcomes import RerunFunction
from ..engine.forks import unregister_exit_handlers
from ..engine.reports.parsed import ParsedReport, text_requests
from ..engine.reports.render import TextRequest, redacted
from ..engine.reports.router import OTHER_NAME, Router, forwards_to
from ..engine.reports.watch import Watch
from ..history.recorder import recorder_of
from ..history.runs import ShownRun
from .board import ALL_NAMES, Board, free_name, tidy_name, unknown_cluster
from .closed import ClosedClusters
from .intervals import Intervals
from .late_texts import LateTexts
from .reruns import Relations
from .runs import Runs
from .watched import Watched

__all__ = ["CHUNK", "Hub"]

CHUNK: Final = 500
"""Events that are folded at one go under the lock: about three milliseconds of it. More of them
live long enough for the garbage collector to go through them: 2,000 take a tenth longer each."""


class Hub(Board[Watched]):
    """The clusters that are watched: lets them in and out, folds their events. Thread-safe.

    ``folding`` is held by whoever drains a watch and applies its events; it is taken before
    ``lock``.
    """

    def __init__(self, settings: Settings, intervals: Intervals) -> None:
        super().__init__(settings, intervals)
        self.recorder = recorder_of(settings, self.rows)
        if self.recorder is not None:
            self.runs = Runs(self.recorder.store.path, self.shown_runs)
        self.announcer = Announcer(settings, waits_sec=intervals.alert_waits_sec)
        self.announce = self.announcer.note
        self.folding = threading.RLock()
        self.router = Router(settings.inbox_limit)
        self.texts = LateTexts(settings)
        self._closed_clusters = ClosedClusters(settings, intervals)
        self._serials = itertools.count(self.recorder.store.first_serial if self.recorder else 1)
        self._numbers = itertools.count(1)
        self._offer_numbers = itertools.count(1)
        self.relations = Relations()
        self.text_budget = TextBudget(settings.history_bytes)
        # Reports to clusters that were let go.
        self.gone_dropped = self.gone_unreadable = 0

    # -- clusters come and go ----------------------------------------------------------------

    def add(
        self,
        cluster: Any,
        name: str | None,
        *,
        chain: bool,
        receiver: object,
        tags: Sequence[str] = (),
        rerun: RerunFunction | None = None,
    ) -> tuple[Watched, bool]:
        """Watch a cluster; return what belongs to it, and whether it was not watched yet.

        See ``ClusterRegistry.add``.

        :param receiver: what a callback of the cluster's own may hand its reports on to.
        """
        self.check_process()
        kind = kind_of(cluster)
        shown = checked_tags(tags, lambda tag: self.redacted(tag, "tag", TAG_LETTERS))
        if rerun is not None and not callable(rerun):
            raise BadRequest("rerun must be a function of a job's row.", field="rerun")
        with self.folding:
            if self.closed:
                raise RuntimeError("The registry is closed: it watches no more clusters.")
            known = watched = self.find(cluster)
            if watched is None:
                own_name = cluster_name(cluster)
                if own_name is None:
                    raise ValueError("The cluster is closed: add it before closing it.")
                watched = self._enter(cluster, kind, name or own_name, shown)
                self._take_over(watched, receiver, chain=chain)
            if rerun is not None:
                with self.changing(watched):
                    watched.rerun = rerun
        return watched, known is None

    def redacted(self, text: str, kind: str, limit: int) -> str:
        """Return what the program's hook lets be shown of a text."""
        redact = self.settings.redact
        return text if redact is None else redacted(redact, text, kind, limit)

    def _enter(self, cluster: Any, kind: Kind, name: str, tags: tuple[str, ...] = ()) -> Watched:
        settings = self.settings
        watch = Watch(
            cluster,
            text_limit=settings.text_limit,
            inbox_limit=settings.inbox_limit,
            plain=settings.redact is None,
            node_columns=bool(settings.node_columns),
            job_columns=bool(settings.job_columns),
        )
        with self.lock:
            state = ClusterState(
                free_name(name, self._members, self._closed_clusters.names()),
                time.time(),
                serials=self._serials,
                history_limit=settings.history_limit,
                text_budget=self.text_budget,
                kind=kind,
                function=tidy_name(name),
                tags=tags,
                stall_sec=settings.stall_sec,
                busy_grace_sec=self.intervals.busy_grace_sec,
                overdue_sec=self.intervals.overdue_sec,
                offer_numbers=self._offer_numbers,
                entry_numbers=self.entry_numbers,
                price=settings.cpu_hour_price,
                failure_window=FailureWindow(settings.failing_jobs, settings.failing_percent),
            )
            watched = Watched(cluster, kind, watch, state, next(self._numbers))
            self.enter(watched)
        return watched

    def _take_over(self, watched: Watched, receiver: object, *, chain: bool) -> None:
        """See to it that the cluster's reports reach us."""
        own = watched.cluster.cluster_status
        if own is not None and forwards_to(own, receiver):
            self._adopt_strays(watched)
        elif own is None or chain:
            watched.install(chain=chain)
        else:
            watched.mode = "polling"  # until it shows that it hands its reports on
        watched.listen(receiver)

    def _adopt_strays(self, watched: Watched) -> None:
        """Move what arrived before the cluster was added out of 'other clusters'."""
        other = self.router.other
        if other is None:
            return
        with self.lock:
            emptied = self.router.hand_over(watched)
            for ip_addr in emptied:
                other.state.drop_node(ip_addr)
            self.publish(other)
            self.publish(watched)
            if not other.state.ledger.submitted and not other.state.nodes:
                self.leave(other)
                self.router.other = None

    def remove(self, cluster: Any) -> None:
        """Stop watching a cluster, given as dispy's object or by its name, if it is watched."""
        with self.folding:
            watched = self.member(cluster) if isinstance(cluster, str) else None
            watched = watched or self.find(cluster)
            if watched is not None:
                self._dismiss(watched)

    def _dismiss(self, watched: Watched) -> None:
        watched.uninstall()
        self.gone_dropped += watched.watch.dropped
        self.gone_unreadable += watched.watch.skipped.count
        if watched is self.router.other:
            self.router.other = None
        else:
            self.router.dismiss(watched)
        with self.lock:
            self.relations.forget(watched)
            self.leave(watched)

    def drop_closed(self) -> None:
        """Let the closed clusters go that are more than ``closed_limit``, the oldest first."""
        with self.folding:
            for watched in self._closed_clusters.due(self.members(), texts_wait=self.texts.pending):
                self._closed_clusters.note_dropped(watched.name)
                self._dismiss(watched)

    def find(self, cluster: Any) -> Watched | None:
        """Return what belongs to dispy's object of a cluster, ``None`` if it is not watched."""
        if cluster is None:
            return None
        return next((w for w in list(self._members.values()) if w.cluster is cluster), None)

    def knows(self, job: Any, node: Any) -> bool:
        """Whether a report of that job and node belongs to a cluster that was added here."""
        return self.router.find(list(self._members.values()), node, job) is not None

    def named(self, name: str) -> list[Watched]:
        """Return the clusters that *name* stands for; ``*`` and ``* Combined`` for all.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        self.fold()  # 'other clusters' come into being by their reports
        if name in ALL_NAMES:
            return self.members()
        watched = self.member(name)
        if watched is None:
            raise unknown_cluster(name, self._closed_clusters.words(name))
        return [watched]

    # -- folding -----------------------------------------------------------------------------

    def fold(self) -> None:
        """Fold all that waited in the inboxes when this was called."""
        self.check_process()
        # Even with nothing in the inboxes: another thread may be about to fold what it took out.
        with self.folding:
            self.router.route(self.members(), lambda: self._enter(None, "other", OTHER_NAME))
            for watched in self.members():
                waiting = len(watched.watch.inbox)
                while waiting > 0:
                    self.apply(watched, watched.watch.drain(CHUNK, figures=waiting <= CHUNK))
                    waiting -= CHUNK
                self.texts.ask_columns(watched)
            self._fold_texts()
        self.keep_up()

    def apply(self, watched: Watched, reports: list[ParsedReport]) -> None:
        """Fold reports into the cluster's state and publish it. The caller holds ``folding``.

        One that can't be folded is left out: the others were taken from the inbox with it.
        """
        apply, live = watched.state.apply, watched.watch.jobs
        asked: list[TextRequest] = []
        with self.lock:
            for event, held, later in reports:
                try:
                    job = apply(event)
                except Exception:
                    watched.watch.skipped.note()
                    continue
                if job is None:
                    continue
                if job.state in ENDED_STATES:
                    live.pop(job.serial, None)
                elif held is not None:
                    live[job.serial] = held
                other = self.relations.note(watched, job) if self.relations.expected else None
                if other is not None and other is not watched:
                    self.publish(other)
                if later:
                    asked.extend(text_requests(later, job.serial))
            self.publish(watched)
        self.texts.ask(asked)

    def _fold_texts(self) -> None:
        if not self.texts.waiting:
            return
        with self.lock:
            clusters = self.members()
            self.texts.apply(clusters)
            for watched in clusters:
                self.publish(watched)

    def record(self, now: float) -> None:
        """Have the history take what it takes at intervals. The caller holds ``lock``."""
        if self.recorder is not None:
            self.recorder.record_due(self.states(), now)

    def shown_runs(self) -> dict[int, ShownRun]:
        """Return the runs of the clusters that are watched, by their ids in the history."""
        if self.recorder is None:
            return {}
        self.fold()
        with self.lock:
            return self.recorder.shown_runs(time.time())

    # -- the end -----------------------------------------------------------------------------

    def close(self) -> bool:
        """Let nobody in and nobody wait any more; return whether that is new."""
        with self.folding:
            return super().close()

    def end(self) -> None:
        """Put all callbacks back and write what the history lacks; nobody folds meanwhile."""
        with self.folding:
            self.fold()
            for watched in self.members():
                watched.uninstall()
            self.router.retire()
        if self.recorder is not None:
            self.texts.wait(self.intervals.last_texts_sec)
        self.texts.close()
        with self.folding, self.lock:
            self._fold_texts()
            for watched in self.members():
                watched.state.end_watching()
                self.publish(watched)
                if self.recorder is not None:
                    self.recorder.end(watched.state)
        if self.recorder is not None:
            self.recorder.store.close()

    def unregister_exit_handlers(self) -> None:
        """In a fork: see to it that the clusters' own ends are left to the process they live in."""
        for watched in list(self._members.values()):
            unregister_exit_handlers(watched.cluster)
