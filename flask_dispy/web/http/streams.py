"""How many event streams may be open at once."""

from __future__ import annotations

import threading

from .errors import HttpError

__all__ = ["StreamPlaces"]


class StreamPlaces:
    """Counts the open streams, so that they never take the last thread. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """How many streams are open."""
        return self._open

    def take(self) -> None:
        """Take a place.

        :raises HttpError: 503, all are taken.
        """
        with self._lock:
            if self._open >= self._most:
                raise HttpError(
                    503,
                    "too_many_streams",
                    f"All {self._most} streams are taken; poll api/v1/changes instead.",
                    headers={"Retry-After": "10"},
                )
            self._open += 1

    def give_back(self) -> None:
        """Give a place back."""
        with self._lock:
            self._open -= 1
