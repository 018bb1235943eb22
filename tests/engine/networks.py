"""A network of the test's own: namespaces on a switch, whose cables can be pulled.

Nothing leaves it: the namespaces are connected to each other and to nothing else. The switch is a
bridge in a namespace of its own, so that a pulled cable looks from the other end like the real
thing: the link is up, and nothing comes back.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from functools import lru_cache

__all__ = ["Network", "missing"]

_SUBNET = "192.0.2."  # TEST-NET-1 of RFC 5737, which is routed nowhere


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@lru_cache(maxsize=1)
def missing() -> str:
    """Return why this machine cannot make such a network, an empty text if it can."""
    try:
        with Network(1):
            return ""
    except (OSError, subprocess.SubprocessError) as error:
        return f"no network namespaces: {error}"


class Network:
    """``hosts`` namespaces, numbered from 1, each with a cable to the switch.

    Built and torn down as a context; ``prefix`` gives another process a hold on the same one.
    """

    def __init__(self, hosts: int, prefix: str = "") -> None:
        self.prefix = prefix or f"fd{os.getpid()}"
        self._switch = f"{self.prefix}s"
        self._hosts = range(1, hosts + 1)

    def __enter__(self) -> Network:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self) -> None:
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "switch", "up")
        for number in self._hosts:
            name = self.name(number)
            _ip("netns", "add", name)
            cable = ["-n", name, "link", "add", "eth", "type", "veth"]
            _ip(*cable, "peer", "name", f"port{number}", "netns", self._switch)
            _ip("-n", name, "address", "add", f"{self.ip_addr(number)}/24", "dev", "eth")
            for link in ("lo", "eth"):
                _ip("-n", name, "link", "set", link, "up")
            self.plug(number)

    def __exit__(self, *exc_info: object) -> None:
        for name in (*map(self.name, self._hosts), self._switch):
            with contextlib.suppress(OSError):
                _ip("netns", "delete", name)

    def name(self, number: int) -> str:
        """Return the name of a host's namespace."""
        return f"{self.prefix}h{number}"

    @staticmethod
    def ip_addr(number: int) -> str:
        """Return the address of a host."""
        return f"{_SUBNET}{number}"

    def plug(self, number: int) -> None:
        """Connect a host to the switch."""
        _ip("-n", self._switch, "link", "set", f"port{number}", "master", "switch", "up")

    def pull(self, number: int) -> None:
        """Let nothing through to a host or from it, while its own link stays up."""
        _ip("-n", self._switch, "link", "set", f"port{number}", "nomaster")

    def inside(self, number: int) -> list[str]:
        """Return what to put before a command to run it on a host."""
        return ["ip", "netns", "exec", self.name(number)]
