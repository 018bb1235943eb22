"""``python -m benchmarks.soak --minutes N``: real nodes, churn, viewers; and a verdict.

Ends with 1 if anything grew or was counted wrong. Needs psutil, and about 300 MB of memory.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from .child import Child
from .gauges import Gauge, Reading, growth_mb, mb
from .nodes import Node, free_ports

_READ_EVERY_SEC: Final = 2.0
_DRAIN_SEC: Final = 30.0
_SETTLE_SEC: Final = 20.0

# The bounds; docs/reliability.md has what was measured.
_MOST_GROWTH_MB: Final = 4.0
_SPARE_THREADS: Final = 24
_SPARE_DESCRIPTORS: Final = 40


class Soak:
    """One run."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self._folder = folder
        self._ended = threading.Event()
        self._restarts = 0
        self._port = free_ports()
        self.nodes = [
            Node(number, port=self._port, cpus=2, folder=folder)
            for number in range(2, 2 + options.nodes)
        ]
        self.problems: list[str] = []
        self.rows: list[tuple[str, str]] = []

    def run(self) -> None:
        """Do it all; afterwards ``rows`` and ``problems`` tell."""
        with contextlib.ExitStack() as undo:
            for node in self.nodes:
                undo.callback(node.kill)
                node.start()
            client = self._child(undo, "client", jobs_per_sec=self.options.jobs_per_sec,
                                 port=self._port, watched=not self.options.without)  # fmt: skip
            gauge = Gauge(client.pid)
            viewers = None
            client.ask("start")
            alone = self._before_viewers(gauge)
            if not self.options.without:
                viewers = self._child(undo, "viewers", port=client.ask("port"),
                                      viewers=self.options.viewers)  # fmt: skip
                viewers.ask("start")
            self._churn(gauge)
            self._judge_growth(gauge.readings)
            self._end(client, viewers, gauge, alone)

    def _child(self, undo: contextlib.ExitStack, module: str, **options: Any) -> Child:
        addresses = [node.ip_addr for node in self.nodes]
        child = Child(module, {"nodes": addresses, **options}, folder=self._folder)
        undo.callback(child.close)
        return child

    @staticmethod
    def _before_viewers(gauge: Gauge) -> Reading:
        """Return what the client takes at most while it works and nobody looks."""
        for _ in range(20):
            time.sleep(0.5)
            gauge.read()
        first, gauge.readings = gauge.readings, []
        return max(first, key=lambda reading: (reading.threads, reading.descriptors))

    def _churn(self, gauge: Gauge) -> None:
        """Read what the client takes, while nodes come and go."""
        end = time.monotonic() + self.options.minutes * 60
        churning = threading.Thread(target=self._churn_nodes, daemon=True)
        churning.start()
        shown_at = 0.0
        while time.monotonic() < end:
            reading = gauge.read()
            if reading.at - shown_at >= 60:
                shown_at = reading.at
                print(f"{reading.at / 60:5.1f} min  {mb(reading.rss):6.1f} MB  "
                      f"{reading.threads} threads  {reading.descriptors} descriptors",
                      flush=True)  # fmt: skip
            time.sleep(_READ_EVERY_SEC)
        self._ended.set()
        churning.join()

    def _churn_nodes(self) -> None:
        """Stop a node, by turns gently and not, leave it down for a while, start it again."""
        chance = random.Random(2)
        while not self._ended.wait(chance.uniform(8, 16)):
            node = chance.choice(self.nodes[1:])  # one stays, so that work goes on
            if chance.random() < 0.5:
                node.kill()
            else:
                node.stop()
            self._ended.wait(chance.uniform(0.5, 10))
            self._restarts += 1
            try:
                node.start()
            except RuntimeError as error:
                self.problems.append(str(error))

    # -- the verdict -------------------------------------------------------------------------

    def _judge_growth(self, readings: Sequence[Reading]) -> None:
        warm_sec = self.options.warm_up_min * 60
        first = readings[0]
        measured = [r for r in readings if r.at - first.at >= warm_sec]
        grown, an_hour = growth_mb(measured)
        self._tell("memory at the start", f"{mb(first.rss):.1f} MB")
        self._tell("memory after warm-up, and at the end",
                   f"{mb(measured[0].rss):.1f} MB, {mb(measured[-1].rss):.1f} MB")  # fmt: skip
        self._tell("growth after warm-up", f"{grown:+.2f} MB ({an_hour:+.1f} MB an hour)")
        self._tell(
            "most threads, descriptors",
            f"{max(r.threads for r in readings)}, {max(r.descriptors for r in readings)}",
        )
        span = readings[-1].at - first.at
        cpu = (readings[-1].cpu_sec - first.cpu_sec) / span
        self._tell("CPU of the client with its server", f"{100 * cpu:.0f} % of a core")
        if self.options.without:
            return
        self._must(grown <= _MOST_GROWTH_MB, f"memory grew by {grown:.1f} MB after the warm-up")
        extra = self.options.viewers + 1
        self._must_be_flat("threads", [r.threads for r in measured], first.threads + extra,
                           _SPARE_THREADS)  # fmt: skip
        self._must_be_flat("descriptors", [r.descriptors for r in measured],
                           first.descriptors + extra, _SPARE_DESCRIPTORS)  # fmt: skip

    def _must_be_flat(self, what: str, values: Sequence[int], expected: int, spare: int) -> None:
        self._must(max(values) <= expected + spare,
                   f"{max(values)} {what}, where about {expected} were expected")  # fmt: skip

    def _end(self, client: Child, viewers: Child | None, gauge: Gauge, alone: Reading) -> None:
        """Let the work end, compare all counts, let all go, and see what is left."""
        if viewers is not None:
            viewers.ask("rest")
        client.ask("finish", _DRAIN_SEC)
        tally = client.ask("tally")
        minutes = self.options.minutes
        self._tell(
            "jobs", f"{tally['submitted']} ({tally['submitted'] / minutes / 60:.1f} a second)"
        )
        self._tell(
            "how they ended",
            ", ".join(f"{count} {state}" for state, count in tally.items() if state != "submitted"),
        )
        self._tell("nodes stopped and started again", str(self._restarts))
        if viewers is None:
            return
        self._compare(tally, client, viewers)
        self._tell_health(client.ask("health"))
        viewers.ask("leave")
        self._wait_for_rest(gauge, alone)
        self._tell_viewers(viewers.ask("report"))
        took_sec = client.ask("end_server")
        self._tell("shutdown of the server", f"{took_sec:.2f} s")
        self._must(took_sec < 10, f"the server's shutdown took {took_sec:.1f} s")

    def _compare(self, tally: dict[str, int], client: Child, viewers: Child) -> None:
        counted = client.ask("counted")
        self._must(counted == tally, f"counted {counted}, the client's own tally is {tally}")
        give_up_at = time.monotonic() + _SETTLE_SEC
        while (wrong := self._mistaken(viewers, tally)) and time.monotonic() < give_up_at:
            time.sleep(0.5)
        self._tell(
            "counts",
            "equal to the client's own tally, and so they are for "
            f"{self.options.viewers - len(wrong)} of {self.options.viewers} viewers",
        )
        self._must(not wrong, f"{len(wrong)} viewers see other counts, such as {wrong[:1]}")

    def _mistaken(self, viewers: Child, tally: dict[str, int]) -> list[Any]:
        seen = viewers.ask("seen")
        expected = {**tally, "on_nodes": tally["running"]}
        wrong = [page for page in seen if any(page[what] != n for what, n in expected.items())]
        return wrong + [None] * (self.options.viewers - len(seen))

    def _tell_health(self, health: dict[str, Any]) -> None:
        self._tell("health at the end", health["status"])
        self._must(health["status"] == "ok", f"unwell: {health['problems']}")
        self._must(health["inbox"]["dropped"] == 0, f"dropped: {health['inbox']}")
        self._must(health["inbox"]["unreadable"] == 0, f"unreadable: {health['inbox']}")
        self._must(health["pump"]["faults"] == 0, f"the pump had faults: {health['pump']}")

    def _tell_viewers(self, report: dict[str, Any]) -> None:
        counts = report["counts"]
        self._tell(
            "sent to viewers",
            f"{counts.get('events', 0)} events, {counts.get('polls', 0)} "
            f"polls, {counts.get('snapshots', 0)} of them snapshots",
        )
        answers = [f"{n} {what}" for what, n in sorted(counts.items()) if "answered" in what]
        self._tell("management", ", ".join(answers))
        self._must(not report["faults"], f"{counts.get('faults')} faults: {report['faults'][:5]}")

    def _wait_for_rest(self, gauge: Gauge, alone: Reading) -> None:
        """Threads and descriptors must be as they were before anybody looked."""
        give_up_at = time.monotonic() + _SETTLE_SEC
        while True:
            now = gauge.read()
            # dispy keeps a connection or two of its own, now open, now not.
            if now.threads <= alone.threads and now.descriptors <= alone.descriptors + 2:
                break
            if time.monotonic() > give_up_at:
                self.problems.append(
                    f"{now.threads} threads and {now.descriptors} descriptors are left, of "
                    f"{alone.threads} and {alone.descriptors} before"
                )
                break
            time.sleep(0.5)
        self._tell(
            "threads, descriptors: before, and when all had left",
            f"{alone.threads}, {alone.descriptors}; {now.threads}, {now.descriptors}",
        )

    def _tell(self, what: str, figure: str) -> None:
        self.rows.append((what, figure))

    def _must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.problems.append(otherwise)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, print the table and the verdict; return 0 if all held."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="flask_dispy-soak-") as folder:
        soak = Soak(options, Path(folder))
        try:
            soak.run()
        finally:
            for name in ("client", "viewers"):
                log = Path(folder) / f"{name}.log"
                if options.logs and log.exists():
                    (options.logs / log.name).write_bytes(log.read_bytes())
    print(f"\n{_about(options)}\n\n{_table(soak.rows)}\n")
    for problem in soak.problems:
        print(f"FAILED: {problem}")
    print("failed" if soak.problems else "all held")
    return 1 if soak.problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="how long jobs are submitted")
    parser.add_argument(
        "--warm-up-min",
        type=float,
        metavar="N",
        help="minutes that do not count for growth; six tenths, 18 at the most",
    )
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--jobs-per-sec", type=float, default=12)
    parser.add_argument(
        "--without",
        action="store_true",
        help="without a server and viewers: what dispy itself takes",
    )
    parser.add_argument("--logs", type=Path, help="a folder to leave the processes' logs in")
    options = parser.parse_args(arguments)
    if options.warm_up_min is None:
        options.warm_up_min = min(18.0, 0.6 * options.minutes)
    return options


def _about(options: argparse.Namespace) -> str:
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    today = datetime.now(timezone.utc).date().isoformat()
    watched = "unwatched" if options.without else f"{options.viewers} viewers"
    return (
        f"{today}, {cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, load "
        f"average at the end {os.getloadavg()[1]:.1f}: {options.minutes:g} minutes, the first "
        f"{options.warm_up_min:g} to warm up, {options.nodes} nodes of 2 CPUs, {watched}."
    )


def _table(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(["| what | measured |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)])


if __name__ == "__main__":
    sys.exit(main())
