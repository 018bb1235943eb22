"""Times and lengths as people write them in a search: ``30s``, ``10m``, ``2026-11-28T01:00Z``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final

from ..errors import BadRequest

__all__ = ["Moment", "Span", "duration_sec"]

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|sec|m|min|h|d)?")
_UNIT_SEC: Final = {
    "ms": 0.001, None: 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0,
}  # fmt: skip

# No run is so long ago: a number from here on is a time in epoch seconds.
_EPOCH: Final = re.compile(r"\d{10,11}(?:\.\d+)?")


def duration_sec(text: str) -> float:
    """Return the seconds of a duration such as ``30s``, ``5m`` or ``1.5h``.

    :raises BadRequest: *text* is no duration.
    """
    match = _DURATION.fullmatch(text.casefold())
    if match is None:
        raise BadRequest(
            f"{text!r} is no duration: give a number with ms, s, m, h or d, such as 30s.", field="q"
        )
    return float(match["number"]) * _UNIT_SEC[match["unit"]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: in epoch seconds, or so many seconds ago. In a span of lengths, a length."""

    sec: float
    is_ago: bool = False

    def at(self, now: float) -> float:
        """Return the time in epoch seconds."""
        return now - self.sec if self.is_ago else self.sec

    @classmethod
    def parse(cls, text: str, qualifier: str) -> Moment:
        """Read how long ago, or a date and time with its zone, or epoch seconds.

        :raises BadRequest: *text* is none of these.
        """
        if _EPOCH.fullmatch(text):
            return cls(float(text))
        if _DURATION.fullmatch(text.casefold()):
            return cls(duration_sec(text), is_ago=True)
        try:
            at = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
            if at.tzinfo is not None:
                return cls(at.timestamp())
        except (ValueError, OverflowError):
            pass
        raise BadRequest(
            f"{qualifier}: takes how long ago, such as 10m or 2h, or a time with its zone, such as "
            f"2026-11-28T01:00Z, not {text[:80]!r}.",
            field="q",
        )


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment, or length, to another; ``None`` for no bound."""

    start: Moment | None = None
    end: Moment | None = None

    @classmethod
    def parse(cls, text: str, qualifier: str) -> Span:
        """Read the moment since when, or two with ``..`` between them.

        :raises BadRequest: *text* is neither.
        """
        start, dots, end = text.partition("..")
        return cls(
            Moment.parse(start, qualifier),
            Moment.parse(end, qualifier) if dots else None,
        )

    def bounds(self, now: float) -> tuple[float, float]:
        """Return the span in epoch seconds, or of lengths in seconds."""
        return (
            -inf if self.start is None else self.start.at(now),
            inf if self.end is None else self.end.at(now),
        )
