"""Rows that are packed once unpack to what they are, whatever changed in between."""

from __future__ import annotations

import gzip
import json
import random

import pytest

from flask_dispy.core.feed import Feed
from flask_dispy.wire.packing import PackedRows, Sendable, joined


class Table:
    """Rows by key, their feed, and the same rows packed."""

    def __init__(self, feed: Feed | None = None) -> None:
        self.rows: dict[str, int] = {}
        self.feed = feed or Feed()
        self.version = 0
        self.asked: list[str] = []
        self.packed = PackedRows(self.feed, self._texts, size=32)

    def _texts(self, keys: list[str]) -> list[str]:
        self.asked += keys
        return [json.dumps([key, self.rows[key]]) for key in keys]

    def put(self, key: str, value: int) -> None:
        self.version += 1
        self.rows[key] = value
        self.feed.touch([key], self.version)

    def drop(self, key: str) -> None:
        self.version += 1
        del self.rows[key]
        self.feed.remove([key], self.version)

    def read(self) -> dict[str, int]:
        """What a reader makes of the packed rows."""
        self.asked.clear()
        sent = Sendable(b"[", *joined(self.packed.take(self.version)), b"]")
        assert gzip.decompress(sent.gzip()) == sent.plain()
        found = json.loads(sent.plain())
        assert len(found) == len(self.rows)
        return dict(found)


def test_bytes_alone_are_sent_too() -> None:
    sent = Sendable(b"alpha", b"", b"beta")
    assert sent.plain() == b"alphabeta"
    assert gzip.decompress(sent.gzip()) == b"alphabeta"
    assert sent.is_longer_than(8)
    assert not sent.is_longer_than(9)


def test_nothing_is_sent_as_nothing() -> None:
    assert gzip.decompress(Sendable().gzip()) == b""
    assert Table().read() == {}


def test_same_bytes_pack_to_the_same() -> None:
    assert Sendable(b"x" * 999).gzip() == Sendable(b"x" * 999).gzip()


@pytest.mark.parametrize("count", [1, 31, 32, 33, 1000])
def test_all_rows_come(count: int) -> None:
    table = Table()
    for number in range(count):
        table.put(f"k{number}", number)
    assert table.read() == table.rows


def test_only_the_neighbours_of_a_change_are_packed_anew() -> None:
    table = Table()
    for number in range(1000):
        table.put(f"k{number}", number)
    table.read()
    table.put("k500", -1)
    assert table.read() == table.rows
    assert 0 < len(table.asked) <= 32
    table.read()
    assert table.asked == []


def test_first_row_may_go() -> None:
    table = Table()
    for number in range(40):
        table.put(f"k{number}", number)
    table.read()
    for number in range(35):
        table.drop(f"k{number}")
        assert table.read() == table.rows


def test_rows_that_come_and_go_for_ever_leave_few_parts() -> None:
    table = Table()
    for number in range(3_000):
        table.put(f"k{number}", number)
        if number >= 100:
            table.drop(f"k{number - 100}")
        if number % 7 == 0:
            assert table.read() == table.rows
    assert len(table.packed.take(table.version)) <= 2 + 2 * 100 // 32


def test_removals_that_are_forgotten_do_no_harm() -> None:
    table = Table(Feed(most_removed=3))
    for number in range(20):
        table.put(f"k{number}", number)
    table.read()
    for number in range(10):
        table.drop(f"k{number}")
    assert table.read() == table.rows


def test_any_sequence_of_changes() -> None:
    rng = random.Random(7)
    table = Table()
    for _ in range(400):
        for _ in range(rng.randrange(8)):
            key = f"k{rng.randrange(150)}"
            if key in table.rows and rng.random() < 0.4:
                table.drop(key)
            else:
                table.put(key, rng.randrange(1000))
        assert table.read() == table.rows
