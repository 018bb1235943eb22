"""How a cluster's jobs are getting on: done, going, waiting or stalled, why, and since when.

A pure function of a :class:`Situation` and a :class:`Memory`, which knows since when things have
been as they are. ``REASONS`` is the closed set of reasons; docs/api.md explains each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from .endings import ending
from .phrases import listed, quantity, span

__all__ = [
    "DONE", "ETA_FIELDS", "REASONS", "Memory", "Outlook", "Situation", "State", "Stuck", "outlook",
    "with_eta",
]  # fmt: skip

State = Literal["done", "going", "waiting", "stalled"]

REASONS: Final[dict[State, tuple[str, ...]]] = {
    "done": ("all_done", "all_ended", "no_jobs", "none_pending"),
    "going": ("estimated", "no_estimate", "part_blocked", "starting", "not_counted"),
    "waiting": (
        "no_node", "nodes_left", "nodes_silent", "cpus_zero", "cpus_busy", "cpus_busy_elsewhere",
        "bound_to_gone_node", "scheduler_silent", "port_taken", "not_started", "closed",
    ),
    "stalled": ("none_ended",),
}  # fmt: skip
"""Every reason that an outlook can give, by its state."""

ETA_FIELDS: Final = ("eta_sec", "eta_early_sec", "eta_late_sec")
"""The fields of an outlook that say when all will be done."""

# Why no job runs, or no estimate can be made, if CPUs would help.
_CPUS_MAY_HELP: Final = frozenset(
    ("no_estimate", "starting", "no_node", "nodes_left", "cpus_zero", "cpus_busy",
     "cpus_busy_elsewhere"),
)  # fmt: skip


# A wait that nothing explains must last this long: a node may be copying files for the job.
_UNEXPLAINED_SEC: Final = 30.0

# A stall is longer than this many times the usual duration, and the usual time between two ends.
_TIMES_P95: Final = 3.0
_TIMES_GAP: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that an outlook depends on, at one moment.

    ``jobs`` returns the counts of a summary. ``unknown`` counts jobs that were submitted before
    watching began and were not reported since: they wait or run. ``bound`` counts queued jobs that
    are bound to nodes that are gone, the nodes ``bound_to``. ``there`` counts nodes that have not
    left, silent ones included; ``lost`` those that died or were cut off. ``counted`` is false if
    the cluster's reports do not arrive. ``busy_with`` returns the names of the clusters whose jobs
    hold all CPUs, no names if those clusters are unknown, ``None`` if some CPU is free.
    ``ended_at`` is when a job last ended in any way, ``last_end_at`` when one ended that nobody had
    ended. Without an end for less than ``stall_sec``, no run is stalled. A CPU is free for a moment
    between two jobs, so that jobs are called waiting only after ``busy_grace_sec``.
    """

    now: float
    is_open: bool
    counted: bool
    trouble: str | None
    is_shared: bool
    submitted: int
    jobs: Callable[[], Mapping[str, int]]
    queued: int
    running: int
    unknown: int
    bound: int
    bound_to: Sequence[str]
    known_nodes: int
    there: int
    lost: int
    up: int
    cpus: int
    ended_at: float | None
    last_end_at: float | None
    oldest_start_at: float | None
    newest_start_at: float | None
    p95_sec: float | None
    usual_sec: float | None
    usual_gap_sec: float
    stall_sec: float
    busy_grace_sec: float
    nodes_at_work: Callable[[], Sequence[str]]
    busy_with: Callable[[], Sequence[str] | None]

    @property
    def pending(self) -> int:
        """Jobs that have not ended."""
        return self.queued + self.running + self.unknown

    @property
    def free_to_start(self) -> int:
        """Jobs that wait, or may wait, and that some node may take."""
        return self.queued - self.bound + self.unknown


@dataclass(frozen=True, slots=True)
class Stuck:
    """The jobs that a stalled cluster waits for; each has run for longer than ``over_sec``."""

    jobs: int
    nodes: tuple[str, ...]
    oldest_sec: float
    usual_sec: float
    over_sec: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """A state, the reason, since when, and a sentence; without the time that is left."""

    state: State
    reason: str
    message: str
    since: float | None
    bound: int = 0
    stuck: Stuck | None = None

    @property
    def has_eta(self) -> bool:
        """Whether the time that is left can be estimated."""
        return self.reason in ("estimated", "part_blocked")

    @property
    def needs_cpus(self) -> bool:
        """Whether a different number of CPUs could change when all jobs are done."""
        return self.has_eta or self.reason in _CPUS_MAY_HELP

    @property
    def key(self) -> tuple[object, ...]:
        """What readers need to know at once when it changes."""
        return (self.state, self.reason, self.bound, self.stuck.jobs if self.stuck else 0)

    def as_dict(self, cluster: str) -> dict[str, Any]:
        """Return the summary's ``outlook`` with its times unknown."""
        stuck = self.stuck
        return {
            "state": self.state,
            "reason": self.reason,
            "message": self.message,
            "cluster": cluster,
            "since": self.since,
            **dict.fromkeys(ETA_FIELDS),
            "bound": self.bound,
            "stuck": {
                "jobs": stuck.jobs if stuck else None,
                "nodes": len(stuck.nodes) if stuck else None,
                "oldest_sec": round(stuck.oldest_sec, 3) if stuck else None,
                "usual_sec": round(stuck.usual_sec, 6) if stuck else None,
                "over_sec": round(stuck.over_sec, 3) if stuck else None,
            },
        }


