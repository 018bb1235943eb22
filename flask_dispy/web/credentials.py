"""The built-in users and tokens, and the brake on guessing them."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeVar, get_args

from werkzeug.datastructures import Authorization
from werkzeug.security import check_password_hash, generate_password_hash

from .clients import network_of
from .errors import HttpError
from .routing import PERMISSIONS, Permission

__all__ = ["ROLES", "Credentials", "Role", "Throttle"]

Role = Literal["viewer", "operator"]

_T = TypeVar("_T")

ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "viewer": frozenset(("view", "see_arguments")),
    "operator": frozenset(PERMISSIONS),
}

# A browser sends Basic credentials with every request, and a hash that is worth its name takes
# about 50 ms and 32 MB to check: what was right is remembered.
_REMEMBER_MOST: Final = 256

# How many hashes may be under way at once, so that a flood of guesses from many addresses cannot
# take the machine's memory from the jobs.
_CHECKS_AT_ONCE: Final = 2
_CHECK_WAIT_SEC: Final = 5.0


class Credentials:
    """The users and tokens of one blueprint; tells the role that a request's header proves.

    Thread-safe. Takes the same time for a wrong password as for an unknown user, also where the
    users' hashes are of several kinds.

    :param users: name to (password hash made by ``werkzeug.security.generate_password_hash``,
        role).
    :param tokens: Bearer token to role.
    :raises ValueError: a role that is none, an empty token, a password instead of a hash, or no
        users or tokens in what was given: that would leave open what was meant to be closed.
    :raises TypeError: users or tokens are no mapping.
    """

    def __init__(
        self,
        users: Mapping[str, tuple[str, str]] | None = None,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self._users = {n: _checked_user(n, user) for n, user in _items("users", users)}
        self._tokens = [
            (_digest(_checked_token(token)), _checked_role(role, "a token"))
            for token, role in _items("tokens", tokens)
        ]
        self._secret = secrets.token_bytes(32)
        self._proved: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()
        self._checks = threading.BoundedSemaphore(_CHECKS_AT_ONCE)
        self._decoys = self._make_decoys()

    def __bool__(self) -> bool:
        return bool(self._users or self._tokens)

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header that asks for what is configured."""
        if self._users:
            return 'Basic realm="dispy", charset="UTF-8"'
        return 'Bearer realm="dispy"'

    def remembered(self, offered: Authorization) -> str | None:
        """Return the role if *offered* was proved before, or is a known token: cheap."""
        if offered.type == "bearer":
            return self._role_of_token(offered.token or "")
        if offered.type != "basic" or not self._users:
            return None
        mark = self._mark(offered.username or "", offered.password or "")
        with self._lock:
            role = self._proved.get(mark)
            if role is not None:
                self._proved.move_to_end(mark)
            return role

    def prove(self, offered: Authorization) -> str | None:
        """Return the role if *offered* holds a right password, by checking its hash: slow."""
        if offered.type != "basic" or not self._users:
            return None
        name, password = offered.username or "", offered.password or ""
        password_hash, role = self._users.get(name) or (self._decoy(name), None)
        if not self._checks.acquire(timeout=_CHECK_WAIT_SEC):
            raise HttpError(
                503,
                "unavailable",
                "Too many logins are being checked. Try again in a few seconds.",
                headers={"Retry-After": "5"},
            )
        try:
            right = check_password_hash(password_hash, password)
        finally:
            self._checks.release()
        if not right or role is None:
            return None
        with self._lock:
            self._proved[self._mark(name, password)] = role
            while len(self._proved) > _REMEMBER_MOST:
                self._proved.popitem(last=False)
        return role

    def _role_of_token(self, token: str) -> str | None:
        digest = _digest(token)
        found = None
        # Every token is compared, so that the time taken tells nothing.
        for known, role in self._tokens:
            if hmac.compare_digest(known, digest):
                found = role
        return found

    def _mark(self, name: str, password: str) -> bytes:
        """Return what stands for a name and password in memory: useless to who reads it."""
        pair = f"{len(name)}:{name}{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, pair, "sha256")

    def _decoy(self, name: str) -> str:
        """Return a hash that no password fits, of a kind as frequent as among the users.

        A name keeps its own, for else one that is sometimes fast would be known for unknown.
        """
        mark = int.from_bytes(self._mark(name, ""), "big")
        return self._decoys[mark % len(self._decoys)]

    def _make_decoys(self) -> list[str]:
        """Return for each user a hash as slow to check as the user's own."""
        made: dict[str, str] = {}
        decoys = []
        for name, (password_hash, _) in self._users.items():
            method = password_hash.partition("$")[0]
            if method not in made:
                try:
                    made[method] = generate_password_hash(secrets.token_hex(), method=method)
                except (ValueError, OverflowError) as error:
                    raise _no_hash(name) from error
            decoys.append(made[method])
        return decoys


