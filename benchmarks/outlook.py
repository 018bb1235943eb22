"""How near the time that is left comes, on runs whose end is known; and silence while they stall.

Each run is folded by a real ``ClusterState``, whose clock is the run's. At a quarter, half and
three quarters of the run's time the summary is asked, as a page asks for it. What is left then is
the time until all that was submitted by then has ended; no forecast can know of jobs that
nobody has submitted yet. The error is by that time, not by the run's length.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.summary import summary_of
from flask_dispy.core.whatif import what_if

from .runs import FAMILIES, Run, changed, hanging, made, recorded
from .scale import Scale
from .table import Row, Target

__all__ = ["Asked", "ask", "measure"]

# Seeds of the runs that are reported. Whoever tunes the forecast takes others: from 0 on.
_FIRST_SEED: Final = 1_000_000

# Families whose CPUs don't change by themselves, and whose jobs all wait from the beginning.
_CHANGED: Final = ("steady", "bimodal", "heavy-tailed", "growing", "slow last node")

_BEGAN_AT: Final = 1_700_000_000.0
_QUARTERS: Final = (0.25, 0.5, 0.75)

# The pump samples four times a second; in a long run that would be most of the work here.
_TICKS: Final = 400
_LEAST_TICK_SEC: Final = 0.25


class Asked(NamedTuple):
    """What the summary said at a share of the run, and what was true."""

    share: float
    left_sec: float
    eta_sec: float | None
    early_sec: float | None
    late_sec: float | None

    @property
    def error(self) -> float | None:
        """The error, by the time that was left."""
        return None if self.eta_sec is None else abs(self.eta_sec - self.left_sec) / self.left_sec

    @property
    def held(self) -> bool | None:
        """Whether the range held."""
        if self.early_sec is None or self.late_sec is None:
            return None
        return self.early_sec <= self.left_sec <= self.late_sec


def measure(scale: Scale) -> list[Row]:
    """Replay the runs of each family."""
    each = scale.pick(60, 32, 1)
    real = recorded()
    asked = {
        f"{family}, {each} runs": [
            item for seed in range(each) for item in ask(made(family, _FIRST_SEED + seed))
        ]
        for family in FAMILIES
    }
    asked[f"real ones, {len(real)} runs"] = [item for run in real for item in ask(run)]
    every = [item for items in asked.values() for item in items]
    if_changed = [
        found
        for family in _CHANGED
        for seed in range(each)
        if (found := _if_changed(family, _FIRST_SEED + seed))
    ]
    stalled = [eta for seed in range(each) for eta in _stalled(hanging(_FIRST_SEED + seed))]
    return [
        *(_of_family(family, items) for family, items in asked.items()),
        *_of_all(every, each * len(FAMILIES) + len(real)),
        Row(f"what if, {len(if_changed)} runs whose CPUs change midway: error of the time left",
            "%", [100 * item.error for item in if_changed if item.error is not None]),
        Row(f"what if, {len(if_changed)} runs whose CPUs change midway: how often the range held",
            "%", [_held(if_changed)]),
        Row(f"outlook, {len(stalled):,} minutes in which a run stalls: with a time left", "min",
            [float(sum(eta is not None for eta in stalled))], target=Target("value", 0, "min")),
    ]  # fmt: skip


def _of_family(family: str, asked: list[Asked]) -> Row:
    quarter, half, late = (_errors(asked, share) for share in _QUARTERS)
    note = (
        f"at a quarter {_median(quarter)}, at three quarters {_median(late)}, "
        f"range held {_held(asked):.0f} %"
    )
    return Row(
        f"outlook, {family}: error of the time left at half of the run", "%", half, note=note
    )


def _of_all(asked: list[Asked], runs: int) -> list[Row]:
    what = f"outlook, all {runs} runs"
    silent = 100 * sum(item.eta_sec is None for item in asked) / len(asked)
    return [
        Row(f"{what}: error of the time left at a quarter of the run", "%", _errors(asked, 0.25)),
        Row(f"{what}: error of the time left at half of the run", "%", _errors(asked, 0.5),
            target=Target("value", 15, "%")),
        Row(f"{what}: error of the time left at three quarters", "%", _errors(asked, 0.75)),
        Row(f"{what}: how often the 80 % range held", "%", [_held(asked)],
            target=Target("value", 75, "%", at_least=True, at_most=90)),
        Row(f"{what}: moments without a time left", "%", [silent]),
    ]  # fmt: skip


def _errors(asked: list[Asked], share: float) -> list[float]:
    """Return the errors at that share of the run, in percent."""
    return [100 * item.error for item in asked if item.share == share and item.error is not None]


def _median(errors: list[float]) -> str:
    return f"{statistics.median(errors):.0f} %" if errors else "none said"


def _held(asked: list[Asked]) -> float:
    held = [item.held for item in asked if item.held is not None]
    return 100 * sum(held) / max(1, len(held))


# -- replaying -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Replay:
    """A run, folded up to a moment."""

    state: ClusterState
    happenings: Iterator[tuple[float, events.Event]]
    tick_sec: float
    at: float = 0.0
    _next: tuple[float, events.Event] | None = None

    @classmethod
    def of(cls, run: Run) -> _Replay:
        state = ClusterState("run", _BEGAN_AT, serials=itertools.count(1), history_limit=1_000)
        tick_sec = max(_LEAST_TICK_SEC, run.length_sec / _TICKS)
        return cls(state, iter(_happenings(run)), tick_sec)

    def go_to(self, at: float) -> None:
        """Take in all that happened until then, with the pump's turns between."""
        while self.at < at:
            self.at = min(at, self.at + self.tick_sec)
            self._take_in(self.at)
            now = _BEGAN_AT + self.at
            self.state.series.add(now, self.state.sample())
            self.state.refresh_pace(now)
        self._take_in(at)

    def _take_in(self, until: float) -> None:
        while True:
            self._next = self._next or next(self.happenings, None)
            if self._next is None or self._next[0] > until:
                return
            self.state.apply(self._next[1])
            self._next = None

    def summary(self) -> dict[str, Any]:
        return summary_of(self.state, _BEGAN_AT + self.at)


