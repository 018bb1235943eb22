"""When a run would be done with other CPUs: more, fewer, as many as it takes, or without a node.

Pure, and computed from copies, so the hub's lock need not be held.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypedDict

from .durations import Durations
from .errors import BadRequest
from .forecast.forecast import Ages, Confidence, Forecast, forecast
from .nodes import GONE_STATES, Node
from .phrases import quantity, span
from .text import bounded

__all__ = ["Backlog", "Loss", "Times", "WhatIf", "what_if"]

# The search for enough CPUs ends at this many times the present ones: a forecast so far from what
# was seen would be worthless.
_MOST_TIMES: Final = 1_000

_NAME_LIMIT: Final = 60

_UNKNOWN: Final = "How long the jobs take is not known yet: none has finished."


@dataclass(frozen=True, slots=True)
class Backlog:
    """The work that is left for one cluster, and its CPUs.

    :param queued: queued jobs that can start.
    :param ages: the ages of the running jobs, from
        :func:`~flask_dispy.core.forecast.forecast.ages_of`.
    :param cpus: CPUs that may run them.
    :param now: epoch seconds.
    :param blocked: why other CPUs would change nothing, as a sentence; empty if they would.
    """

    durations: Durations
    queued: int
    ages: Ages
    cpus: int
    now: float
    blocked: str = ""

    @property
    def running(self) -> int:
        """Jobs that run."""
        return sum(count for _, count in self.ages)

    def forecast(self, more: int = 0) -> Forecast | None:
        """Return when it would be done with *more* CPUs from now on, or fewer."""
        if self.blocked:
            return None
        return forecast(
            self.durations,
            queued=self.queued,
            ages=self.ages,
            cpus=self.cpus,
            then_cpus=max(0, self.cpus + more),
            now=self.now,
        )


class Times(TypedDict):
    """Seconds until all is done; with a probability of 80 %, between the early and the late ones.

    Null if unknown.
    """

    eta_sec: float | None
    eta_early_sec: float | None
    eta_late_sec: float | None
    eta_confidence: Confidence


class WhatIf(Times):
    """The answer: with *cpus*, all would be done in that time; *now* is for the present CPUs.

    ``cpus_now`` is their number. ``cpus`` is null if no number is enough; ``cpus_sure`` is the
    number with which the requested time is kept nine times in ten, null if no time was requested,
    or no number is enough.
    """

    cpus_now: int
    cpus: int | None
    cpus_sure: int | None
    now: Times
    message: str


class Loss(NamedTuple):
    """What a cluster would lose with a node: its CPUs. *running* jobs would run to their end."""

    name: str
    cpus: int
    running: int

    @classmethod
    def of(cls, node: Node | None) -> Loss:
        """Return what a cluster would lose with *node*, which it may not know."""
        if node is None or node.state in GONE_STATES:
            return cls("" if node is None else node.name, 0, 0)
        return cls(node.name, node.cpus, len(node.running))


def what_if(
    backlogs: Sequence[Backlog | None],
    cpus_now: int,
    now: float,
    *,
    cpus: int | None = None,
    by: float | None = None,
    lost: Sequence[Loss] | None = None,
) -> WhatIf:
    """Return when all would be done with *cpus* CPUs, or without the node whose jobs are *lost*.

    If *by* is given, return instead how many CPUs it takes to be done by then.

    :param backlogs: of each cluster; ``None`` for one that has nothing to do.
    :param cpus_now: the number of present CPUs.
    :param now: epoch seconds, as is *by*.
    :param lost: what each cluster would lose with the node.
    :raises BadRequest: the requested time is in the past.
    """
    pending = [backlog for backlog in backlogs if backlog is not None]
    if lost is not None:
        of_pending = [one for one, backlog in zip(lost, backlogs, strict=True) if backlog]
        return _without_node(pending, cpus_now, lost, of_pending)
    if by is None:
        return _with_cpus(pending, cpus_now, cpus_now if cpus is None else cpus)
    if by <= now:
        raise BadRequest("by is in the past: give a time to come.", field="by")
    return _cpus_needed(pending, cpus_now, by - now)


def _with_cpus(backlogs: Sequence[Backlog], cpus_now: int, cpus: int) -> WhatIf:
    """Return when all would be done with *cpus* CPUs.

    Several clusters share the difference by the work that each has to do.
    """
    then = _together([one.forecast(part) for one, part in _shared(backlogs, cpus - cpus_now)])
    return _row(backlogs, then, f"With {_cpus(cpus, cpus_now)}", cpus_now=cpus_now, cpus=cpus)


def _without_node(
    backlogs: Sequence[Backlog], cpus_now: int, known: Sequence[Loss], lost: Sequence[Loss]
) -> WhatIf:
    """Return when all would be done if a node took no more jobs.

    :param known: what each cluster would lose.
    :param lost: what each cluster with work left would lose.
    """
    name = bounded(next((one.name for one in known if one.name), "that node"), _NAME_LIMIT)
    cpus = max(0, cpus_now - max((one.cpus for one in known), default=0))
    waits = not cpus and any(one.queued for one in backlogs)
    parts = zip(backlogs, lost, strict=True)
    then = None if waits else _together([backlog.forecast(-one.cpus) for backlog, one in parts])
    head = f"Without {name}, on {quantity(cpus, 'CPU')}"
    found = _row(backlogs, then, head, cpus_now=cpus_now, cpus=cpus)
    running = sum(one.running for one in known)
    if waits:
        found["message"] = f"Without {name} no CPU is left: the queued jobs would wait."
    elif running and then is not None:
        found["message"] += f" Its {quantity(running, 'running job')} would go on to the end there."
    return found


def _cpus_needed(backlogs: Sequence[Backlog], cpus_now: int, within_sec: float) -> WhatIf:
    """Return how many CPUs are needed for all to be done in *within_sec* seconds."""
    jobs = sum(one.queued + one.running for one in backlogs)
    most = max(1, min(jobs, _MOST_TIMES * max(1, cpus_now)))

    def done(cpus: int) -> Forecast | None:
        return _together([one.forecast(n) for one, n in _shared(backlogs, cpus - cpus_now)])

    cpus = _fewest(most, lambda n: (found := done(n)) is not None and found.eta_sec <= within_sec)
    sure = _fewest(most, lambda n: (found := done(n)) is not None and found.late_sec <= within_sec)
    head = f"On {quantity(cpus, 'CPU')}" if cpus else ""
    found = _row(backlogs, done(cpus) if cpus else None, head, cpus_now=cpus_now, cpus=cpus)
    found["cpus_sure"] = sure
    if not backlogs or found["now"]["eta_sec"] is None:
        return found
    if cpus is None:
        found["message"] = (
            f"No number of CPUs will do for {span(within_sec)}: "
            "the jobs that run, or the longest of those that wait, take longer."
        )
    elif sure is None:
        found["message"] += " No number makes it sure."
    elif sure != cpus:
        found["message"] += f" To be in time nine times in ten takes {quantity(sure, 'CPU')}."
    return found


def _fewest(most: int, suffices: Callable[[int], bool]) -> int | None:
    """Return the smallest number up to *most* that is enough, ``None`` if none is."""
    if not suffices(most):
        return None
    return 1 + bisect_left(range(1, most), True, key=suffices)


def _shared(backlogs: Sequence[Backlog], more: int) -> list[tuple[Backlog, int]]:
    """Return each backlog with its part of *more* CPUs, in proportion to its work."""
    work = [max(1e-9, one.queued * (one.durations.median_sec() or 0.0)) for one in backlogs]
    total = sum(work)
    parts, given, until = [], 0, 0.0
    for one, sec in zip(backlogs, work, strict=True):
        until += sec
        upto = round(more * until / total)
        parts.append((one, upto - given))
        given = upto
    return parts


def _together(forecasts: Sequence[Forecast | None]) -> Forecast | None:
    """Return when all are done, ``None`` if that is unknown for one of them."""
    if not forecasts:
        return Forecast(0.0, 0.0, 0.0, "good")
    known = [one for one in forecasts if one is not None]
    if not known or len(known) < len(forecasts):
        return None
    good = all(one.confidence == "good" for one in known)
    return Forecast(
        max(one.eta_sec for one in known),
        max(one.early_sec for one in known),
        max(one.late_sec for one in known),
        "good" if good else "low",
    )


def _row(
    backlogs: Sequence[Backlog], then: Forecast | None, head: str, *, cpus_now: int,
    cpus: int | None,
) -> WhatIf:  # fmt: skip
    now = _together([one.forecast() for one in backlogs])
    message = next((one.blocked for one in backlogs if one.blocked), _UNKNOWN)
    if not backlogs:
        message = "No job is pending."
    elif then is not None:
        between = f"{span(then.early_sec)} to {span(then.late_sec)}"
        message = f"{head}: about {span(then.eta_sec)}, {between}"
        message += f", in place of about {span(now.eta_sec)}." if now else "."
    return WhatIf(
        **_times(then), cpus_now=cpus_now, cpus=cpus, cpus_sure=None, now=_times(now),
        message=message,
    )  # fmt: skip


def _times(found: Forecast | None) -> Times:
    if found is None:
        return Times(
            eta_sec=None, eta_early_sec=None, eta_late_sec=None, eta_confidence="none"
        )  # fmt: skip
    return Times(
        eta_sec=round(found.eta_sec, 1),
        eta_early_sec=round(found.early_sec, 1),
        eta_late_sec=round(found.late_sec, 1),
        eta_confidence=found.confidence,
    )


def _cpus(cpus: int, cpus_now: int) -> str:
    more = cpus - cpus_now
    if not more:
        return f"the {quantity(cpus, 'CPU')} that there are"
    return f"{quantity(cpus, 'CPU')}, {abs(more):,} {'more' if more > 0 else 'fewer'}"