class Memory:
    """Since when a cluster's outlook has been what it is. Guarded by the hub's lock."""

    __slots__ = ("_key", "_since", "_start", "_start_seen", "_unstarted_since")

    def __init__(self) -> None:
        self._key = ""
        self._since = 0.0
        self._start: float | None = None
        self._start_seen = 0.0
        self._unstarted_since: float | None = None

    def newest_start(self, at: float | None, now: float) -> float:
        """Return when a job last started; 0 if none did.

        If the clock was set back, that time may lie hours ahead; the start then counts from when
        it was first seen.
        """
        if at is None:
            return 0.0
        if at != self._start:
            self._start = self._start_seen = at
        self._start_seen = min(self._start_seen, now)
        return self._start_seen

    def since(self, key: str, now: float) -> float:
        """Return since when the outlook has had this *key*; *now* if it is new."""
        if key != self._key:
            self._key, self._since = key, now
        self._since = min(self._since, now)  # a clock that was set back
        return self._since

    def unstarted_sec(self, now: float, *, unstarted: bool) -> float:
        """Return for how long jobs have waited while none ran; 0 if *unstarted* is false."""
        if not unstarted:
            self._unstarted_since = None
            return 0.0
        if self._unstarted_since is None:
            self._unstarted_since = now
        self._unstarted_since = min(self._unstarted_since, now)
        return now - self._unstarted_since


def outlook(s: Situation, memory: Memory) -> Outlook:
    """Return how a cluster's jobs are getting on, without the time that is left."""
    unstarted = s.is_open and s.running == 0 and s.pending > 0
    unstarted_sec = memory.unstarted_sec(s.now, unstarted=unstarted)
    if s.pending == 0:
        if not s.submitted:
            reason = "no_jobs" if s.counted else "none_pending"
            return Outlook("done", reason, DONE[reason], s.ended_at)
        return Outlook("done", *ending(s.jobs()), s.ended_at or memory.since("done", s.now))
    moved_at = max(s.last_end_at or 0.0, memory.newest_start(s.newest_start_at, s.now))
    stuck = _stuck(s, moved_at) if s.is_open and s.counted and not s.trouble else None
    if stuck is not None:
        memory.since("stalled", s.now)
        message = _stalled_text(s, stuck, s.now - moved_at)
        return Outlook("stalled", "none_ended", message, moved_at, s.bound, stuck)
    why = _waiting(s, unstarted_sec)
    if why is not None:
        return Outlook("waiting", *why, memory.since(why[0], s.now), s.bound)
    return Outlook("going", *_going(s, unstarted_sec), memory.since("going", s.now), s.bound)


DONE: Final = {
    "no_jobs": "No job has been submitted yet.",
    "none_pending": (
        "No job is pending now. The cluster's reports do not arrive here, so what has run is not "
        "known."
    ),
}
"""What an outlook says when nothing is left to do, by its reason, if no job was counted."""


# -- stalled ---------------------------------------------------------------------------------


def _stuck(s: Situation, moved_at: float) -> Stuck | None:
    """Return the jobs that the cluster waits for if none has ended for far longer than usual.

    What is usual is known once a job has finished. A cluster is not stalled soon after a start,
    because that job may well end as usual.

    :param moved_at: when a job last started, or ended without anybody ending it.
    """
    if not s.running or s.p95_sec is None or s.oldest_start_at is None:
        return None
    over_sec = max(s.stall_sec, _TIMES_P95 * s.p95_sec, _TIMES_GAP * s.usual_gap_sec)
    if s.now - moved_at <= over_sec:
        return None
    return Stuck(
        jobs=s.running,
        nodes=tuple(s.nodes_at_work()),
        oldest_sec=s.now - min(s.oldest_start_at, moved_at),
        usual_sec=s.p95_sec if s.usual_sec is None else s.usual_sec,
        over_sec=over_sec,
    )


def _stalled_text(s: Situation, stuck: Stuck, quiet_sec: float) -> str:
    where = listed(stuck.nodes, "node")
    if stuck.jobs == 1:
        who = f"the job that runs, on {where}, has run for {span(stuck.oldest_sec)}"
    else:
        who = f"{stuck.jobs:,} jobs run on {where}, the oldest for {span(stuck.oldest_sec)}"
    usual = f"usually {span(stuck.usual_sec)}"
    return f"No job has ended for {span(quiet_sec)}: {who} ({usual}).{_bound_text(s)}"


# -- waiting ---------------------------------------------------------------------------------


