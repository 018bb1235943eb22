"""How often a hub looks for what dispy does not report, and how long it waits for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..alerts.outbox import WAITS_SEC

__all__ = ["Intervals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """The seconds that upkeep, streams and closed clusters go by. Tests take shorter ones."""

    tick_sec: float = 0.25
    """Between turns of the upkeep, and of the streams: what a stream shows is at most this old,
    and an idle registry with 1,000 nodes takes a few thousandths of a core. Four updates a second
    are as many as a person sees."""

    silence_sec: float = 2.0
    """Between looks for nodes that are silent."""

    reconcile_sec: float = 2.0
    """Between looks for jobs that ended, and clusters that were closed, without a report."""

    refresh_sec: float = 5.0
    """Between looks for what dispy changes of its nodes without a report."""

    pace_sec: float = 1.0
    """Between reckonings of how jobs get on."""

    offers_sec: float = 1.0
    """Between looks whether nodes that were offered have joined."""

    overdue_sec: float = 30.0
    """A node that has not joined this long after it was asked needs attention."""

    diagnose_sec: float = 60.0
    """Between looks why such a node has not joined."""

    busy_grace_sec: float = 3.0
    """How long jobs may wait before busy CPUs are named as the reason."""

    scheduler_sec: float = 5.0
    """Between looks whether a scheduler is still there."""

    port_sec: float = 1.0
    """Between looks at a cluster's port: dispy itself looks every five seconds whether it is free.
    """

    poll_sec: float = 2.0
    """Between questions for the status of a cluster whose reports do not reach us, at the most
    often; and of one of which it is not known whether they do."""

    status_sec: float = 2.0
    """How long a cluster that is being added may take for its status; add() goes on without."""

    show_death_sec: float = 60.0
    """How long it counts as a problem that the upkeep's thread had died: long enough for a monitor
    to ask."""

    linger_sec: float = 5.0
    """How long a closed cluster stays at the least: late reports and texts still find it."""

    linger_for_texts_sec: float = 60.0
    """The same, where its texts are still being made: a user's ``__str__`` may hang."""

    new_job_sec: float = 1.0
    """How long dispy may take to report a job that was just submitted by running another again."""

    last_reports_sec: float = 0.25
    """How long a server that ends waits for dispy's last reports."""

    last_texts_sec: float = 2.0
    """How long the end waits for texts that the history lacks."""

    alert_waits_sec: Sequence[float] = WAITS_SEC
    """Before each further attempt to deliver an alert."""

    last_alerts_sec: float = 5.0
    """How long the end waits until callbacks and webhooks have had the last events."""

    look_up_sec: float = 1.0
    """How often a stream without news reports to the audience that it is still there."""

    keep_alive_sec: float = 15.0
    """Between a quiet stream's signs of life: proxies drop connections on which nothing moves, the
    strictest common ones after 30 s."""
