"""How many answers that go on for long may be open at once: event streams, exports."""

from __future__ import annotations

import threading

from flask import Response

from .errors import not_now

__all__ = ["StreamPlaces"]


class StreamPlaces:
    """Counts the open streams, so that they never take the last thread. Thread-safe.

    :param most: how many may be open.
    :param code: of the error for one more.
    :param what: what they are, and what to do instead, for its message.
    """

    def __init__(
        self,
        most: int,
        code: str = "too_many_streams",
        what: str = "streams are taken; poll api/v1/changes instead",
    ) -> None:
        self._most = most
        self._code = code
        self._what = what
        self._lock = threading.Lock()
        self.taken = 0
        """How many streams are open."""

    def take_for(self, answer: Response) -> None:
        """Take a place for an answer, until that is closed.

        :raises HttpError: 503, all are taken.
        """
        with self._lock:
            if self.taken >= self._most:
                raise not_now(self._code, f"All {self._most} {self._what}.", 10)
            self.taken += 1
        answer.call_on_close(self._give_back)

    def _give_back(self) -> None:
        with self._lock:
            self.taken -= 1
