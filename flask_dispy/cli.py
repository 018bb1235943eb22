"""The ``flask-dispy`` command, which is also ``python -m flask_dispy``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import dispy_httpd
from .engine.programs import run_node, run_scheduler

__all__ = ["main"]

_USAGE = """\
usage: flask-dispy node [--with-parent] [options of dispynode.py]
       flask-dispy scheduler [--with-parent] [options of dispyscheduler.py]

Runs dispy's node or scheduler on any Python from 3.10 to 3.13. With --with-parent it ends when
its standard input ends. "flask-dispy node --help" lists dispy's own options.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code.

    :param argv: the arguments without the program's name; None: those of this process.
    """
    command, *rest = (sys.argv[1:] if argv is None else list(argv)) or [""]
    if command == "node":
        run_node(rest)
    elif command == "scheduler":
        run_scheduler(rest, httpd=dispy_httpd)
    elif command in ("-h", "--help", "help"):
        print(_USAGE, end="")
    else:
        print(_USAGE, end="", file=sys.stderr)
        return 2
    return 0