def _waiting(s: Situation, unstarted_sec: float) -> tuple[str, str] | None:
    """Return why no job runs, as a reason and a sentence; ``None`` if one may run."""
    if not s.is_open:
        have = "had" if s.pending == 1 else "have"
        return "closed", f"The cluster was closed; {quantity(s.pending, 'job')} {have} not ended."
    if s.trouble:
        return "scheduler_silent" if s.is_shared else "port_taken", s.trouble
    if s.running or not s.counted:
        return None
    waits = f"{quantity(s.pending, 'job')} {'waits' if s.pending == 1 else 'wait'}"
    return _no_node(s, waits) or _no_cpu(s, waits, unstarted_sec)


def _no_node(s: Situation, waits: str) -> tuple[str, str] | None:
    if not s.known_nodes:
        return "no_node", f"{waits}: no node has joined yet."
    if not s.there:
        return "nodes_left", f"{waits}: {_left_text(s)}."
    if not s.free_to_start:
        return "bound_to_gone_node", _bound_text(s).strip()
    if not s.up:
        silent = "the only node is" if s.there == 1 else f"all {s.there:,} nodes are"
        return "nodes_silent", f"{waits}: {silent} silent."
    return None


def _left_text(s: Situation) -> str:
    if s.known_nodes == 1:
        return "the only node was lost" if s.lost else "the only node has left"
    if s.lost == s.known_nodes:
        return f"all {s.lost:,} nodes were lost"
    if s.lost:
        return f"all {s.known_nodes:,} nodes are gone, {s.lost:,} of them lost"
    return f"all {s.known_nodes:,} nodes have left"


def _no_cpu(s: Situation, waits: str, unstarted_sec: float) -> tuple[str, str] | None:
    also = _bound_text(s)
    if s.cpus <= 0:
        whose = "the node" if s.there == 1 else f"all {s.there:,} nodes"
        return "cpus_zero", f"{waits}: the CPUs of {whose} are set to 0.{also}"
    if s.unknown or unstarted_sec < s.busy_grace_sec:
        return None  # unknown jobs may run
    busy_with = s.busy_with()
    if busy_with is not None:
        names = listed(busy_with, "cluster") if busy_with else "another cluster of this program"
        cpus = "The only CPU is" if s.cpus == 1 else f"All {s.cpus:,} CPUs are"
        return "cpus_busy", f"{cpus} busy with {names}; {waits}.{also}"
    if unstarted_sec < _UNEXPLAINED_SEC:
        return None
    cpus = quantity(s.cpus, "CPU")
    if s.is_shared:
        return "cpus_busy_elsewhere", (
            f"{waits}: the scheduler gives them none of {cpus}. Another program's jobs may hold "
            f"these, or the jobs may be bound to a node that is gone.{also}"
        )
    return "not_started", f"{waits}: none has started, although {cpus} seem to be free.{also}"


def _bound_text(s: Situation) -> str:
    """Return a sentence on the jobs that can't start because their node is gone, or nothing."""
    if not s.bound:
        return ""
    where = listed(s.bound_to, "node")
    gone = f"{where}, which {'is' if len(s.bound_to) == 1 else 'are'} gone"
    if s.bound == s.queued:
        all_of_them = "The queued job is" if s.bound == 1 else f"All {s.bound:,} queued jobs are"
    else:
        all_of_them = f"{s.bound:,} of the queued jobs {'is' if s.bound == 1 else 'are'}"
    return f" {all_of_them} bound to {gone}."


# -- going -----------------------------------------------------------------------------------


def _going(s: Situation, unstarted_sec: float) -> tuple[str, str]:
    """Return how it goes, as a reason and a sentence to follow the time that is left."""
    if not s.counted:
        return "not_counted", (
            f"{quantity(s.pending, 'job')} not done. The cluster's reports do not arrive here, so "
            "nothing more is known of them."
        )
    if s.running and s.free_to_start and s.cpus <= 0:
        return "part_blocked", (
            f"{quantity(s.running, 'job')} {'runs' if s.running == 1 else 'run'}; "
            f"{s.free_to_start:,} more can't start: the CPUs of all nodes are set to 0."
            f"{_bound_text(s)}"
        )
    if s.p95_sec is None:
        return "no_estimate", _no_estimate_text(s)
    if not s.running and not s.unknown and unstarted_sec >= s.busy_grace_sec:
        return "starting", f"{quantity(s.pending, 'job')} about to start.{_bound_text(s)}"
    return ("part_blocked", _bound_text(s).strip()) if s.bound else ("estimated", "")


def _no_estimate_text(s: Situation) -> str:
    if not s.running and s.unknown:
        were = "was" if s.unknown == 1 else "were"
        return (
            f"{quantity(s.unknown, 'job')} {were} submitted before watching began; whether they "
            "run is not known."
        )
    if not s.running:
        return f"{quantity(s.pending, 'job')} about to start.{_bound_text(s)}"
    oldest = s.now - (s.oldest_start_at or s.now)
    who = "the job that runs has run" if s.running == 1 else f"the oldest of {s.running:,} has run"
    return f"No job has finished yet; {who} for {span(oldest)}.{_bound_text(s)}"


def with_eta(message: str, eta_sec: float, early_sec: float, late_sec: float) -> str:
    """Return a sentence on the time that is left, followed by *message*."""
    left = f"About {span(eta_sec)} left, {span(early_sec)} to {span(late_sec)}"
    return f"{left}. {message}".strip()
