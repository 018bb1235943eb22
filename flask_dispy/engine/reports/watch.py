"""What dispy tells of one cluster, turned into events.

dispy calls :attr:`Watch.callback` on threads that it needs for other things, so that call only
puts a tuple into a deque. All the rest happens later, on the pump's or a reader's thread:
:meth:`Watch.drain` takes what waits and makes events of it, with every text rendered.
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

__all__ = ["Callback", "Watch"]

logger = logging.getLogger("flask_dispy.engine")

Callback: TypeAlias = Callable[[int, Any, Any], None]
Report: TypeAlias = tuple[int, Any, Any]
"""What dispy calls a callback with: a status, a node or ``None``, a job or ``None``."""

_NODE_NEWS: Final = frozenset((DispyNode.Initialized, DispyNode.Closed, DispyNode.AvailInfo))


class Watch:
    """The engine's end of one watched cluster.

    :param cluster: dispy's object, ``None`` for what arrives from clusters nobody added.
    :param text_limit: characters that a text keeps.
    :param inbox_limit: calls that may wait; what comes on top is counted and dropped.
    :param plain: render built-in values here; off when a redaction hook must see every text.
    :param node_columns: whether nodes have custom columns.
    :param job_columns: whether jobs have.

    ``subjects`` are the nodes and jobs whose custom columns are to be read.
    ``jobs`` holds the live jobs by serial, to cancel them and to learn of ends that dispy does not
    report; whoever folds enters them, and lets them go when they ended. ``nodes`` and
    ``job_reports`` are what reads the reports of either.

    ``callback`` may be called from any thread; the other methods by one thread at a time, which
    the registry sees to.
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
    ) -> None:
        self.cluster = cluster
        self.inbox: deque[Report] = deque()
        self.jobs: dict[int, Any] = {}
        self.skipped = SkippedReports(logger)
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

        # dispy checks that a callback takes exactly these three arguments. The names are bound
        # here once, for dispy's thread waits while this runs.
        def cluster_status(status: int, node: Any, job: Any) -> None:
            if len(inbox) < limit:
                append((status, node, job))
            else:
                next(drop)

        cluster_status.at_once = cluster_status  # type: ignore[attr-defined]  # see compat

        def retire() -> None:
            nonlocal append
            append = _ignore
            inbox.clear()

        self.retire = retire
        return cluster_status

    retire: Callable[[], None]
    """Make the callback do nothing from now on, for somebody may go on calling it."""

    @property
    def dropped(self) -> int:
        """Calls that were dropped because the inbox was full."""
        # An itertools.count counts in one indivisible step, whatever thread calls; only its
        # repr, "count(7)", tells where it stands without taking a step.
        return int(repr(self._dropped)[len("count(") : -1])

    @property
    def received(self) -> int:
        """Calls so far. The caller keeps folds out."""
        return self._taken + len(self.inbox) + self.dropped

    # -- draining ----------------------------------------------------------------------------

    def drain(self, limit: int, *, figures: bool = True) -> list[ParsedReport]:
        """Return what the next *limit* calls come to.

        :param figures: with those of the nodes that were heard of, as they are now, at the end;
            without, a later call returns them.
        """
        touched, jobs, readers = self.nodes.touched, self.job_reports, JOB_READERS
        found: list[ParsedReport] = []
        reports, now = self._take(limit), time.time()
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
        with contextlib.suppress(IndexError):  # a handler of signals may empty it meanwhile
            # What was taken until then stays in the list.
            reports.extend(starmap(self.inbox.popleft, repeat((), waiting)))
        self._taken += len(reports)
        return reports


def _ignore(_item: object) -> None:
    pass
