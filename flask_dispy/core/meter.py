"""CPU time that nodes offer and jobs use, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["OTHERS", "CpuHourPrice", "Meter", "Usage", "cost_row", "price_at"]

CpuHourPrice: TypeAlias = float | Mapping[str, float]
"""What an hour of a CPU costs, on all nodes or by node."""

OTHERS: Final = "*"
"""The nodes that a mapping of prices does not name."""

# After a clock is set back by no more than this (NTP corrects a drift), nothing is added until the
# clock catches up; after a larger step, time goes on from there.
_SMALL_STEP_SEC: Final = 5.0


def price_at(setting: CpuHourPrice, ip_addr: str, name: str) -> float:
    """Return what an hour of a node's CPU costs; 0 for a node that the setting leaves out."""
    if not isinstance(setting, Mapping):
        return setting
    return next((setting[key] for key in (ip_addr, name, OTHERS) if key in setting), 0.0)


@dataclass(slots=True, eq=False)
class Meter:
    """Adds up what CPUs offer and cost as time passes. Guarded by the hub's lock.

    ``at`` is up to when, in epoch seconds; ``cpus`` are offered from then on, for ``per_hour`` an
    hour. ``offered_sec`` is CPU time. Changes count from the last :meth:`pass_time` on, which comes
    several times a second, so each is exact to a fraction of a second.
    """

    at: float = 0.0
    cpus: int = 0
    per_hour: float = 0.0
    offered_sec: float = 0.0
    money: float = 0.0

    def pass_time(self, at: float) -> None:
        """Note that it is later."""
        passed_sec = at - self.at
        if passed_sec > 0.0:
            self.offered_sec += passed_sec * self.cpus
            self.money += passed_sec * self.per_hour / 3600
        if passed_sec > 0.0 or passed_sec < -_SMALL_STEP_SEC:
            self.at = at


class Usage(NamedTuple):
    """What became of CPU time: offered by nodes, used by jobs, of that lost to failures.

    ``lost_sec`` is that of failed jobs and abandoned attempts. ``money`` is the price of what was
    offered so far, ``per_hour`` that of an hour as it is now; ``None`` without a price.
    """

    offered_sec: float
    used_sec: float
    lost_sec: float
    money: float | None
    per_hour: float | None

    @property
    def idle_sec(self) -> float:
        """What was offered and not used."""
        return max(0.0, self.offered_sec - self.used_sec)


def cost_row(usage: Usage, outlook: Mapping[str, Any]) -> dict[str, float | None]:
    """Return a summary's ``cost``: with what it will be in the end, if the outlook knows when."""
    return {
        "offered_sec": round(usage.offered_sec, 3),
        "used_sec": round(usage.used_sec, 3),
        "idle_sec": round(usage.idle_sec, 3),
        "lost_sec": round(usage.lost_sec, 3),
        "money": _rounded(usage.money),
        "money_per_hour": _rounded(usage.per_hour),
        "end_money": _money_after(usage, outlook["eta_sec"]),
        "end_early_money": _money_after(usage, outlook["eta_early_sec"]),
        "end_late_money": _money_after(usage, outlook["eta_late_sec"]),
    }


def _money_after(usage: Usage, seconds: float | None) -> float | None:
    if usage.money is None or seconds is None:
        return None
    return _rounded(usage.money + (usage.per_hour or 0.0) * seconds / 3600)


def _rounded(money: float | None) -> float | None:
    return None if money is None else round(money, 4)
