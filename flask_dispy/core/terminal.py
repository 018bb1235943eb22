"""A program's output as a terminal would show it.

Progress bars return to the start of their line with each step, and colours are sequences of control
characters. Kept as written, a minute of a progress bar would fill the space for a job's output; a
terminal shows one line of it.
"""

from __future__ import annotations

import re
from typing import Final

from .text import Cut, ending

__all__ = ["LOOK_BACK", "as_displayed", "without_overwriting"]

# How much of the end of an output is processed, in multiples of what is kept: enough for a progress
# bar of many steps to become one line.
LOOK_BACK: Final = 64

# What moves within a line (carriage return, backspace), and control sequences (ECMA-48, 5.4).
_CONTROL = re.compile(r"\r|\x08|\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])")

# Sequences that show nothing: commands to the terminal, such as a window's title or a link's target
# (5.6; ended by ST or, in xterm, BEL), and choices of a character set, as "tput sgr0" sends them
# (ECMA-35, 13.2.1). A command without an end swallows no further line.
_UNSEEN = re.compile(r"\x1b(?:[]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-?N-OZ`-~])")

_FIRST: Final = "\r\b\x1b"


def as_displayed(text: str, limit: int) -> str:
    """Return the end of *text* as a terminal shows it, cleaned, in at most *limit* characters.

    Within a line, later characters overwrite earlier ones. Colours, commands to the terminal and
    movements to other lines are left out. The result is a :class:`~flask_dispy.core.text.Cut` if
    the beginning is missing. Only the last 64 times *limit* characters are processed.
    """
    if len(text) <= limit and text.isprintable():
        return text
    window = text[-LOOK_BACK * limit :]
    if not any(control in window for control in _FIRST):
        return ending(text, limit)
    lines = _UNSEEN.sub("", window).replace("\r\n", "\n").split("\n")
    shown = "\n".join(_line(line) if _CONTROL.search(line) else line for line in lines)
    kept = ending(shown, limit)
    if len(window) == len(text) or isinstance(kept, Cut):
        return kept
    return Cut("…" + kept[max(0, len(kept) - limit + 1) :])


def without_overwriting(text: str, limit: int) -> str:
    """Return the end of *text* with line breaks for carriage returns: nothing is overwritten.

    All lines of an error must stay visible: if it quotes a program's progress bar, a terminal would
    draw the bar over the error's name.
    """
    if "\r" not in text:
        return text
    window = text[-LOOK_BACK * limit - 1 :]
    return window.replace("\r\n", "\n").replace("\r", "\n")


def _line(line: str) -> str:
    """Return a line after all movements within it were carried out."""
    cells: list[str] = []
    column = written = 0
    for control in _CONTROL.finditer(line):
        column = _write(cells, column, line[written : control.start()])
        written = control.end()
        if control["final"] == "K":
            _erase(cells, column, control["parameters"])
        elif control["final"] is None:
            column = 0 if control.group() == "\r" else max(0, column - 1)
    _write(cells, column, line[written:])
    return "".join(cells).rstrip()


def _write(cells: list[str], column: int, piece: str) -> int:
    """Write *piece* from *column* on; return the column after it."""
    if piece:
        cells.extend(" " * (column - len(cells)))
        cells[column : column + len(piece)] = piece
    return column + len(piece)


def _erase(cells: list[str], column: int, parameters: str) -> None:
    """Carry out "erase in line": from the column on (0), up to it (1), or all (2)."""
    if parameters in ("", "0"):
        del cells[column:]
    elif parameters == "1":
        upto = min(column + 1, len(cells))
        cells[:upto] = " " * upto
    elif parameters == "2":
        cells.clear()
