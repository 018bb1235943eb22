"""'* Combined': all clusters as one.

A node that serves several clusters is one node here. Its CPUs are the machine's, so they count
once; what it does for each cluster (busy, jobs, time, bytes) is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from . import outlook
from .cluster import ClusterState
from .endings import ending
from .jobs import JOB_STATES
from .loads import Loads, percent_of
from .meter import Meter, Usage, cost_row
from .nodes import GONE_STATES, NODE_STATES, Census, Counted, Node
from .phrases import quantity
from .series import Sample, Series
from .text import bounded

__all__ = ["COMBINED_NAME", "CombinedState", "current_holders", "worst_outlook"]

COMBINED_NAME: Final = "* Combined"


class CombinedState:
    """The sum of all clusters. Guarded by the hub's lock.

    :param states: returns the clusters' states as they are now.
    :param priced: whether it is known what CPU time costs.
    """

    def __init__(
        self,
        states: Callable[[], list[ClusterState]],
        started_at: float,
        *,
        priced: bool = False,
    ) -> None:
        self.name = COMBINED_NAME
        self._states = states
        self.started_at = started_at
        self.series = Series(started_at)
        self.census = Census()
        self.meter = Meter(started_at)
        self.loads = Loads()
        self._busy: dict[str, int] = {}  # percent, as it is counted
        self.priced = priced
        # What clusters have used and lost that are no longer watched.
        self._used_sec = self._lost_sec = 0.0
        self._counted: dict[str, Counted] = {}
        # Encoded rows by address, for those who encode: cleared here, and never read.
        self.texts: dict[str, Any] = {}

    def known(self, ip_addr: str) -> list[tuple[str, Node]]:
        """Return what each cluster knows of a node, with the clusters' names."""
        return [
            (state.name, state.nodes[ip_addr]) for state in self._states() if ip_addr in state.nodes
        ]

    def nodes_changed(self, addresses: Iterable[str]) -> tuple[list[str], list[str]]:
        """Note that clusters' rows of nodes changed.

        Return the addresses that are still known, and those that are not.
        """
        clusters = [state.nodes for state in self._states()]
        known: list[str] = []
        gone: list[str] = []
        for ip_addr in addresses:
            self.texts.pop(ip_addr, None)
            entries = [node for nodes in clusters if (node := nodes.get(ip_addr)) is not None]
            new = _counted(entries)
            old = self._counted.get(ip_addr)
            self._count_load(ip_addr, entries)
            if new is None:
                gone.append(ip_addr)
                self._counted.pop(ip_addr, None)
            else:
                known.append(ip_addr)
                self._counted[ip_addr] = new
            if new != old:
                self.census.replace(old, new)
        self.meter.cpus, self.meter.per_hour = self.census.cpus, self.census.per_hour
        return known, gone

    def _count_load(self, ip_addr: str, entries: list[Node]) -> None:
        there = [node for node in entries if node.state not in GONE_STATES]
        cpus = max((node.cpus for node in there), default=0)
        percent = percent_of(sum(len(node.running) for node in there), cpus)
        self.loads.replace(self._busy.pop(ip_addr, None), percent)
        if percent is not None:
            self._busy[ip_addr] = percent

    def keep(self, state: ClusterState, now: float) -> None:
        """Keep what a cluster used that will be watched no longer."""
        usage = state.usage(now)
        self._used_sec += usage.used_sec
        self._lost_sec += usage.lost_sec

    def usage(self, now: float) -> Usage:
        """Return what became of the CPU time of all nodes since watching began.

        A node that several clusters share offers its CPUs once.
        """
        each = [state.usage(now) for state in self._states()]
        return Usage(
            self.meter.offered_sec,
            self._used_sec + sum(usage.used_sec for usage in each),
            self._lost_sec + sum(usage.lost_sec for usage in each),
            self.meter.money if self.priced else None,
            self.meter.per_hour if self.priced else None,
        )

    def take_sample(self, now: float) -> None:
        """Note the figures of this moment, and that time has passed."""
        self.meter.pass_time(now)
        self.loads.sample(now)
        self.series.add(now, self.sample())

    def sample(self) -> Sample:
        """Return the figures that the time series keep."""
        samples = [Sample(0, 0, 0, 0, 0, 0), *(state.sample() for state in self._states())]
        sums = Sample(*map(sum, zip(*samples, strict=True)))
        return sums._replace(cpus_total=self.census.cpus)

    def summary(self, summaries: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
        """Return the summary of all clusters from the *summaries* of each."""
        states = self._states()
        jobs = _sums(
            summaries, "jobs",
            ("submitted", *JOB_STATES, "failed", "done", "pending", "before_watching"),
        )  # fmt: skip
        worst = worst_outlook([s["outlook"] for s in summaries], jobs)
        of = jobs["submitted"] + jobs["before_watching"]
        slow_failing = [
            state.comparison.need_attention(gone=state.closed_at is not None) for state in states
        ]
        return {
            "name": self.name,
            "kind": "combined",
            "combined": True,
            # Open if there are none, because the first is still to come.
            "state": "closed" if {s["state"] for s in summaries} == {"closed"} else "open",
            "jobs": jobs,
            "job_changes": sum(s["job_changes"] for s in summaries),
            "cpus": {"total": self.census.cpus, "busy": sum(s["cpus"]["busy"] for s in summaries)},
            "nodes": self.census.as_dict(),
            "jobs_per_sec": round(sum(s["jobs_per_sec"] for s in summaries), 3),
            "cpu_time_sec": round(self.census.cpu_time, 3),
            "cost": cost_row(self.usage(now), worst),
            "progress": round(jobs["done"] / of, 6) if of else None,
            "outlook": worst,
            "eta_sec": worst["eta_sec"],
            "eta_confidence": _least_sure(summaries) if worst["eta_sec"] is not None else "none",
            "started_at": min((s["started_at"] for s in summaries), default=self.started_at),
            "closed_at": None,
            "job_p95_sec": None,
            "attention": {
                **_sums(summaries, "attention", ("failed", "abandoned", "stragglers", "offers")),
                "silent": self.census.states["silent"],
                "lost": self.census.states["lost"],
                # A node that is so in several clusters counts once.
                "slow": _size(slow for slow, _ in slow_failing),
                "failing": _size(failing for _, failing in slow_failing),
                "clocks_off": _size(state.roster.clocks_off for state in states),
            },
            "events": {"latest": max((s["events"]["latest"] for s in summaries), default=0)},
            "offers": _sums(summaries, "offers", ("waiting", "overdue", "changes")),
            "history": _sums(summaries, "history", ("retained", "limit", "evicted")),
        }


def _counted(nodes: list[Node]) -> Counted | None:
    """Return what a node counts for in the census, ``None`` if no cluster knows it."""
    if not nodes:
        return None
    if len(nodes) == 1:
        return nodes[0].counted  # as in its own cluster's census
    there = current_holders(nodes)
    cpus = max(node.cpus for node in there)
    cpu_time = sum(node.totals[1] for node in nodes)
    return (there[0].state, cpus, cpu_time, there[0].price or 0.0)


def current_holders(nodes: Iterable[Node]) -> list[Node]:
    """Return the entries of one machine that decide its state: those of clusters that have it.

    If none has it any more, these are the entries of the clusters that lost or closed it.
    """
    nodes = list(nodes)
    states = {node.state for node in nodes}
    state = next(state for state in NODE_STATES if state in states)
    return [node for node in nodes if node.state == state]


def _sums(
    summaries: Sequence[Mapping[str, Any]], field: str, names: Sequence[str]
) -> dict[str, int]:
    return {name: sum(s[field][name] for s in summaries) for name in names}


def _size(addresses: Iterable[set[str]]) -> int:
    return len(set[str]().union(*addresses))


def _least_sure(summaries: Sequence[Mapping[str, Any]]) -> str:
    """Return the least confidence among the clusters whose jobs may still end."""
    found = {
        s["eta_confidence"]
        for s in summaries
        if s["jobs"]["pending"] and s["outlook"]["reason"] != "closed"
    }
    return next((word for word in ("none", "low") if word in found), "good")


# -- the outlook of several clusters -----------------------------------------------------------

_WORST_FIRST: Final[tuple[outlook.State, ...]] = ("stalled", "waiting", "going", "done")


def worst_outlook(found: Sequence[dict[str, Any]], jobs: Mapping[str, int]) -> dict[str, Any]:
    """Return the worst of the clusters' outlooks, whose *jobs* are counted together.

    All are done when the last one is, so among clusters that are going, the worst is the one that
    takes longest. A cluster that was closed with jobs left will not change, so it hides no other.
    """
    if not found:
        none = outlook.Outlook("done", "no_jobs", outlook.DONE["no_jobs"], None).as_dict("")
        return none | dict.fromkeys(outlook.ETA_FIELDS, 0.0)
    worst = min(found, key=_rank)
    if len(found) == 1:
        return worst
    same = [one for one in found if one["state"] == worst["state"]]
    if worst["state"] == "done":
        unheard = any(one["reason"] == "none_pending" for one in found)
        reason = "none_pending" if unheard else "no_jobs"
        reason, message = ending(jobs) if jobs["submitted"] else (reason, outlook.DONE[reason])
        since = max((one["since"] for one in same if one["since"] is not None), default=None)
        return worst | {"reason": reason, "message": message, "since": since}
    more = f" and {quantity(len(same) - 1, 'more cluster')}" if len(same) > 1 else ""
    message = f"{bounded(worst['cluster'], 60)}{more}: {worst['message']}"
    if any(one["eta_sec"] is None for one in found if one["reason"] != "closed"):
        return worst | {"message": message} | dict.fromkeys(outlook.ETA_FIELDS)
    return worst | {"message": message}


def _rank(one: dict[str, Any]) -> tuple[int, float]:
    """Return a sort key: the worst outlook first, among equals the one that takes longest."""
    if one["reason"] == "closed":
        return (_WORST_FIRST.index("going"), 0.0)
    longest = one["stuck"]["jobs"] or one["eta_sec"] or 0.0
    unknown = one["state"] == "going" and one["eta_sec"] is None
    return (_WORST_FIRST.index(one["state"]), -float("inf") if unknown else -longest)
