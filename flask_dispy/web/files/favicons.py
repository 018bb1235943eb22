"""The tab's pictures while a run goes on: a ring that fills, with a red dot where a job failed.

Where the run waits or is stalled two bars stand in it, as on a button that pauses.

They are files like all others, because a host app's policy may forbid ``data:`` in pictures.
"""

from __future__ import annotations

from typing import Final

__all__ = ["favicons"]

# As many as the eye can distinguish at 16 pixels; static/js/frame/headline.js names them.
_STEP_PERCENT: Final = 5

_AROUND: Final = 75.4  # 2 pi 12

# Readable on light and on dark tabs.
_RING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke-width="6">'
    '<circle cx="16" cy="16" r="12" stroke="#9aa5b5" stroke-opacity=".45"/>'
    '<circle cx="16" cy="16" r="12" stroke="{colour}" stroke-dasharray="{done:.1f} 80"'
    ' transform="rotate(-90 16 16)"/></g>{dot}</svg>'
)
_DOT: Final = '<circle cx="16" cy="16" r="5" fill="#e0323c"/>'
_BARS: Final = '<path d="M11 10h4v12h-4zM17 10h4v12h-4z" fill="#e08a00"/>'

_KINDS: Final = (("", "#3f7bff", ""), ("-failed", "#3f7bff", _DOT), ("-held", "#e08a00", _BARS))


def favicons() -> dict[str, bytes]:
    """Return ``icons/ring-<percent>.svg``, with ``-failed`` or ``-held`` before the dot too."""
    return {
        f"icons/ring-{percent}{suffix}.svg": _RING.format(
            done=_AROUND * percent / 100, colour=colour, dot=inside
        ).encode()
        for percent in range(0, 101, _STEP_PERCENT)
        for suffix, colour, inside in _KINDS
    }
