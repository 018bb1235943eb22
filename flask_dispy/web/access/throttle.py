"""The brake on guessing passwords and tokens."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, TypeVar

from ...core.addresses import network_of
from ..http.errors import not_now

__all__ = ["Throttle"]

_K = TypeVar("_K")
_V = TypeVar("_V")

# Tries of names that nobody has, from one address, until no more of them are checked.
_STRANGERS: Final = 100

# How often a user failed, and when last.
_Failures = tuple[int, float]


@dataclass(slots=True)
class _Client:
    """What failed from one address, by user: of those that there are, and of other names."""

    users: dict[bytes, _Failures] = field(default_factory=dict)
    strangers: dict[bytes, _Failures] = field(default_factory=dict)
    tries: int = 0  # of strangers
    at: float = 0.0


class Throttle:
    """Slows down clients that fail to log in: after *free* failures each next one doubles the wait.

    It brakes an address and a user together: somebody who guesses at one user's password keeps
    neither that user's other machines out, nor the other users of the same address, which may be a
    proxy's. What it says of a name does not depend on whether a user has it.

    Thread-safe; never sleeps: a client that must wait gets 429 with ``Retry-After``. The table
    holds *size* addresses, each with the users that there are and *names* others; what failed
    least, of these the longest ago, makes room. IPv6 clients count by their /64, which is what
    one customer gets.

    A try counts as failed until ``succeeded``, so that guesses sent all at once count too.
    """

    def __init__(
        self,
        *,
        free: int = 10,
        longest_sec: float = 60.0,
        forget_sec: float = 900.0,
        size: int = 1024,
        names: int = 32,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = free
        self._longest_sec = longest_sec
        self._forget_sec = forget_sec
        self._size = size
        self._names = names
        self._clock = clock
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(16)
        self._clients: dict[str, _Client] = {}

    def admit(self, address: str | None, user: str = "", *, known: bool = True) -> None:
        """Let *user* at *address* try; or raise the 429 that says how long to wait.

        :param known: whether there is such a user, whose failures are never forgotten in favour of
            other names': else a guesser would try some of those in between.
        """
        mark, now = self._mark(user), self._clock()
        with self._lock:
            client = self._client(network_of(address), now)
            table = client.users if known else client.strangers
            count, at = table.get(mark, (0, now))
            left = at + self._pause_sec(count) - now
            if left <= 0:
                table[mark] = (1 if now - at > self._forget_sec else count + 1, now)
                client.at = now
                _make_room(client.strangers, self._names, mark, _failures)
                return
        seconds = math.ceil(left)
        message = f"Too many failed logins of this user from here. Try again in {seconds} s."
        raise not_now("too_many_requests", message, seconds, status=429)

    def tries_too_many_names(self, address: str | None) -> bool:
        """Whether *address*, which tries a name that nobody has, did so too often.

        Such a try is to be refused without the work of a check: by trying ever new names a client
        could otherwise take two cores from the run.
        """
        with self._lock:
            client = self._client(network_of(address), self._clock())
            client.tries += 1
            return client.tries > _STRANGERS

    def succeeded(self, address: str | None, user: str = "") -> None:
        """Forget the failures of *user* at *address*."""
        with self._lock:
            client = self._clients.get(network_of(address))
            if client is not None:
                client.users.pop(self._mark(user), None)

    def _client(self, network: str, now: float) -> _Client:
        """Return what is known of an address, made if need be. The caller holds the lock."""
        client = self._clients.get(network)
        if client is None or now - client.at > self._forget_sec:
            client = self._clients[network] = _Client(at=now)
            _make_room(self._clients, self._size, network, _weight)
        return client

    def _mark(self, user: str) -> bytes:
        """Return what stands for a name: it may be as long as a header is."""
        return blake2b(user.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8).digest()

    def _pause_sec(self, count: int) -> float:
        if count < self._free:
            return 0.0
        return min(self._longest_sec, 2.0 ** min(count - self._free, 30))


def _make_room(table: dict[_K, _V], size: int, but: _K, weight: Callable[[_V], Any]) -> None:
    """Drop what weighs least, but for the newest, while there is too much."""
    while len(table) > size:
        del table[min((key for key in table if key != but), key=lambda key: weight(table[key]))]


def _failures(entry: _Failures) -> _Failures:
    return entry


def _weight(client: _Client) -> _Failures:
    return max((count for count, _ in client.users.values()), default=0), client.at
