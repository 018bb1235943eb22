"""Nodes compared: how a node's jobs did beside those of the others, for the same function.

Figures and verdicts are those of the whole run. They are made anew a few nodes at a time, so that
they cost the same however many nodes there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import Final

from .chance import chance_of_failures, chance_of_times, is_beyond_chance, look_number, others_of
from .nodes import GONE_STATES, Node
from .spread import Spread
from .standing import Standing
from .tallies import Tallies
from .tally import Tally

__all__ = ["LEAST_JOBS", "Comparison", "combined", "combined_standing", "standing_of"]

# Nodes at a time: 40 us each, under the registry's lock.
_AT_A_TIME: Final = 50

LEAST_JOBS: Final = 5
"""Fewer jobs have no median that is worth comparing."""

# What is known of a node before it is compared.
_UNSEEN: Final = Standing(0, 0, None, None, None, None, 0.0)

# A node that differs by less is of no concern, however sure that is.
_LEAST_TIMES: Final = 1.25
_LEAST_TIMES_FAILED: Final = 2.0
_LEAST_FAILED: Final = 3


class Comparison:
    """The comparison of one cluster's nodes. Guarded by the registry's lock.

    :param nodes: they, by address.
    :param tallies: what their jobs came to.

    ``slow`` and ``failing`` are the addresses of the nodes that are so beyond chance.
    """

    def __init__(self, nodes: Mapping[str, Node], tallies: Tallies) -> None:
        self._nodes = nodes
        self._tallies = tallies
        self._due: deque[str] = deque()
        self._seen = (0, False)
        self.slow: set[str] = set()
        self.failing: set[str] = set()

    def refresh(self, most: int = _AT_A_TIME, *, none_left: bool = False) -> list[Node]:
        """Compare the next few nodes anew, if jobs have ended since; return those that changed.

        :param none_left: whether all jobs have ended: then verdicts are drawn from all of them.
        """
        total = self._tallies.total
        seen = (total.total, none_left)
        if not self._due and seen != self._seen:
            self._seen = seen
            self._due.extend(ip for ip, node in self._nodes.items() if node.tally is not None)
        count = sum(node.tally is not None for node in self._nodes.values()) if self._due else 0
        changed = []
        for _ in range(min(most, len(self._due))):
            node = self._nodes.get(self._due.popleft())
            if node is None or node.tally is None:
                continue
            if self._compare(node, total, count, none_left=none_left):
                changed.append(node)
        return changed

    def refresh_all(self) -> None:
        """Compare all nodes, as at the end of a run."""
        self._seen = (-1, False)
        self.refresh(len(self._nodes), none_left=True)

    def need_attention(self, *, gone: bool) -> tuple[set[str], set[str]]:
        """Return the nodes that are slow, and those that fail.

        :param gone: whether those that have left are among them.
        """
        shown = {
            ip
            for ip in self.slow | self.failing
            if ip in self._nodes and (gone or self._nodes[ip].state not in GONE_STATES)
        }
        return self.slow & shown, self.failing & shown

    def _compare(self, node: Node, total: Tally, count: int, *, none_left: bool) -> bool:
        tally = node.tally or Tally()
        before = node.standing
        last = before or _UNSEEN
        found = standing_of(tally, total)._replace(
            slow=last.slow,
            failing=last.failing,
            look=look_number(tally.jobs("finished") + tally.jobs("failed")),
            judged=last.judged,
            last_looks=last.last_looks,
        )
        is_last = none_left and found.look > 0 and found.jobs != last.judged
        if is_last or found.look > last.look:
            last_looks = last.last_looks + is_last
            look = last_looks if is_last else found.look
            found = found._replace(
                judged=found.jobs,
                last_looks=last_looks,
                slow=_is_slow(tally, total, found, nodes=count, look=look),
                failing=_is_failing(tally, total, nodes=count, look=look),
            )
        node.standing = found
        _mark(self.slow, node.ip_addr, found.slow)
        _mark(self.failing, node.ip_addr, found.failing)
        return found != before


def _mark(found: set[str], ip_addr: str, there: bool) -> None:
    if there:
        found.add(ip_addr)
    else:
        found.discard(ip_addr)


def standing_of(tally: Tally, total: Tally) -> Standing:
    """Return how a node's jobs did beside those of the others, without a verdict.

    :param total: what all jobs of the cluster came to, the node's own among them.
    """
    own = _finished(tally)
    median_sec = own.quantile(0.5)
    others_sec = None
    if own.total >= LEAST_JOBS:
        others = others_of(own, _finished(total))
        others_sec = others.quantile(0.5) if others.total >= LEAST_JOBS else None
    failed, finished = tally.jobs("failed"), tally.jobs("finished")
    return Standing(
        jobs=tally.total,
        failed=failed,
        failed_share=failed / (failed + finished) if failed + finished else None,
        median_sec=median_sec,
        p95_sec=own.quantile(0.95),
        times_others=median_sec / others_sec if median_sec and others_sec else None,
        lost_sec=tally.lost_sec,
    )


def combined_standing(nodes: Sequence[Node]) -> Standing | None:
    """Return how a node did in several clusters, as last compared."""
    known = [(node.standing, node.tally) for node in nodes]
    return combined([(standing, tally) for standing, tally in known if standing and tally])


def combined(found: Sequence[tuple[Standing, Tally]]) -> Standing | None:
    """Return how a node did in several clusters, put together by the number of its jobs.

    "x others" is the geometric mean. A node is slow, or failing, if it is so in one of them.
    """
    if len(found) <= 1:
        return found[0][0] if found else None
    own = Spread.merged([_finished(tally) for _, tally in found])
    failed = sum(standing.failed for standing, _ in found)
    ended = failed + sum(tally.jobs("finished") for _, tally in found)
    return Standing(
        jobs=sum(standing.jobs for standing, _ in found),
        failed=failed,
        failed_share=failed / ended if ended else None,
        median_sec=own.quantile(0.5),
        p95_sec=own.quantile(0.95),
        times_others=_mean((s.times_others, tally.jobs("finished")) for s, tally in found),
        lost_sec=sum(standing.lost_sec for standing, _ in found),
        slow=any(standing.slow for standing, _ in found),
        failing=any(standing.failing for standing, _ in found),
    )


def _mean(factors: Iterable[tuple[float | None, int]]) -> float | None:
    known = [(log(times), jobs) for times, jobs in factors if times]
    jobs = sum(jobs for _, jobs in known)
    return exp(sum(times * jobs for times, jobs in known) / jobs) if jobs else None


def _finished(tally: Tally) -> Spread:
    return Spread() if tally.finished is None else tally.finished.ran


def _is_slow(tally: Tally, total: Tally, found: Standing, *, nodes: int, look: int) -> bool:
    if found.times_others is None or found.times_others < _LEAST_TIMES:
        return False
    own = _finished(tally)
    chance = chance_of_times(own, others_of(own, _finished(total)))
    return is_beyond_chance(chance, nodes=nodes, look=look)


def _is_failing(tally: Tally, total: Tally, *, nodes: int, look: int) -> bool:
    failed, finished = tally.jobs("failed"), tally.jobs("finished")
    others_failed = total.jobs("failed") - failed
    others = total.jobs("finished") - finished + others_failed
    if failed < _LEAST_FAILED or others < LEAST_JOBS:
        return False
    if failed / (failed + finished) < _LEAST_TIMES_FAILED * others_failed / others:
        return False
    chance = chance_of_failures(failed, failed + finished, others_failed, others)
    return is_beyond_chance(chance, nodes=nodes, look=look)
