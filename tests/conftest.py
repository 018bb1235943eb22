"""What every test shares: dispy on loopback, Chromium, and a guard against what tests leave."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from clusters import LocalDispy
from werkzeug.routing import Rule

from flask_dispy import ClusterRegistry
from flask_dispy.watching.intervals import Intervals

# Some machines are set up so that no Python keeps its bytecode. Here hundreds are started, and each
# would compile the whole package anew; the workers of ``pytest -n``, all tests besides.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell starts what is to run in the background with Ctrl-C ignored, and programs hand that on.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Werkzeug compiles two functions for each route of an app, which takes longer than all else in most
# tests of an answer. They depend on the route's text alone, so the apps of a process share them.
_compile_builder = Rule._compile_builder
_builders: dict[str, Callable[..., tuple[str, str]]] = {}


def _compile_builder_once(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    key = repr((rule._trace, rule.defaults, append_unknown))
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _compile_builder_once

_LEAK_GRACE_SEC = 5.0
# The shell is the same engine without the windows around it, which take most of a processor here.
_CHROMIUM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Chains: what runs one after the other, each chain in one worker. The first three start dispy's
# programs, and wait more than they work, so that a fourth worker keeps the processors busy; two of
# them share the tests of clusters about equally. Nearly all of the last runs only with -m programs.
_CHAINS = {
    "clusters, a to f": re.compile(r"^tests/engine/test_[a-f]"),
    "clusters, g to z": re.compile(r"^tests/engine/"),
    "programs": re.compile(
        r"^tests/(browser/test_real_|test_(cli|example_app|history_command|services))"
    ),
    "documents": re.compile(r"^tests/test_documented_code"),
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal tests out to the workers of ``pytest -n`` one by one, after whole chains, to one each.

    The longest chains come first (``--loadscope-reorder``, which is xdist's default), for one that
    began late would end late.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((name for name, these in _CHAINS.items() if these.match(nodeid)), nodeid)

    return Scheduling(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip browser tests where there is no Chromium, but fail them in CI: there it must be."""
    if item.get_closest_marker("browser") is None or _chromium() is not None:
        return
    reason = "no Chromium: none of " + ", ".join(_CHROMIUM_NAMES) + " is on the PATH"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add what dispy's programs wrote, and were at, to the report of a test that failed."""
    outcome: Any = yield
    dispy = getattr(item, "funcargs", {}).get("local_dispy")
    if dispy is not None and outcome.get_result().failed:
        for program in dispy.programs:
            program.tell_stacks()
            outcome.get_result().sections.append((f"{program.ip_addr} wrote", program.log()))


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)


@pytest.fixture
def intervals() -> Intervals:
    """What a registry goes by. A test that must not wait overrides it, or is given another."""
    return Intervals()


@pytest.fixture
def history() -> Path | None:
    """Where the registry keeps its history: nowhere, unless a file of tests overrides it."""
    return None


@pytest.fixture
def registry(intervals: Intervals, history: Path | None) -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(_intervals=intervals, history=history)
    yield registry
    registry.close()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory: dispy leaves files where it runs."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def local_dispy(scratch: Path, tmp_path: Path) -> Iterator[LocalDispy]:
    """A dispy of the test's own; its clusters, nodes and scheduler end with the test."""
    with LocalDispy(tmp_path / "dispy") as dispy:
        yield dispy
    assert list(scratch.glob("_dispy_*")) == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, through Playwright; for tests marked ``browser``."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_chromium(), args=_CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in a fresh context, whose script errors fail the test."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail the test that leaves a thread, a process or a listening socket behind."""
    before = {what: look() for what, look in _LEAKS.items()}
    yield
    give_up_at = time.monotonic() + _LEAK_GRACE_SEC
    while leaked := _leaked(before):
        if time.monotonic() > give_up_at:
            pytest.fail(f"left behind: {leaked}", pytrace=False)
        time.sleep(0.02)


def _leaked(before: dict[str, dict[Any, str]]) -> dict[str, list[str]]:
    now = {what: look() for what, look in _LEAKS.items()}
    new = {what: sorted(now[what][key] for key in now[what].keys() - before[what]) for what in now}
    return {what: names for what, names in new.items() if names}


def _threads() -> dict[Any, str]:
    return {thread: thread.name for thread in threading.enumerate() if not _is_dispys(thread)}


def _is_dispys(thread: threading.Thread) -> bool:
    """Whether dispy or pycos started it: a SharedJobCluster leaves its worker behind."""
    target = getattr(thread, "_target", None)
    return thread.daemon and getattr(target, "__module__", "").split(".")[0] in ("dispy", "pycos")


def _processes() -> dict[Any, str]:
    # psutil's children() looks at every process of the machine, which twice a test adds up.
    children: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            children.update(map(int, (task / "children").read_text().split()))
    return {pid: _program(pid) for pid in children}


def _program(pid: int) -> str:
    try:
        return repr(psutil.Process(pid))
    except psutil.Error:
        return f"process {pid}"


def _listeners() -> dict[Any, str]:
    # psutil reads through all connections of the machine, of which a test run leaves thousands.
    listening = {}
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the folder itself is gone
            name = os.readlink(entry)
            if name.startswith("socket:") and (address := _listens_at(int(entry.name))):
                listening[name] = f"socket at {address}"
    return listening


def _listens_at(descriptor: int) -> str | None:
    with socket.socket(fileno=os.dup(descriptor)) as twin:
        listens = twin.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        inet = twin.family in (socket.AF_INET, socket.AF_INET6)
        return "{}:{}".format(*twin.getsockname()) if listens and inet else None


_LEAKS: dict[str, Callable[[], dict[Any, str]]] = {
    "threads": _threads,
    "processes": _processes,
    "listening sockets": _listeners,
}
