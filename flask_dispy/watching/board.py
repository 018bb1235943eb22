"""The states that readers see, under one lock: each change gets a version and wakes waiters."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from ..core.cluster import ClusterState
from ..core.combined import COMBINED_NAME, CombinedState
from ..core.errors import UnknownCluster, WrongProcess
from ..core.feed import Feed, new_epoch
from ..core.journal import Entry, EntryKind
from ..core.offers import Source
from ..core.settings import Settings, checked_poll_sec
from ..core.text import bounded
from ..history.recorder import Recorder
from ..wire.rows import RowWriter
from ..wire.tables import Tables
from .addresses import Address
from .intervals import Intervals
from .runs import Runs

__all__ = [
    "ALL_NAMES", "Board", "Member", "free_name", "shown_name", "tidy_name", "unknown_cluster",
]  # fmt: skip

ALL_NAMES: Final = ("*", COMBINED_NAME)
"""The names that stand for all clusters."""

# Characters of a cluster's name: a program's is its path, and dispyscheduler's clusters bring
# theirs over the network.
_NAME_LIMIT: Final = 200


def shown_name(name: str) -> str:
    """Return what a cluster that is called *name* is shown under."""
    return COMBINED_NAME if name in ALL_NAMES else name


def tidy_name(name: str) -> str:
    """Return a cluster's own name, bounded and in one line."""
    return bounded(" ".join(name.split()).lstrip("/"), _NAME_LIMIT) or "cluster"


def free_name(name: str, *taken: Collection[str]) -> str:
    """Return the name that a cluster is shown under: *name*, with a number if it is taken."""
    # It stands in URLs, where a slash in front, or a space at an end, gets lost.
    name = tidy_name(name)
    candidates = itertools.chain([name], (f"{name} ({n})" for n in itertools.count(2)))
    return next(c for c in candidates if not any(c in names for names in (*taken, ALL_NAMES)))


def unknown_cluster(name: str, why: str | None = None) -> UnknownCluster:
    """Return the error that no cluster of that name is watched, and *why* if that is known."""
    known = f"No cluster {name[:80]!r} is watched: the clusters are listed under clusters."
    return UnknownCluster(why or known, field="cluster")


class Member:
    """A cluster on a :class:`Board`: its state, and which of its nodes changed when.

    ``number`` is part of the cursors of its readers, and never reused; 0 is that of all clusters.
    """

    cluster: Any = None
    """dispy's object of it, where there is one."""

    def __init__(self, state: ClusterState, number: int) -> None:
        self.state = state
        self.number = number
        self.feed = Feed()

    @property
    def name(self) -> str:
        """The name that the cluster is shown under."""
        return self.state.name


M = TypeVar("M", bound=Member)


