"""What chance alone does between nodes that are alike: two tests, and what chance is enough."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt
from typing import Final

from .spread import Spread

__all__ = ["chance_of_failures", "chance_of_times", "is_beyond_chance", "look_number", "others_of"]

# Of all runs of a cluster whose nodes are alike, the share in which any is called slow, whenever
# looked at; and the same for failing.
_FALSE_ALARMS: Final = 0.01

# Jobs of a node when it is first looked at, and by how much they grow from one look to the next.
_FIRST_LOOK: Final = 8
_NEXT_LOOK: Final = 1.5


def look_number(jobs: int) -> int:
    """Return which look at a node so many jobs are worth: 1 for the first; 0 for too few."""
    if jobs < _FIRST_LOOK:
        return 0
    return 1 + int(log(jobs / _FIRST_LOOK) / log(_NEXT_LOOK) + 1e-9)


def is_beyond_chance(chance: float, *, nodes: int, look: int) -> bool:
    """Whether a chance is so small that the node is not like the others.

    All nodes together, and all looks at each however long the run, share the false alarms that
    are allowed: the nodes equally (Bonferroni); looks while jobs go on get one half, those when
    none is left the other, because a run may go on after it seemed to be over. Of its half, look
    *k* gets 1 / k (k + 1), which come to 1.
    """
    return chance * nodes * look * (look + 1) < _FALSE_ALARMS / 2


def others_of(own: Spread, total: Spread) -> Spread:
    """Return the durations in *total* that are not a node's own."""
    others = Spread(total.first, total.counts, total.longest_sec)
    for bucket, count in own:
        place = bucket - others.first
        if count and 0 <= place < len(others.counts):
            others.counts[place] = max(0, others.counts[place] - count)
    return others


def chance_of_times(own: Spread, others: Spread) -> float:
    """Return the chance that jobs of alike nodes rank as long as *own* do, or longer.

    The rank sum test of Wilcoxon, Mann and Whitney, one-sided, with the normal approximation
    and its correction for ties. It asks nothing of how durations are distributed.
    """
    n, m = own.total, others.total
    if not n or not m:
        return 1.0
    above = ties = 0.0
    below = 0
    mine, theirs = dict(own), dict(others)
    for bucket in sorted(mine.keys() | theirs.keys()):
        a, b = mine.get(bucket, 0), theirs.get(bucket, 0)
        above += a * (below + b / 2)
        below += b
        ties += (a + b) ** 3 - (a + b)
    both = n + m
    variance = n * m / 12 * (both + 1 - ties / (both * (both - 1)))
    if variance <= 0.0:
        return 1.0
    return 0.5 * erfc((above - n * m / 2 - 0.5) / sqrt(2 * variance))


def chance_of_failures(failed: int, jobs: int, others_failed: int, others_jobs: int) -> float:
    """Return the chance that so many failures, or more, of all fall on so many of all jobs.

    Fisher's exact test, one-sided.
    """
    total, all_failed = jobs + others_jobs, failed + others_failed
    most = min(jobs, all_failed)
    whole = _log_choose(total, jobs)
    chance = 0.0
    for x in range(failed, most + 1):
        if jobs - x > total - all_failed:
            continue
        term = exp(_log_choose(all_failed, x) + _log_choose(total - all_failed, jobs - x) - whole)
        chance += term
        if term < chance * 1e-9:
            break
    return min(1.0, chance)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
