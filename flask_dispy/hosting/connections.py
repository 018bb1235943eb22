"""Who is connected, what each is doing, and who has to go when there is no room for another."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Final, Literal

from ..core.addresses import network_of
from .connection import Connection

__all__ = ["Connections", "Phase", "Seat"]

Phase = Literal["idle", "receiving", "working", "answering"]
"""What a connection is doing: waiting for a request, in the middle of one, having it worked on, or
taking the answer. Streams do the last for as long as they last."""

# How long a cut connection's thread may take to end before the newcomer is turned away instead.
_MAKE_ROOM_SEC: Final = 0.25

# A request that takes longer than this to arrive is half-sent; most take a millisecond.
_HALF_SENT_SEC: Final = 1.0

# A client that has this many connections without a whole request on them holds them for nothing.
_CROWDING: Final = 8

# Of all connections, the part that one address leaves to others; and by how many more there may be
# for a moment, while those that were cut end.
_PART: Final = 8


class Seat:
    """One connection's place: its thread, whose it is, and what it is doing.

    Everybody may read its ``phase``, what the connection is doing.
    """

    def __init__(self, connection: Connection, thread: threading.Thread) -> None:
        self.connection = connection
        self.thread = thread
        self.network = network_of(connection.address[0])
        self.is_cut = False
        self.proven = False
        self.since = time.monotonic()
        self.phase: Phase = "idle"

    def begin(self, phase: Phase) -> None:
        """Go on to another phase. For the connection's own thread alone."""
        if phase == self.phase:
            return
        # A client that has sent a whole request is no longer suspected.
        self.proven = self.proven or phase in ("working", "answering")
        self.phase, self.since = phase, time.monotonic()

    def holds_back(self, now: float) -> bool:
        """Whether it is open without a whole request having come, or with a half-sent one."""
        if self.phase == "receiving":
            return not self.proven or now - self.since > _HALF_SENT_SEC
        return self.phase == "idle" and not self.proven


class Connections:
    """The connections of one server, at most so many. Thread-safe.

    When all places are taken, a newcomer gets that of another connection: one on which a request
    is half-sent, or has never come, of a client that has many of these; else one that waits for a
    request, of the client that has most connections; else, if the newcomer's client has fewer, one
    that takes its answer, as streams do. What is being worked on is never cut.

    One client leaves an eighth of the places to others.
    """

    closing = False
    """Whether :meth:`close` was called, after which no connection gets another request."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_a_client = max(1, most - most // _PART)
        self._changed = threading.Condition()
        self._seats: dict[Connection, Seat] = {}

    def enter(self, seat: Seat) -> bool:
        """Take a connection in, if there is room or can be made some."""
        with self._changed:
            if not self._has_room(seat.network):
                victim = self._victim(seat.network)
                if victim is None:
                    return False
                victim.is_cut = True
                victim.connection.cut()
                if not self._changed.wait_for(lambda: self._has_room(seat.network), _MAKE_ROOM_SEC):
                    return False
            self._seats[seat.connection] = seat
            return True

    def begin_waiting(self, seat: Seat) -> bool:
        """Note that a connection waits for a request; while it does it may be ended for another.

        Returns False where it should not wait, because the server is stopping.
        """
        seat.begin("idle")
        # In this order: close() sets the one, then its caller cuts whoever is the other.
        return not self.closing

    def close(self) -> None:
        """Let no connection wait for another request; those that wait are the caller's to cut."""
        self.closing = True

    def leave(self, connection: Connection) -> None:
        """Forget a connection whose thread is about to end."""
        with self._changed:
            del self._seats[connection]
            self._changed.notify_all()

    def seats(self) -> list[Seat]:
        """Return the seats of all connections."""
        with self._changed:
            return list(self._seats.values())

    def others(self) -> list[Seat]:
        """Return the seats of all connections but that of the calling thread."""
        me = threading.current_thread()
        return [seat for seat in self.seats() if seat.thread is not me]

    def wait_until_empty(self, timeout_sec: float) -> bool:
        """Wait until no other thread's connection is left; false if there still is one."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.others(), timeout_sec)

    def _has_room(self, network: str) -> bool:
        """Whether a client of *network* may have one more. The caller holds the lock."""
        if len(self._seats) >= self._most + self._most // _PART:
            return False
        staying = [seat for seat in self._seats.values() if not seat.is_cut]
        mine = sum(seat.network == network for seat in staying)
        return len(staying) < self._most and mine < self._most_a_client

    def _victim(self, network: str) -> Seat | None:
        """Return the seat that a newcomer of *network* is to have. The caller holds the lock."""
        now = time.monotonic()
        seats = [seat for seat in self._seats.values() if not seat.is_cut]
        counts = Counter(seat.network for seat in seats)
        if counts[network] >= self._most_a_client:
            seats = [seat for seat in seats if seat.network == network]
        holding = [seat for seat in seats if seat.holds_back(now)]
        held = Counter(seat.network for seat in holding)
        crowding = [seat for seat in holding if held[seat.network] >= _CROWDING]
        if crowding:
            return max(crowding, key=lambda seat: (held[seat.network], -seat.since))
        waiting = [seat for seat in seats if seat.phase in ("idle", "receiving")]
        if waiting:
            return max(
                waiting,
                key=lambda seat: (counts[seat.network], seat.holds_back(now), -seat.since),
            )
        answering = [
            seat
            for seat in seats
            if seat.phase == "answering" and counts[seat.network] > counts[network] + 1
        ]
        return max(answering, key=lambda seat: (counts[seat.network], -seat.since), default=None)
