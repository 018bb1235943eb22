"""``python -m benchmarks``: ours beside dispy.httpd's, in one run on one machine."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from .scale import Scale
from .table import Growth, Row, markdown, plain

CHAPTERS: Final = (
    "callback",
    "snapshots",
    "updates",
    "viewers",
    "stream",
    "search",
    "lists",
    "memory",
    "idle",
    "page",
    "real_cluster",
    "crowd",
    "growth",
    "outlook",
    "history",
)

_BEGIN: Final = "<!-- figures: written by python -m benchmarks --write -->"
_END: Final = "<!-- end of the figures -->"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write if asked to."""
    options = _options(arguments)
    if not (3, 10) <= sys.version_info[:2] <= (3, 12):
        print("dispy.httpd needs Python 3.12 or older: run the benchmarks with that.")
        return 2
    scale = Scale("smoke" if options.smoke else "quick" if options.quick else "full")
    rows: list[Row] = []
    growth: list[Growth] = []
    failed: list[str] = []
    began_at = time.monotonic()
    for name in options.only or CHAPTERS:
        print(f"-- {name} ({time.monotonic() - began_at:.0f} s)", flush=True)
        try:
            found = importlib.import_module(f"benchmarks.{name}").measure(scale)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            failed.append(name)
            print(f"{name} failed: {error}", flush=True)
            continue
        measured = [item for item in found if isinstance(item, Row)]
        grown = [item for item in found if isinstance(item, Growth)]
        rows += measured
        growth += grown
        print(plain(measured) or markdown([], grown), flush=True)
        if options.write:  # after each chapter, for a run may be cut off
            took_min = (time.monotonic() - began_at) / 60
            _write(options.write, f"{_machine(scale, took_min)}\n\n{markdown(rows, growth)}")
    if failed:
        print(f"Not measured: {', '.join(failed)}.")
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="fewer rounds, five minutes")
    sizes.add_argument("--smoke", action="store_true", help="tiny sizes whose figures mean nothing")
    parser.add_argument("--only", nargs="+", choices=CHAPTERS, metavar="NAME",
                        help=f"some of: {', '.join(CHAPTERS)}")  # fmt: skip
    parser.add_argument("--write", type=Path, metavar="FILE",
                        help="put the figures into this file, between its two marks")  # fmt: skip
    return parser.parse_args(arguments)


def _write(path: Path, figures: str) -> None:
    text = path.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n{figures}\n{_END}{after}")


def _machine(scale: Scale, took_min: float) -> str:
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    parts = (
        f"{date.today().isoformat()}, {cpu}, {os.cpu_count()} cores, {platform.system()}",
        f"Python {platform.python_version()}, dispy {version('dispy')}, Flask {version('flask')}, "
        f"Werkzeug {version('werkzeug')}",
        f"a {scale.name} run of {took_min:.0f} minutes, load average at its end "
        f"{os.getloadavg()[1]:.1f}",
    )
    return "; ".join(parts) + "."


if __name__ == "__main__":
    sys.exit(main())
