"""The one place that decides whether a request is let in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final

from flask import Request, request

from ..http.errors import HttpError
from .credentials import ROLES, Credentials
from .origins import (
    SAFE_METHODS,
    check_host,
    is_trusted,
    refuse_cross_site_read,
    refuse_cross_site_write,
)
from .permissions import PERMISSIONS, Access, Kind, Permission
from .throttle import Throttle

__all__ = ["Authorize", "Guard"]

_log = logging.getLogger("flask_dispy.web")

Authorize = Callable[[Permission, Request], "bool | None"]

_CHANGES: Final = frozenset(PERMISSIONS) - {"view", "see_arguments"}


class Guard:
    """Asks, for each request, where it comes from and what its sender may do.

    The order: a foreign Host or site is refused whoever asks; then *read_only* refuses every
    change; then *authorize* decides; where it is undecided (``None``) or not given, the built-in
    users and tokens do; where there are none either, everything is allowed.

    Thread-safe.

    :param authorize: the host app's word: ``True``, ``False``, or ``None`` for undecided. An
        exception, or any other value, counts as ``False`` and is logged.
    :param trusted_hosts: further names that an open server answers under; see ``is_trusted``.
    :param standalone: whether this is the whole server, so that nobody else checks the Host. In
        an app, hosts are the app's affair until *trusted_hosts* are given.
    """

    def __init__(
        self,
        *,
        authorize: Authorize | None = None,
        credentials: Credentials | None = None,
        read_only: bool = False,
        trusted_hosts: Collection[str] = (),
        standalone: bool = False,
    ) -> None:
        if authorize is not None and not callable(authorize):
            raise TypeError(
                f"authorize must be a function (permission, request), not {authorize!r}"
            )
        self._authorize = authorize
        self._credentials = credentials or Credentials()
        self._throttle = Throttle()
        self._read_only = read_only
        self._trusted_hosts = tuple(trusted_hosts)
        is_open = authorize is None and not self._credentials
        self._checks_host = is_open and (standalone or bool(self._trusted_hosts))
        # One request may pass two guards, when a blueprint's view calls another's.
        self._role_key = f"flask_dispy.role.{id(self)}"

    def admit(self, permission: Access, kind: Kind) -> None:
        """Let the current request through to an answer of *kind*, which asks for *permission*.

        :raises HttpError: the answer that refuses it.
        """
        # Probes find /healthz under any name; it shows them no more than it shows a stranger.
        if self._checks_host and permission != "public":
            check_host(request.host, self._trusted_hosts)
        if request.method not in SAFE_METHODS:
            refuse_cross_site_write(request)
        elif kind == "data":
            refuse_cross_site_read(request)
        if permission != "public":
            self.require(permission)

    def require(self, permission: Permission) -> None:
        """Raise the 401 or 403 if the current request's sender lacks *permission*."""
        if self.allows(permission):
            return
        if self._read_only and permission in _CHANGES:
            raise HttpError(403, "read_only", "This dashboard is read-only.")
        if self._credentials and self._ask(permission) is None and self._role() is None:
            raise HttpError(
                401,
                "unauthorized",
                "Log in with a name and password, or a token.",
                headers={"WWW-Authenticate": self._credentials.challenge},
            )
        raise HttpError(403, "forbidden", f"This takes the permission {permission!r}.")

    def allows(self, permission: Permission) -> bool:
        """Whether the current request's sender has *permission*."""
        if self._checks_host and not is_trusted(request.host, self._trusted_hosts):
            return False
        if self._read_only and permission in _CHANGES:
            return False
        verdict = self._ask(permission)
        if verdict is not None:
            return verdict
        if not self._credentials:
            return True
        role = self._role()
        return role is not None and permission in ROLES[role]

    def user(self) -> str | None:
        """Return the name that the current request's sender logged in with, if one of ours."""
        offered = request.authorization
        if offered is None or offered.type != "basic" or self._role() is None:
            return None
        return offered.username

    def permissions(self) -> dict[Permission, bool]:
        """Return each permission, and whether the current request's sender has it."""
        return {permission: self.allows(permission) for permission in PERMISSIONS}

    def _ask(self, permission: Permission) -> bool | None:
        """Return what the host app says; anything that is no clear word is a no."""
        if self._authorize is None:
            return None
        try:
            verdict = self._authorize(permission, request)
        except Exception:
            _log.exception("authorize(%r) raised; access is denied", permission)
            return False
        if verdict is None or verdict is True or verdict is False:
            return verdict
        # An async function's coroutine, say, would be true of everything.
        _log.error(
            "authorize(%r) returned %s instead of True, False or None; access is denied",
            permission,
            type(verdict).__name__,
        )
        return False

    def _role(self) -> str | None:
        """Return the role that the request's credentials prove; ``None`` for nobody."""
        environ = request.environ
        if self._role_key not in environ:
            environ[self._role_key] = self._authenticate()
        role: str | None = environ[self._role_key]
        return role

    def _authenticate(self) -> str | None:
        offered = request.authorization
        if offered is None:
            return None
        role = self._credentials.remembered(offered)
        if role is not None:
            return role
        # Only unknown clients pay: guesses never lock out somebody who is logged in, nor
        # another user of the same address.
        address, user = request.remote_addr, offered.username or ""
        known = self._credentials.knows(offered)
        self._throttle.admit(address, user, known=known)
        if not known and self._throttle.tries_too_many_names(address):
            self._credentials.wait_as_long()
            return None
        role = self._credentials.prove(offered)
        if role is None:
            _log.warning("failed login from %s", address)
        else:
            self._throttle.succeeded(address, user)
        return role
