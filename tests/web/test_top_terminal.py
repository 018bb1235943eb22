"""``flask-dispy top`` in a real terminal: a pseudo-terminal of the system's."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from web.conftest import Scene
from web.fakes import FakeCluster, make_node
from web.served import serving

from flask_dispy import ClusterRegistry

_LONGEST_SEC = 40.0
_STYLES = re.compile(r"\x1b\[[\d;]*m")
_OTHERS = re.compile(r"\x1b\[\?(?:1049|25)[hl]|\x1b\[[\d;]*[HJKmA-D]|\x1b\[H|\r|\n")


class Terminal:
    """A terminal in which the command runs."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self.process = process
        self.sent = ""

    def wait_for(self, text: str) -> None:
        """Wait until a text is written, after all that was read before."""
        start, give_up_at = len(self.sent), time.monotonic() + _LONGEST_SEC
        while text not in _STYLES.sub("", self.sent[start:]):
            assert time.monotonic() < give_up_at, f"{text!r} is not in {self.sent[start:]!r}"
            self._read()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _read(self) -> None:
        if select.select([self._master], [], [], 0.2)[0]:
            self.sent += os.read(self._master, 65_536).decode(errors="replace")


@contextmanager
def top(folder: Path, url: str, *, width: int = 80, height: int = 24) -> Iterator[Terminal]:
    master, slave = os.openpty()
    terminal_size = struct.pack("HHHH", height, width, 0, 0)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, terminal_size)
    before = termios.tcgetattr(slave)
    env = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_DISPY")}
    env |= {"TERM": "xterm-256color", "FLASK_DISPY_CONFIG": str(folder / "none.ini")}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        env.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "flask_dispy", "top", url],
        stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
    )  # fmt: skip
    try:
        terminal = Terminal(master, process)
        yield terminal
        assert termios.tcgetattr(slave) == before  # it echoes again
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


@pytest.mark.usefixtures("scene")
def test_top_follows_the_cluster_and_obeys_keys(
    registry: ClusterRegistry, scene: Scene, cluster: FakeCluster, tmp_path: Path
) -> None:
    with serving(registry=registry) as server, top(tmp_path, server.url) as terminal:
        terminal.wait_for("2 of 4 done")
        cluster.end(scene.running, scene.alpha, exception="Traceback\nKeyError: 'x'")
        terminal.wait_for("3 of 4 done")
        terminal.wait_for("Needs attention: 2 jobs failed.")
        terminal.press("c")
        terminal.wait_for("flask-dispy top  compute (2 of 3)")
        cluster.join(make_node("10.0.0.3", "\x1b[5mgamma\x07"))
        terminal.wait_for("\\x1b[5mgamma")
        terminal.press("/gam")
        terminal.wait_for("Filter: gam")
        terminal.press("\r")
        terminal.wait_for("1 node (3 without the filter)")
        terminal.resize(200, 50)
        terminal.wait_for("New kind of error: KeyError")
        terminal.press("q")
        terminal.wait_for("\x1b[?1049l")  # the screen that was there before
        assert terminal.process.wait(_LONGEST_SEC) == 0
        rest = _OTHERS.sub("", terminal.sent)
        assert rest.isprintable(), re.findall(r"[^ -~]*\x1b.{0,20}", rest)[:3]


@pytest.mark.usefixtures("scene")
def test_top_says_that_the_dashboard_is_away_and_ends_on_interrupt(
    registry: ClusterRegistry, tmp_path: Path
) -> None:
    with serving(registry=registry) as server, top(tmp_path, server.url) as terminal:
        terminal.wait_for("Live")
        server.shutdown(wait=False)
        terminal.wait_for("Nobody answers at")
        terminal.process.send_signal(signal.SIGINT)  # as Ctrl-C does
        terminal.wait_for("\x1b[?1049l")
        assert terminal.process.wait(_LONGEST_SEC) == 130
