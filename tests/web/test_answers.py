"""What many clients share, and how it is encoded."""

from __future__ import annotations

import gzip
import json

import pytest

from flask_dispy.web.http.answers import ByteCache, compress, encode


def test_encoding_survives_half_a_character() -> None:
    assert json.loads(encode({"a": "\ud800 ü"})) == {"a": "\ud800 ü"}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_encoding_refuses_values_that_are_no_json(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(number)


def test_compression_gives_the_same_bytes_for_the_same_input() -> None:
    assert compress(b"a" * 5000) == compress(b"a" * 5000)
    assert gzip.decompress(compress(b"a" * 5000)) == b"a" * 5000


def test_cache_makes_once_while_fresh() -> None:
    now = [0.0]
    made: list[float] = []
    cache = ByteCache(2, 1.0, clock=lambda: now[0])

    def make() -> bytes:
        made.append(now[0])
        return b"%d" % len(made)

    assert [cache.get("a", make), cache.get("a", make)] == [b"1", b"1"]
    now[0] = 1.5
    assert cache.get("a", make) == b"2"
    assert made == [0.0, 1.5]


def test_cache_forgets_what_is_old_or_too_many() -> None:
    now = [0.0]
    cache = ByteCache(2, 1.0, clock=lambda: now[0])
    for key in "abc":
        cache.get(key, lambda: b"")
    assert list(cache._entries) == ["b", "c"]
    now[0] = 2.0
    cache.get("d", lambda: b"")
    assert list(cache._entries) == ["d"]


def test_cache_keeps_nothing_of_a_failure() -> None:
    cache = ByteCache(2, 1.0)

    def fail() -> bytes:
        raise KeyError("a")

    with pytest.raises(KeyError):
        cache.get("a", fail)
    assert cache.get("a", lambda: b"good") == b"good"
