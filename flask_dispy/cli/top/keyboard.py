"""Keys of a terminal, one by one as they are pressed."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

__all__ = ["keys_of", "listening"]

_NAMES: Final = {
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x1b": "escape",
}
# What terminals send for further keys (ECMA-48, and xterm's application mode).
_SEQUENCES: Final = {
    "A": "up",
    "B": "down",
    "H": "home",
    "F": "end",
    "1~": "home",
    "4~": "end",
    "5~": "pageup",
    "6~": "pagedown",
    "7~": "home",
    "8~": "end",
}
_KEY: Final = re.compile(r"\x1b[\[O]([0-9;]*[A-Za-z~])|.", re.S)


def keys_of(text: str) -> list[str]:
    """Return the keys that what a terminal sent stands for: characters, and names of others."""
    found = []
    for match in _KEY.finditer(text):
        key = _SEQUENCES.get(match[1], "") if match[1] else _NAMES.get(match[0], match[0])
        if len(key) > 1 or (key and key.isprintable()):
            found.append(key)
    return found


@contextmanager
def listening(pressed: Callable[[str], None]) -> Iterator[None]:
    """Have each key reported, without Enter and unseen, as long as the block runs.

    Without a terminal that can do so, as on Windows, no key is ever pressed.
    """
    if find_spec("termios") is None or not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    loop = asyncio.get_running_loop()

    def read() -> None:
        for key in keys_of(os.read(keyboard, 1024).decode(errors="ignore")):
            pressed(key)

    try:
        tty.setcbreak(keyboard)
        loop.add_reader(keyboard, read)
        yield
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
