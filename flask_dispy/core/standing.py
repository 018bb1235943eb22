"""How one node's jobs did, and whether it is worse than the others beyond chance."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Standing"]


class Standing(NamedTuple):
    """What a comparison says of one node, over the whole run.

    ``failed_share`` is of the jobs that finished or failed; ``median_sec`` and ``p95_sec`` are of
    those that finished, and ``times_others`` is that median over the other nodes'. ``look`` is
    which look its jobs are worth (see :func:`~flask_dispy.core.chance.look_number`); the verdicts,
    ``slow`` and ``failing``, were drawn when there were ``judged`` jobs. ``last_looks`` is how
    often they were drawn because no job was left.
    """

    jobs: int
    failed: int
    failed_share: float | None
    median_sec: float | None
    p95_sec: float | None
    times_others: float | None
    lost_sec: float
    slow: bool = False
    failing: bool = False
    look: int = 0
    judged: int = 0
    last_looks: int = 0
