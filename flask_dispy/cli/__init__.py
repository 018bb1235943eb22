"""The ``flask-dispy`` command: dispy's own programs, past runs, and running dashboards."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

__all__ = ["main"]

_PACKAGES: Final = ("click", "httpx", "rich")
"""What the commands for running dashboards need: the extra ``cli``."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; ``argv`` is without the program's name, ``sys.argv``'s if not given.

    Nodes run this command most, so what starts them loads none of the rest.
    """
    from .programs import PROGRAMS, run_program

    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["--version"] or (arguments and arguments[0] in PROGRAMS):
        run_program(arguments)
    elif lacking := next((name for name in _PACKAGES if find_spec(name) is None), None):
        run_program(arguments, lacking=lacking)
    else:
        from .commands import run

        run(arguments)
