"""How often the kernel has killed a process because memory ran out, as far as we can read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["OomKills", "oom_kills"]

_ROOT: Final = Path("/")


class OomKills(NamedTuple):
    """A counter of the kernel's, which never falls while the machine runs."""

    kills: int
    where: str
    """Whose processes it counts, as a noun phrase."""


def oom_kills(root: Path = _ROOT) -> OomKills | None:
    """Return the nearest counter of out-of-memory kills that this process can read, or None.

    That is its control group's (cgroup v2: ``oom_kill`` in ``memory.events``; v1: in
    ``memory.oom_control``), else the machine's (``oom_kill`` in ``/proc/vmstat``). All three are
    described in the kernel's documentation: admin-guide/cgroup-v2, cgroup-v1/memory, proc.

    :param root: where the file system begins.
    """
    for path in _group_files(root):
        if (count := _read(path)) is not None:
            return OomKills(count, "this node's control group")
    if (count := _read(root / "proc/vmstat")) is not None:
        return OomKills(count, "this machine")
    return None


def _group_files(root: Path) -> Iterator[Path]:
    mounts = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        # In a container the path may be the host's, and the group is mounted as the root.
        folders = dict.fromkeys((path.strip("/"), ""))
        if "memory" in controllers.split(","):
            yield from (mounts / "memory" / folder / "memory.oom_control" for folder in folders)
        elif number == "0":
            yield from (mounts / folder / "memory.events" for folder in folders)


def _read(path: Path) -> int | None:
    try:
        for line in path.read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    except (OSError, ValueError):
        pass
    return None