def _happenings(run: Run) -> list[tuple[float, events.Event]]:
    """Return what is reported, in order; at one moment joins come first, then ends."""
    found: list[tuple[float, int, int, events.Event]] = []
    for ip_addr, (cpus, joined) in run.nodes.items():
        seen = events.NodeSeen(
            ip_addr, ip_addr, cpus, cpus, 0, 0, 0.0, 0, 0, _BEGAN_AT + joined, None, True, False,
            _BEGAN_AT + joined,
        )  # fmt: skip
        found.append((joined, 0, len(found), seen))
    for key, job in enumerate(run.jobs):
        submitted, started = _BEGAN_AT + job.submitted, _BEGAN_AT + job.started
        queued = events.JobQueued(key, submitted, str(key), None, None)
        found.append((job.submitted, 2, len(found), queued))
        start = events.JobStarted(key, started, submitted, job.node, str(key), None, None)
        found.append((job.started, 3, len(found), start))
        if job.ended is not None:
            end = events.JobEnded(
                key=key, at=_BEGAN_AT + job.ended, submitted_at=submitted, started_at=started,
                node=job.node, state="finished", id=str(key), result=None, stdout=None,
                stderr=None, exception=None,
            )  # fmt: skip
            found.append((job.ended, 1, len(found), end))
    return [(at, event) for at, _, _, event in sorted(found, key=lambda each: each[:3])]


def ask(run: Run) -> list[Asked]:
    """Return what the summary says at the three moments.

    Where nothing is left at one of them, between two waves, it is the moment after the next
    jobs were submitted.
    """
    replay = _Replay.of(run)
    found = []
    for share in _QUARTERS:
        at = share * run.length_sec
        left_sec = _left_sec(run, at)
        if left_sec <= 0.0:
            at = min(job.submitted for job in run.jobs if job.submitted > at) + replay.tick_sec
            left_sec = _left_sec(run, at)
        replay.go_to(at)
        found.append(Asked(share, left_sec, *_figures(replay.summary())))
    return found


def _if_changed(family: str, seed: int) -> Asked | None:
    """Return what was answered, at the moment the CPUs change, for the CPUs that there are then."""
    run, at, cpus = changed(family, seed)
    left_sec = _left_sec(run, at)
    if left_sec <= 0.0:
        return None
    replay = _Replay.of(run)
    replay.go_to(at)
    now = _BEGAN_AT + at
    state = replay.state
    found = what_if([state.backlog(now)], state.roster.census.cpus, now, cpus=cpus)
    return Asked(
        at / run.length_sec, left_sec, found["eta_sec"], found["eta_early_sec"],
        found["eta_late_sec"],
    )  # fmt: skip


def _left_sec(run: Run, at: float) -> float:
    return max(job.ended or 0.0 for job in run.jobs if job.submitted <= at) - at


def _figures(summary: dict[str, Any]) -> tuple[float | None, float | None, float | None]:
    outlook = summary["outlook"]
    return summary["eta_sec"], outlook["eta_early_sec"], outlook["eta_late_sec"]


def _stalled(run: Run) -> Iterator[float | None]:
    """Return the time left that is said in each minute of half an hour in which a run stalls.

    It stalls once all jobs that end have ended, and none for max(60 s, 3 x the 95th percentile of
    durations, 10 x the usual gap between two ends).
    """
    replay = _Replay.of(run)
    ends = sorted(job.ended for job in run.jobs if job.ended is not None)
    took = sorted(job.ended - job.started for job in run.jobs if job.ended is not None)
    gap_sec = statistics.median(b - a for a, b in itertools.pairwise(ends)) if ends[1:] else 0.0
    stalls = ends[-1] + max(60.0, 3 * took[int(0.95 * len(took))], 10 * gap_sec)
    for minute in range(1, 31):
        replay.go_to(stalls + 60.0 * minute)
        yield replay.summary()["eta_sec"]
