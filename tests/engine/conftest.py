"""What tests of real clusters ask for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psutil
import pytest


def _descriptors() -> set[str]:
    """Return what this process has open, but for the pipes that dispy is known to leave."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue  # the one that listed them
        if target.startswith(("/", "socket:")):
            found.add(f"{number} {target}")
    return found


@pytest.fixture
def no_lost_descriptors() -> Iterator[None]:
    """Fail the test after which a socket or file is still open; set up before dispy is."""
    before = _descriptors()
    yield
    give_up_at = time.monotonic() + 15
    while left := _descriptors() - before:
        known = psutil.Process().net_connections("all")
        assert time.monotonic() < give_up_at, f"still open: {sorted(left)} of {known}"
        time.sleep(0.05)