class Board(Generic[M]):
    """The clusters' states and '* Combined', their sum. Thread-safe.

    ``lock`` guards the states and is held for each batch of events and each read. ``version``
    grows with every change. ``tables`` are the fields of nodes and jobs, ``rows`` writes those of
    nodes. ``keep_up`` is called when a reader comes; the upkeep sets it, whose thread may have
    died.

    :raises BadRequest: the name of a custom column is taken.
    """

    past = False
    """Whether these are runs that are over, of a history."""

    recorder: Recorder | None = None
    """What writes the history, if one is written."""

    announce: Callable[[str, Sequence[Entry]], None] | None = None
    """Takes a cluster's new entries under the lock, if somebody may listen."""

    runs: Runs | None = None
    """The runs of the history, ``None`` if none is kept."""

    def __init__(self, settings: Settings, intervals: Intervals) -> None:
        self.settings = settings
        self.intervals = intervals
        self.tables = Tables.of(settings)
        self.rows = RowWriter(self.tables.nodes.fields)
        self.epoch = new_epoch()
        self.version = 0
        self.entry_numbers = itertools.count(1)  # of the clusters' journals
        self.lock = threading.RLock()
        self.combined = CombinedState(
            self.states, time.time(), priced=settings.cpu_hour_price is not None
        )
        self.combined_feed = Feed()
        self.closed = False
        self.keep_up: Callable[[], None] = lambda: None
        self.addresses: list[Address] = []  # of the servers that show it
        self._changed = threading.Condition(self.lock)
        self._members: dict[str, M] = {}
        self._pid = os.getpid()

    # -- members -----------------------------------------------------------------------------

    def enter(self, member: M) -> None:
        """Show a cluster. The caller holds ``lock``."""
        self._members[member.name] = member
        self.publish(member)

    def leave(self, member: M) -> None:
        """Show a cluster no longer. The caller holds ``lock``."""
        if self.recorder is not None:
            self.recorder.end(member.state)
        member.state.ledger.forget_texts()
        self.combined.keep(member.state, time.time())
        del self._members[member.name]
        self.version += 1
        self._combine(member.state.nodes)
        self._changed.notify_all()

    def members(self) -> list[M]:
        """Return the clusters, in the order they were added."""
        with self.lock:
            return list(self._members.values())

    def member(self, name: str) -> M | None:
        """Return the cluster of that name, ``None`` if there is none."""
        with self.lock:
            return self._members.get(name)

    def states(self) -> list[ClusterState]:
        """Return the states of the clusters. The caller holds ``lock``."""
        return [member.state for member in self._members.values()]

    # -- changes -----------------------------------------------------------------------------

    def publish(self, member: M) -> None:
        """Give what changed in a cluster's state the next version, and wake those who wait for it.

        The caller holds ``lock``.
        """
        state, roster = member.state, member.state.roster
        if not state.dirty and not roster.dirty:
            return
        self.version += 1
        roster.forget_encodings()
        if self.recorder is not None:
            self.recorder.record(state)
        state.ledger.invalidate_blocks(state.dirty_ends)
        dropped = roster.dropped - roster.nodes.keys()
        member.feed.touch(roster.dirty, self.version)
        member.feed.remove(dropped, self.version)
        self._combine([*roster.dirty, *dropped])
        roster.published()
        if self.announce is not None and state.journal.fresh:
            self.announce(state.name, state.journal.fresh)
        state.journal.fresh.clear()
        state.dirty_ends.clear()
        state.dirty = False
        self._changed.notify_all()

    @contextmanager
    def changing(self, member: M) -> Iterator[None]:
        """Hold the lock, and publish what the block changes of a cluster."""
        with self.lock:
            yield
            member.state.dirty = True
            self.publish(member)

    def _combine(self, addresses: Iterable[str]) -> None:
        known, gone = self.combined.nodes_changed(addresses)
        self.combined_feed.touch(known, self.version)
        self.combined_feed.remove(gone, self.version)

    def change_setting(
        self, name: str, value: float, *, source: Source = "program", by: str | None = None
    ) -> None:
        """Change ``poll_sec`` or ``show_job_args``, and wake all readers, however quiet it is.

        :param by: the user who gave the command, if there are users.
        """
        before = getattr(self.settings, name)
        setattr(self.settings, name, value)
        if value == before or not self.is_ours():
            return  # in a fork nobody looks, and the lock may be held for ever
        detail = {"setting": name, "value": value}
        with self.lock:
            if name == "show_job_args":
                for state in self.states():
                    state.jobs_changed()
            self.log_for_all("settings_changed", detail, source=source, by=by)

    def log_for_all(
        self,
        kind: EntryKind,
        detail: Mapping[str, Any],
        *,
        source: Source | None = None,
        by: str | None = None,
    ) -> None:
        """Log what concerns all clusters that are open, and publish every cluster.

        :param kind: one of :data:`~flask_dispy.core.journal.SHARED_KINDS`.
        """
        with self.lock:
            number = next(self.entry_numbers)
            entry = Entry(number, time.time(), kind, None, "", source, by, detail)
            for member in self._members.values():
                if member.state.closed_at is None:
                    member.state.journal.log(entry)
                member.state.dirty = True
                self.publish(member)

    def command_settings(
        self, *, poll_sec: float | None, show_job_args: bool | None, by: str | None
    ) -> None:
        """Change the settings that are given, because a command asks for it.

        :param by: the user who gave it, if there are users.
        :raises BadRequest: *poll_sec* is no number, or longer than a day.
        """
        if poll_sec is not None:
            self.change_setting("poll_sec", checked_poll_sec(poll_sec), source="command", by=by)
        if show_job_args is not None:
            self.change_setting("show_job_args", show_job_args, source="command", by=by)

    # -- reading -----------------------------------------------------------------------------

    @contextmanager
    def folded(self) -> Iterator[float]:
        """Hold the lock, with nothing left to fold; yields the time."""
        self.fold()
        with self.lock:
            yield time.time()

    def fold(self) -> None:
        """Apply what waits to be: here, nothing does."""
        self.check_process()

    def at_work(self) -> bool:
        """Whether jobs are queued or running in any of the clusters, as far as is known."""
        with self.lock:
            counts = [state.ledger.counts for state in self.states()]
        return not self.past and any(one["queued"] or one["running"] for one in counts)

    def wait_for_change(
        self, version: int, timeout_sec: float, *, until: Callable[[], bool] = lambda: False
    ) -> int:
        """Wait until something changed after *version*, or time is out; return the version.

        :param until: ends the wait, too, where it is true; looked at again when :meth:`wake` is
            called.
        :raises WrongProcess: this is a fork of the process that made it.
        """
        self.check_process()
        self.keep_up()
        deadline = time.monotonic() + timeout_sec
        with self._changed:
            while self.version <= version and not self.closed and not until():
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return self.version

    def wake(self) -> None:
        """Let all who wait for a change look whether they still want to."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> bool:
        """Let nobody wait for changes any more; return whether that is new."""
        with self.lock:
            was_closed, self.closed = self.closed, True
            self._changed.notify_all()
            return not was_closed

    def is_ours(self) -> bool:
        """Whether this is the process that made it."""
        return os.getpid() == self._pid

    def is_fresh(self) -> bool:
        """Whether it is open and has no members."""
        return not self._members and not self.closed

    def check_process(self) -> None:
        """Refuse to go on in a fork, where the threads that all this needs do not run.

        :raises WrongProcess: this is a fork of the process that made it.
        """
        if not self.is_ours():
            raise WrongProcess(
                "This registry's clusters were made in another process, of which this one is "
                "a fork; dispy's threads stayed there. Make the clusters in the process that "
                "serves the pages (with gunicorn: one worker, and no --preload)."
            )
