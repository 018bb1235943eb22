"""How far a run has come, how fast it goes, and when it may end."""

from __future__ import annotations

from typing import Literal

from .series import Series

__all__ = ["Confidence", "eta", "jobs_per_sec"]

Confidence = Literal["none", "low", "good"]

# Throughput is read over the last half minute: shorter flickers, longer hides that a run stalls.
_RATE_WINDOW_SEC = 30.0

# The windows an ETA may be read from, short first: the first that holds enough jobs is taken, so
# that a quick run's ETA follows it closely and a run of hour-long jobs has one at all.
_ETA_WINDOWS_SEC = (60.0, 600.0, 7200.0)
_ENOUGH_JOBS = 20

# What a few samples tell of the first moments, or of a clock that stood still, is no pace yet.
_LEAST_SPAN_SEC = 1.0


def jobs_per_sec(series: Series, now: float) -> float:
    """Return how many jobs end a second, over the last half minute."""
    done, span = series.ended_within(now, _RATE_WINDOW_SEC)
    return done / max(span, _LEAST_SPAN_SEC)


def eta(series: Series, pending: int, now: float) -> tuple[float | None, Confidence]:
    """Return the seconds until *pending* jobs are done at the recent pace, and how sure that is.

    ``good`` when enough jobs ended lately and both halves of that time went at a like pace;
    ``low`` when few did or the pace changes; (``None``, ``none``) when nothing ended at all.
    The time before the first job ran is no part of the pace.
    """
    if pending <= 0:
        return (0.0, "good")
    age = now - series.started_at
    for window in _ETA_WINDOWS_SEC:
        done, span = series.ended_within(now, window, at_work=True)
        if done >= _ENOUGH_JOBS or (done and window >= age):
            break
    if not done:
        return (None, "none")
    span = max(span, _LEAST_SPAN_SEC)
    late, _ = series.ended_within(now, span / 2)
    early = done - late
    steady = done >= _ENOUGH_JOBS and 0.5 <= (late + 1) / (early + 1) <= 2.0
    return (pending * span / done, "good" if steady else "low")
