"""Shorter intervals: what the product looks for every few seconds need not take a test seconds."""

from __future__ import annotations

from typing import Final

from flask_dispy.watching.intervals import Intervals

__all__ = ["PROMPT", "SOON"]

SOON: Final = Intervals(
    tick_sec=0.02,
    silence_sec=0.05,
    reconcile_sec=0.05,
    refresh_sec=0.05,
    pace_sec=0.05,
    offers_sec=0.05,
    poll_sec=0.05,
    busy_grace_sec=0.1,
    overdue_sec=0.0,
    new_job_sec=0.1,
    linger_sec=0.0,
)
"""For fake clusters, which report at once."""

PROMPT: Final = Intervals(
    silence_sec=0.5,
    refresh_sec=1.0,
    pace_sec=0.25,
    offers_sec=0.25,
    busy_grace_sec=1.0,
    overdue_sec=0.5,
    diagnose_sec=0.5,
    scheduler_sec=0.5,
    port_sec=0.5,
)
"""For real ones. Reconciling keeps its time, because a report may be on its way that long."""
