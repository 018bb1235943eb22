"""The tab's pictures: a ring that fills as a run goes on, with how much needs attention in it.

If the run waits or is stalled, it has two bars in it, as on a button that pauses.

They are files like all others, because a host app's policy may forbid ``data:`` in pictures.
"""

from __future__ import annotations

from typing import Final

__all__ = ["favicons"]

# As many as the eye can distinguish at 16 pixels; static/js/frame/headline.js names them.
_STEP_PERCENT: Final = 5

_AROUND: Final = 84.8  # 2 pi 13.5

# Readable on light and on dark tabs.
_RING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke-width="5">'
    '<circle cx="16" cy="16" r="13.5" stroke="#9aa5b5" stroke-opacity=".45"/>'
    '<circle cx="16" cy="16" r="13.5" stroke="{colour}" stroke-dasharray="{done:.1f} 90"'
    ' transform="rotate(-90 16 16)"/></g>{dot}</svg>'
)
_COUNT: Final = (
    '<text x="16" y="23.5" text-anchor="middle" font-family="sans-serif" font-weight="bold"'
    ' font-size="22" fill="#e0323c">{count}</text>'
)
_BARS: Final = '<path d="M11 10h4v12h-4zM17 10h4v12h-4z" fill="#e08a00"/>'

_COUNTS: Final = {**{f"-{count}": str(count) for count in range(1, 10)}, "-more": "+"}
_KINDS: Final = (
    ("", "#3f7bff", ""),
    ("-held", "#e08a00", _BARS),
    *((suffix, "#3f7bff", _COUNT.format(count=count)) for suffix, count in _COUNTS.items()),
)


def favicons() -> dict[str, bytes]:
    """Return ``icons/ring-<percent>.svg``, also with ``-held``, a count or ``-more`` too."""
    return {
        f"icons/ring-{percent}{suffix}.svg": _RING.format(
            done=_AROUND * percent / 100, colour=colour, dot=inside
        ).encode()
        for percent in range(0, 101, _STEP_PERCENT)
        for suffix, colour, inside in _KINDS
    }
