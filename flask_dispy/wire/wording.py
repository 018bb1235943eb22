"""Values as a person reads them. What is not known is a dash."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from ..core.columns import ColumnValue
from ..core.endings import ALL_DONE
from ..core.phrases import two_units
from .shapes.clusters import Cost, JobCounts, OutlookRow

__all__ = [
    "UNKNOWN",
    "Clock",
    "amount",
    "cost_text",
    "count",
    "done_count",
    "duration",
    "expectation",
    "money",
    "percent",
    "size",
    "value_text",
]

UNKNOWN: Final = "\N{EN DASH}"

_BYTE_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def count(number: float | None) -> str:
    """Return a whole number with its thousands grouped: "12,310"."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def done_count(jobs: JobCounts) -> str:
    """Return how many jobs are done, of all that are known of: "1,204 of 1,680"."""
    return f"{count(jobs['done'])} of {count(jobs['submitted'] + jobs['before_watching'])}"


def amount(number: float | None) -> str:
    """Return a rate or mean with the digits it needs: "0.31", "4.2", "250"."""
    if number is None:
        return UNKNOWN
    if number == 0:
        return "0"
    digits = 2 if abs(number) < 1 else 1 if abs(number) < 100 else 0
    return f"{number:,.{digits}f}"


def size(number: float | None) -> str:
    """Return bytes with their unit: "631 B", "24.3 GiB"."""
    if number is None:
        return UNKNOWN
    value, unit = float(number), 0
    while abs(value) >= 1023.95 and unit < len(_BYTE_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    digits = 0 if unit == 0 or abs(value) >= 99.95 else 1
    return f"{value:.{digits}f} {_BYTE_UNITS[unit]}"


def percent(fraction: float | None) -> str:
    """Return a share of one: "63 %". Never rounded to 0 or 100, which mean none and all."""
    if fraction is None:
        return UNKNOWN
    rounded = round(fraction * 100)
    if rounded == 100 and fraction < 1:
        rounded = 99
    if rounded == 0 and fraction > 0:
        rounded = 1
    return f"{rounded} %"


def duration(seconds: float | None) -> str:
    """Return seconds in two units at most: "12 ms", "2.31 s", "4 min 3 s", "2 d 5 h"."""
    if seconds is None:
        return UNKNOWN
    if seconds <= 0:
        return "0 s"
    if seconds < 0.0995:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    if seconds < 3599.5:
        return two_units(seconds, 60, "min", 1, "s")
    if seconds < 86_370:
        return two_units(seconds, 3600, "h", 60, "min")
    return two_units(seconds, 86_400, "d", 3600, "h")


def money(amount_: float | None) -> str:
    """Return an amount of money, in whatever currency: "12.40"."""
    if amount_ is None:
        return UNKNOWN
    return f"{amount_:,.{4 if 0 < amount_ < 0.995 else 2}f}"


def cost_text(cost: Cost) -> str:
    """Return what CPU time has cost, and will have in the end, if both are known."""
    now, end = cost["money"], cost["end_money"]
    if end is None or end == now:
        return money(now)
    early, late = cost["end_early_money"], cost["end_late_money"]
    span = f" ({money(early)} to {money(late)})" if early != late else ""
    return f"{money(now)} so far, about {money(end)}{span} in the end"


class Clock:
    """Times in one zone: that of the machine the report is made on, as it is then.

    :param made_at: when the report is made, in epoch seconds.
    """

    def __init__(self, made_at: float, zone: tzinfo | None = None) -> None:
        here = datetime.fromtimestamp(made_at, zone or timezone.utc)
        if zone is None:
            here = here.astimezone()
        self._offset = here.utcoffset() or timedelta()
        self._zone = timezone(self._offset)
        offset = f"{here:%z}"
        self.zone_name = f"UTC{offset[:3]}:{offset[3:5]}"
        name = here.tzname() or ""
        if name.isalpha():  # some zones have only numbers for a name
            self.zone_name = name if name == "UTC" else f"{name}, {self.zone_name}"

    @property
    def offset_sec(self) -> float:
        """How far the zone is ahead of UTC."""
        return self._offset.total_seconds()

    def text(self, at: float | None, layout: str = "%Y-%m-%d %H:%M:%S") -> str:
        """Return a time in the zone; a dash where it is unknown."""
        if not at or at <= 0:
            return UNKNOWN
        try:
            return datetime.fromtimestamp(at, self._zone).strftime(layout)
        except (OverflowError, OSError, ValueError):
            return UNKNOWN


def value_text(value: ColumnValue, unit: str, clock: Clock) -> str:
    """Return a value of a custom column; *unit* is ours, or stands behind numbers as it is."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    match unit:
        case "bytes":
            return size(value)
        case "seconds":
            return duration(value)
        case "percent":
            return percent(value / 100)
        case "time":
            return clock.text(value)
    digits = f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    return f"{digits} {unit}".rstrip()


def expectation(outlook: OutlookRow, clock: Clock, made_at: float) -> str:
    """Return a summary's outlook as a sentence, with times of the day."""
    state, since = outlook["state"], outlook["since"]
    if state == "done":
        message, when = outlook["message"], f" at {clock.text(since)}" if since else ""
        if outlook["reason"] not in ("all_done", "all_ended"):
            return message
        return f"Done{when}." if message == ALL_DONE else f"{message} The last ended{when}."
    if outlook["eta_sec"] is None:
        words = {"stalled": "Stalled", "waiting": "Waiting", "going": "Going"}
        word = "Closed" if outlook["reason"] == "closed" else words[state]
        return f"{word}: {outlook['message']}"
    times = outlook["eta_sec"], outlook["eta_early_sec"] or 0.0, outlook["eta_late_sec"] or 0.0
    layout = "%H:%M" if times[-1] < 43_200 else "%Y-%m-%d %H:%M"
    about, early, late = (clock.text(made_at + seconds, layout) for seconds in times)
    span = f" ({early} to {late})" if early != late else ""
    bound = outlook["bound"]
    rest = f" {count(bound)} queued jobs are bound to a node that is gone." if bound else ""
    return f"Expected to be done about {about}{span}.{rest}"
