"""Real dispynodes on loopback addresses, which are stopped and started again all the time."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

__all__ = ["Node", "free_ports"]

_ROOT: Final = Path(__file__).parents[2]
_START_SEC: Final = 20.0
_STOP_SEC: Final = 8.0


def free_ports(count: int = 3) -> int:
    """Return a port that is free, as are those after it: dispy takes a family of them."""
    for _ in range(200):
        base = random.randrange(20_000, 32_000, count)
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_ones:
            for port in range(base, base + count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    sock = open_ones.enter_context(socket.socket(socket.AF_INET, kind))
                    sock.bind(("", port))
            return base
    raise RuntimeError(f"no {count} free ports in a row")


class Node:
    """One node: an address, and the process that lives there at the moment, if any."""

    def __init__(self, number: int, *, port: int, cpus: int, folder: Path) -> None:
        self.ip_addr = f"127.0.0.{number}"
        self._port = port
        self._cpus = cpus
        self._folder = folder
        self._lives = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def up(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it takes connections.

        :raises RuntimeError: it does not within 20 s.
        """
        life = self._folder / f"{self.ip_addr}-{next(self._lives)}"
        life.mkdir(parents=True)
        command = [sys.executable, "-m", "flask_dispy", "node", "--with-parent", "--daemon"]
        command += ["--clean", "-i", self.ip_addr, "-p", str(self._port), "-c", str(self._cpus)]
        command += ["--name", f"node-{self.ip_addr.rpartition('.')[2]}"]
        command += ["--dest_path_prefix", str(life)]
        self._process = subprocess.Popen(
            command,
            cwd=life,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        give_up_at = time.monotonic() + _START_SEC
        while time.monotonic() < give_up_at:
            with contextlib.suppress(OSError):
                socket.create_connection((self.ip_addr, self._port + 1), timeout=1).close()
                return
            time.sleep(0.1)
        raise RuntimeError(f"the node {self.ip_addr} did not start")

    def stop(self) -> None:
        """End it as its user would; with the force that it takes."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SEC)
        self.kill()

    def kill(self) -> None:
        """SIGKILL it and its jobs, as a power cut would."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_SEC)
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        for life in self._folder.glob(f"{self.ip_addr}-*"):
            shutil.rmtree(life, ignore_errors=True)
