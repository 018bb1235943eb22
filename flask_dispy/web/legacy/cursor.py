"""Where a reader of ``cluster_updates`` stands, carried by the reader in a cookie.

dispy.httpd kept one queue of changes and gave it to whoever asked first. Here the server keeps
nothing: the cookie says up to where this browser has read.

A browser's tabs share its cookies. A second tab shows itself by asking for ``cluster_status``
with a cookie in hand; from then on the cookie keeps a cursor that lags, and each tab gets what
changed within the lag, again if need be: the pages merge rows by address, so twice does no harm.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

from flask import Response, request

__all__ = ["LegacyCursor"]

# Browsers let the timers of hidden tabs fire once a minute.
_LEAST_LAG_SEC: Final = 90.0

# A cookie of more than 4 KB is dropped by browsers; clusters past this get all their nodes.
_MOST_CHARACTERS: Final = 3500


@dataclass(frozen=True, slots=True)
class LegacyCursor:
    """A reader's place in each cluster's changes.

    :param shared: whether several tabs read with this cookie.
    :param base: where the slowest tab may stand, a cursor for each cluster in order.
    :param later: what becomes the base next.
    :param moved_at: when ``later`` was taken, in epoch seconds.
    """

    shared: bool = False
    base: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    moved_at: float = 0.0
    from_start: bool = False

    @classmethod
    def read(cls) -> LegacyCursor:
        """Return the cursor in the request's cookie; text that is none reads from the start."""
        parts = request.cookies.get(_cookie_name(), "").split("/")
        if len(parts) != 4:
            return cls()
        shared, moved_at, base, later = parts
        if not moved_at.isascii() or not moved_at.isdigit() or len(moved_at) > 12:
            return cls()
        return cls(shared == "s", tuple(base.split(".")), tuple(later.split(".")), float(moved_at))

    def restarted(self) -> LegacyCursor:
        """Return the cursor of a tab that starts, whatever other tabs have read."""
        return replace(self, from_start=True, shared=any(self.base))

    def since(self, index: int) -> str:
        """Return the cursor in the changes of the cluster at *index*."""
        return "" if self.from_start or index >= len(self.base) else self.base[index]

    def store(self, answer: Response, cursors: list[str], poll_sec: float) -> None:
        """Put into the answer's cookie that this reader now stands at *cursors*."""
        here = tuple(cursors)
        now = time.time()
        if not self.shared:
            moved = LegacyCursor(False, here, here, now)
        elif now - self.moved_at >= max(_LEAST_LAG_SEC, 3 * poll_sec):
            moved = LegacyCursor(True, self.later, here, now)
        else:
            moved = self
        answer.set_cookie(
            _cookie_name(),
            moved._text(),
            path=_root_path(),
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
        )

    def _text(self) -> str:
        base, later = ".".join(self.base), ".".join(self.later)
        if len(base) + len(later) > _MOST_CHARACTERS:
            base = later = ""
        return f"{'s' if self.shared else 'o'}/{int(self.moved_at)}/{base}/{later}"


def _cookie_name() -> str:
    """Return the cookie's name; cookies are shared by all ports, so it holds the port."""
    port = request.host.rpartition(":")[2]
    return f"dispy_updates_{port}" if port.isdigit() else "dispy_updates"


def _root_path() -> str:
    return request.script_root + request.path.rpartition("/")[0] + "/"
