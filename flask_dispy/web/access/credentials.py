"""The built-in users and tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeVar, get_args

from werkzeug.datastructures import Authorization
from werkzeug.security import check_password_hash, generate_password_hash

from ..http.errors import not_now
from .permissions import PERMISSIONS, Permission

__all__ = ["ROLES", "Credentials", "Role"]

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
    """The users and tokens of one blueprint; finds the role that a request's header proves.

    Thread-safe. Takes the same time for a wrong password as for an unknown user, also where the
    users' hashes are of several kinds.

    :param users: name to (password hash made by ``werkzeug.security.generate_password_hash``,
        role).
    :param tokens: Bearer token to role.
    :param check: whether a hash is that of a password.
    :param pause: waits for so many seconds.
    :raises ValueError: a role that is none, an empty token, a password instead of a hash, or no
        users or tokens in what was given: that would leave open what was meant to be closed.
    :raises TypeError: users or tokens are no mapping.
    """

    def __init__(
        self,
        users: Mapping[str, tuple[str, str]] | None = None,
        tokens: Mapping[str, str] | None = None,
        *,
        check: Callable[[str, str], bool] = check_password_hash,
        pause: Callable[[float], None] = time.sleep,
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
        self._check_sec = 0.0
        self._check = check
        self._pause = pause
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

    def knows(self, offered: Authorization) -> bool:
        """Whether *offered* names a user of ours: not for the client to learn."""
        return offered.type == "basic" and (offered.username or "") in self._users

    def wait_as_long(self) -> None:
        """Take as long as the last check did, without the work: for names that are none."""
        self._pause(self._check_sec)

    def prove(self, offered: Authorization) -> str | None:
        """Return the role if *offered* holds a right password, by checking its hash: slow."""
        if offered.type != "basic" or not self._users:
            return None
        name, password = offered.username or "", offered.password or ""
        password_hash, role = self._users.get(name) or (self._decoy(name), None)
        if not self._checks.acquire(timeout=_CHECK_WAIT_SEC):
            raise not_now(
                "unavailable", "Too many logins are being checked. Try again in a few seconds.", 5
            )
        began_at = time.monotonic()
        try:
            right = self._check(password_hash, password)
        finally:
            self._check_sec = time.monotonic() - began_at
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
        # Every token is compared, so that the time taken reveals nothing.
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

        A name keeps its own: one whose time varies would be recognized as unknown.
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
