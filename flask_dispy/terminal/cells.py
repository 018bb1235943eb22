"""What a terminal shows, as rich's texts.

Every text from a dashboard may be hostile: a job chooses its id and its error. :func:`line` and
:func:`block` are the only ways from there to the terminal. They show control characters, and those
that change the direction of text, as escapes, and nothing in them is markup.

Colour is never alone: each state has its word, and each part of a bar its own shade of grey.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.text import Text

from ..core.text import clean

__all__ = ["Part", "bar", "block", "line", "plain", "state", "style_of"]

Part = tuple[float, str]
"""A part of a bar: its share of the whole, and what it stands for."""

# Blue and yellow, which hardly anybody confuses; magenta is the darkest of the three in grey.
_STYLES: Final = {
    "failed": "bold magenta",
    "failing": "bold magenta",
    "lost": "bold magenta",
    "stalled": "bold magenta",
    "abandoned": "magenta",
    "silent": "bold yellow",
    "slow": "bold yellow",
    "waiting": "yellow",
    "terminated": "yellow",
    "cancelled": "dim",
    "closed": "dim",
    "queued": "dim",
    "running": "blue",
    "busy": "blue",
    "going": "blue",
    "finished": "cyan",
    "done": "cyan",
}

# How a bar's parts look, and in a terminal that knows only ASCII.
_SHADES: Final = {"failed": "▓x", "other": "▚o", "running": "▒~", "busy": "█#", "finished": "█#"}
_REST: Final = "░."


def plain(text: object) -> str:
    """Return any text on one line, with nothing in it that a terminal would obey."""
    return clean(str(text)).replace("\n", "␊").replace("\t", "␉")


def line(text: object, style: str = "") -> Text:
    """Return any text as one line, which is cut where there is no room."""
    return Text(plain(text), style, no_wrap=True, overflow="ellipsis")


def block(text: str) -> Text:
    """Return a text of several lines, which fold where there is no room."""
    return Text(clean(text), overflow="fold")


def style_of(word: str) -> str:
    """Return the style of a state of jobs, nodes or outlooks."""
    return _STYLES.get(word, "")


def state(word: str) -> Text:
    """Return a state in its colour."""
    return line(word, style_of(word))


def bar(width: int, parts: Iterable[Part], *, ascii_only: bool = False) -> Text:
    """Return a bar of *width* cells; a part that is there at all has one cell at least."""
    found = Text(no_wrap=True)
    left = width
    for share, word in parts:
        cells = min(left, max(1, round(share * width)) if share > 0 else 0)
        found.append(_SHADES[word][ascii_only] * cells, style_of(word))
        left -= cells
    return found.append(_REST[ascii_only] * left, "dim")
