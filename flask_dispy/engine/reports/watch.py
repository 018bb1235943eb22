"""dispy's reports on one cluster, turned into events.

dispy calls :attr:`Watch.callback` on threads that it needs for other work, so the callback only
appends a tuple to a deque. Later, on the pump's or a reader's thread, :meth:`Watch.drain` turns the
waiting reports into events with rendered texts.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable
from itertools import repeat, starmap
from typing import Any, Final, TypeAlias

from dispy import DispyNode

from ..faultlog import SkippedReports
from .columns import Subjects
from .jobs import JOB_READERS, JobReports
from .nodes import NodeReports
from .parsed import ParsedReport
from .texts import JobTexts

__all__ = ["Callback", "Watch", "counted"]

logger = logging.getLogger("flask_dispy.engine")

Callback: TypeAlias = Callable[[int, Any, Any], None]
Report: TypeAlias = tuple[int, Any, Any]
"""The arguments of a callback: a status, a node or ``None``, a job or ``None``."""

_NODE_NEWS: Final = frozenset((DispyNode.Initialized, DispyNode.Closed, DispyNode.AvailInfo))


class Watch:
    """The engine's side of one watched cluster.

    :param cluster: dispy's object, ``None`` for reports of clusters that nobody added.
    :param text_limit: the most characters of a text.
    :param inbox_limit: how many reports may wait; further ones are counted and dropped.
    :param plain: render built-in values at once; off if a redaction hook must see every text.
    :param node_columns: whether nodes have custom columns.
    :param job_columns: whether jobs have custom columns.
    :param clock: the time in epoch seconds.

    ``jobs`` holds the live jobs by serial, to cancel them and to notice ends that dispy does not
    report; the code that folds events adds them, and removes those that ended. ``nodes`` and
    ``job_reports`` read the reports; ``subjects`` has the nodes and jobs whose custom columns are
    to be read.

    ``callback`` may be called from any thread; the other methods by one thread at a time, which the
    hub ensures.
    """

    def __init__(
        self,
        cluster: Any,
        *,
        text_limit: int,
        inbox_limit: int,
        plain: bool = True,
        node_columns: bool = False,
        job_columns: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self.cluster = cluster
        self.inbox: deque[Report] = deque()
        self.jobs: dict[int, Any] = {}
        self.skipped = SkippedReports(
            logger, "A status report from dispy could not be read and was skipped."
        )
        self.subjects = Subjects()
        self.nodes = NodeReports(cluster, self.skipped, self.subjects if node_columns else None)
        self.job_reports = JobReports(
            JobTexts(text_limit, plain=plain),
            self.nodes,
            cluster,
            self.subjects if job_columns else None,
        )
        self._taken = 0
        self._dropped = itertools.count()
        self.callback: Callback = self._make_callback(inbox_limit)

    def _make_callback(self, limit: int) -> Callback:
        inbox, append, drop = self.inbox, self.inbox.append, self._dropped

        # dispy checks that a callback takes exactly these three arguments. All names are local,
        # because dispy's thread waits while this runs.
        def cluster_status(status: int, node: Any, job: Any) -> None:
            if len(inbox) < limit:
                append((status, node, job))
            else:
                next(drop)

        cluster_status.at_once = cluster_status  # type: ignore[attr-defined]  # see programs/patches.py

        def retire() -> None:
            nonlocal append
            append = _ignore
            inbox.clear()

        self.retire = retire
        return cluster_status

    retire: Callable[[], None]
    """Make the callback do nothing from now on, because it may still be called."""

    @property
    def dropped(self) -> int:
        """Reports that were dropped because the inbox was full."""
        return counted(self._dropped)

    @property
    def received(self) -> int:
        """Reports so far. The caller keeps folds out."""
        return self._taken + len(self.inbox) + self.dropped

    # -- draining ----------------------------------------------------------------------------

    def drain(self, limit: int, *, figures: bool = True) -> list[ParsedReport]:
        """Turn the next *limit* reports into events.

        :param figures: add the present figures of the nodes that were reported; if false, a later
            call adds them.
        """
        touched, jobs, readers = self.nodes.touched, self.job_reports, JOB_READERS
        found: list[ParsedReport] = []
        reports, now = self._take(limit), self._clock()
        for status, node, job in reports:
            try:
                if job is not None and status in readers:
                    found.append(readers[status](jobs, status, node, job, now))
                elif status in _NODE_NEWS:
                    self.nodes.read(status, node, found, now)
                    continue
                if node is not None:
                    touched[node.ip_addr] = node
            except Exception:
                self.skipped.note()
        if figures:
            found.extend(self.nodes.figures())
        return found

    def _take(self, limit: int) -> list[Report]:
        reports: list[Report] = []
        waiting = min(limit, len(self.inbox))
        with contextlib.suppress(IndexError):  # a signal handler may empty the inbox meanwhile
            # The reports that were read before stay in the list.
            reports.extend(starmap(self.inbox.popleft, repeat((), waiting)))
        self._taken += len(reports)
        return reports


def counted(counter: itertools.count[int]) -> int:
    """Return how many times ``next(counter)`` was called, from any thread.

    An itertools.count counts in one step that no other thread interrupts; only its repr,
    "count(7)", shows its value without counting.
    """
    return int(repr(counter)[len("count(") : -1])


def _ignore(_item: object) -> None:
    pass
