"""What a terminal would show of what a program wrote.

Progress bars go back to the start of their line with each step, and colours are sequences of
control characters. Kept as written, a minute of a progress bar fills the room that a job's output
has; a terminal shows one line of it.
"""

from __future__ import annotations

import re
from typing import Final

from .text import Cut, ending

__all__ = ["LOOK_BACK", "as_displayed", "without_overwriting"]

# How much of the end of an output is looked at, in multiples of what is kept: a progress bar of
# a hundred steps a line comes down to one line.
LOOK_BACK: Final = 64

# What moves within a line (carriage return, backspace), and control sequences (ECMA-48, 5.4).
_CONTROL = re.compile(r"\r|\x08|\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])")

# What a terminal shows nothing of: commands to it, such as a window's title or where a link leads
# (5.6; ended by ST or, as xterm has it, BEL), and what chooses among its character sets, as
# "tput sgr0" does (ECMA-35, 13.2.1). Whoever forgot the end of a command loses no line of theirs.
_UNSEEN = re.compile(r"\x1b(?:[]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-?N-OZ`-~])")

_FIRST: Final = "\r\b\x1b"


def as_displayed(text: str, limit: int) -> str:
    """Return the end of *text* as a terminal shows it, cleaned, in at most *limit* characters.

    Within a line, what is written later stands over what was there before. Colours and commands to
    the terminal are left out, and so are movements to other lines, which are none in a text. It is
    a :class:`~flask_dispy.core.text.Cut` if the beginning is missing.

    A text of many megabytes costs no more than a window of 64 times *limit* does.
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
    """Return what is left of a line once all that moves within it was done."""
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
    """Put *piece* over what stands from *column* on; return the column behind it."""
    if piece:
        cells.extend(" " * (column - len(cells)))
        cells[column : column + len(piece)] = piece
    return column + len(piece)


def _erase(cells: list[str], column: int, parameters: str) -> None:
    """Do "erase in line": from the column on (0), up to it (1), or all (2)."""
    if parameters in ("", "0"):
        del cells[column:]
    elif parameters == "1":
        upto = min(column + 1, len(cells))
        cells[:upto] = " " * upto
    elif parameters == "2":
        cells.clear()