class Throttle:
    """Slows down who fails to log in: after *free* failures each next one doubles the wait.

    Thread-safe; never sleeps: a client that must wait gets 429 with ``Retry-After``. The table
    holds *size* clients; the one that failed longest ago makes room. IPv6 clients count by their
    /64, which is what one customer gets.

    A try counts as failed until ``succeeded``, so that guesses sent all at once count too.
    """

    def __init__(
        self,
        *,
        free: int = 10,
        longest_sec: float = 60.0,
        forget_sec: float = 900.0,
        size: int = 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = free
        self._longest_sec = longest_sec
        self._forget_sec = forget_sec
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def admit(self, client: str | None) -> None:
        """Let *client*, an address, try; or raise the 429 that tells how long to wait."""
        key = network_of(client)
        now = self._clock()
        with self._lock:
            count, at = self._failures.get(key, (0, now))
            left = at + self._pause_sec(count) - now
            if left <= 0:
                if now - at > self._forget_sec:
                    count = 0
                self._failures[key] = (count + 1, now)
                self._failures.move_to_end(key)
                while len(self._failures) > self._size:
                    self._failures.popitem(last=False)
                return
        seconds = math.ceil(left)
        raise HttpError(
            429,
            "too_many_requests",
            f"Too many failed logins from here. Try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )

    def succeeded(self, client: str | None) -> None:
        """Forget the failures of *client*."""
        with self._lock:
            self._failures.pop(network_of(client), None)

    def _pause_sec(self, count: int) -> float:
        if count < self._free:
            return 0.0
        return min(self._longest_sec, 2.0 ** min(count - self._free, 30))


def _items(option: str, given: Mapping[str, _T] | None) -> Iterable[tuple[str, _T]]:
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise TypeError(f"{option} must be a mapping, not {type(given).__name__}")
    if not given:
        raise ValueError(
            f"{option} is empty, so nobody could log in: leave it out where all are to be let in"
        )
    return given.items()


def _checked_token(token: str) -> str:
    if not token:
        raise ValueError("a token is empty: make one with secrets.token_urlsafe()")
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _checked_role(role: str, whose: str) -> str:
    if role not in get_args(Role):
        raise ValueError(f"{role!r} of {whose} is no role: give 'viewer' or 'operator'")
    return role


def _checked_user(name: str, user: tuple[str, str]) -> tuple[str, str]:
    if isinstance(user, str) or len(user) != 2:
        raise ValueError(f"user {name!r} needs a pair: (password hash, role)")
    password_hash, role = user
    if ":" in name:
        raise ValueError(f"user {name!r} can never log in: HTTP Basic ends a name at a colon")
    method = password_hash.partition(":")[0].partition("$")[0]
    if method not in ("scrypt", "pbkdf2") or password_hash.count("$") != 2:
        raise _no_hash(name)
    return password_hash, _checked_role(role, f"user {name!r}")


def _no_hash(name: str) -> ValueError:
    return ValueError(
        f"user {name!r} needs a password hash, not a password: "
        "make it with werkzeug.security.generate_password_hash"
    )
