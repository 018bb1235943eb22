"""Programs in processes of their own, their ports, and waiting for what they do."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

__all__ = [
    "START_SEC",
    "Program",
    "accepts",
    "call_in_child",
    "free_port_family",
    "in_thread",
    "needs",
    "wait_until",
]

T = TypeVar("T")

_TESTS = Path(__file__).parent
_FAMILY = 3
START_SEC = 20.0

_STOP_SEC = 10.0


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test where this program is missing, but not in CI: there it must be."""
    is_missing = shutil.which(program) is None and not os.environ.get("CI")
    return pytest.mark.skipif(is_missing, reason=f"no {program}")


def wait_until(
    condition: Callable[[], Any], *, timeout_sec: float = 15.0, what: str = "the condition"
) -> Any:
    """Wait for ``condition()`` to be true and return its value.

    :raises AssertionError: when the time is over, naming ``what`` was waited for.
    """
    give_up_at = time.monotonic() + timeout_sec
    while not (value := condition()):
        assert time.monotonic() < give_up_at, f"{what} did not come true in {timeout_sec:g} s"
        time.sleep(0.02)
    return value


def in_thread(call: Callable[[], T]) -> T:
    """Call a function in a thread without an event loop; Playwright's runs in that of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def free_port_family() -> int:
    """A port such that it and the next two are free on every address, TCP and UDP.

    Taken at random from below the ephemeral ports, so that test processes side by side rarely
    try the same.
    """
    for _ in range(200):
        base = random.randrange(20_000, 32_000, _FAMILY)
        if all(_is_free(base + offset) for offset in range(_FAMILY)):
            return base
    raise RuntimeError("no family of free ports between 20000 and 32000")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


def accepts(address: tuple[str, int]) -> bool:
    """Whether something accepts connections there."""
    with contextlib.suppress(OSError):
        socket.create_connection(address, timeout=1).close()
        return True
    return False


class Program:
    """A dispynode or dispyscheduler in a process of its own, with its output in a file.

    :param inside: what to put before its command, to run it in another network.
    :param clock: by how much its clock is off, see ``other_clock.py``.
    """

    def __init__(
        self,
        kind: str,
        arguments: list[str],
        *,
        folder: Path,
        address: tuple[str, int],
        inside: Sequence[str] = (),
        clock: str = "",
    ) -> None:
        folder.mkdir(parents=True)
        self.ip_addr, self.port = address
        # Not in the folder: dispyscheduler --clean removes all that is there.
        self.log_path = folder.with_name(f"{folder.name}.log")
        main = [str(_TESTS / "other_clock.py"), clock] if clock else ["-m", "flask_dispy"]
        command = [*inside, sys.executable, "-X", "faulthandler", *main, kind]
        command += ["--with-parent", "--daemon", "--clean", "--debug"]
        command += ["-i", self.ip_addr, "--dest_path_prefix", str(folder), *arguments]
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
                env=_clean_environment(),
            )
        self.pid = self._process.pid

    def wait_ready(self) -> None:
        """Wait until it accepts connections.

        :raises AssertionError: with its output, if it ends instead or takes too long.
        """
        try:
            wait_until(self._answers, timeout_sec=START_SEC, what=f"an answer of {self.ip_addr}")
        except AssertionError as error:
            raise AssertionError(f"{error}; its output:\n{self.log()}") from None

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"it ended with {self._process.returncode}"
        return accepts((self.ip_addr, self.port))

    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal to it alone: SIGSTOP and SIGCONT for a node that falls silent."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        return self._process.wait(_STOP_SEC)

    def tell_stacks(self) -> None:
        """End it and its jobs; what their threads were at then stands in its log."""
        self.resume()
        self.signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SEC)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGABRT)

    def resume(self) -> None:
        """Let it and its jobs go on after SIGSTOP."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL it and its jobs, as a power cut would, and wait for its end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._end()

    def close_input(self) -> None:
        """End it gently, as the end of its parent would."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def stop(self) -> None:
        """End it as its user would, its jobs included; kill what does not end."""
        if self._process.poll() is None:
            self.resume()
            self.close_input()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SEC)
        self.kill()

    def _end(self) -> None:
        self._process.wait(_STOP_SEC)
        self.close_input()


def _clean_environment() -> dict[str, str]:
    """The environment without what would make a child treat dispy's warnings as errors."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONWARN", "PYTEST"))}


def call_in_child(
    target: str,
    *arguments: Any,
    cwd: Path,
    timeout_sec: float = 60.0,
    python: str = sys.executable,
    inside: Sequence[str] = (),
) -> Any:
    """Call a function of a file in a Python of its own and return what it returned.

    :param target: ``"file.py:function"``, the file relative to the tests folder.
    :param arguments: what JSON can carry; so is the result.
    :param inside: what to put before its command, to run it in another network.
    :raises AssertionError: with the child's output, if it fails or takes too long.
    """
    file, function = target.split(":")
    code = (
        "import json, runpy, sys\n"
        "path, name, given, answer = sys.argv[1:]\n"
        "result = runpy.run_path(path)[name](*json.loads(given))\n"
        "open(answer, 'w').write(json.dumps(result))\n"
    )
    answer = cwd / "answer.json"
    command = [*inside, python, "-c", code, str(_TESTS / file), function]
    command += [json.dumps(arguments), str(answer)]
    environment = _clean_environment() | {
        "PYTHONPATH": os.pathsep.join([str(_TESTS.parent), str(_TESTS)])
    }
    with _process_tree(command, cwd=cwd, env=environment) as process:
        try:
            output, _ = process.communicate(timeout=timeout_sec)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{target} took longer than {timeout_sec:g} s") from None
    text = output.decode(errors="replace")
    assert process.returncode == 0, f"{target} ended with {process.returncode}:\n{text}"
    return json.loads(answer.read_text())


@contextlib.contextmanager
def _process_tree(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_SEC)
        process.stdout.close()
