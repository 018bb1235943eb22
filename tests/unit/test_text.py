"""Any value becomes short, safe text, with bounded work and without running its class's code."""

from __future__ import annotations

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
from effort import Effort, effort
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.text import (
    Cut,
    bounded,
    clean,
    ending,
    last_line,
    plain_call,
    plain_text,
    type_name,
)

BIG = 50_000_000

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(),
    st.text(st.characters(exclude_categories=())), st.binary(),
)  # fmt: skip
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner, inner), st.sets(st.integers()),
        st.dictionaries(st.text(), inner), st.frozensets(st.text()),
    ),
    max_leaves=20,
)  # fmt: skip


def is_safe(text: str) -> bool:
    text.encode()
    return all(
        char in "\t\n"
        or (
            unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
            and unicodedata.bidirectional(char)
            not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        )
        for char in text
    )


class Loud(str):
    def __str__(self) -> str:
        raise AssertionError("asked")

    __repr__ = __str__


# -- every value ------------------------------------------------------------------------------


@given(_values, st.integers(1, 300))
def test_text_is_never_longer_than_its_limit(value: Any, limit: int) -> None:
    text = plain_text(value, limit)
    assert text is not None
    assert len(text) <= limit


@given(_values, st.integers(1, 300))
def test_text_is_encodable_and_holds_no_control_character(value: Any, limit: int) -> None:
    assert is_safe(plain_text(value, limit) or "")


@given(_values)
def test_short_plain_values_read_as_str_makes_them(value: Any) -> None:
    expected = str(value)
    if "\r\n" not in expected and is_safe(expected) and clean(expected) == expected:
        assert plain_text(value, 100_000) in (expected, None) or _deep(value)


def _deep(value: Any) -> bool:
    return "..." in (plain_text(value, 100_000) or "")


@given(
    st.lists(_values, max_size=5),
    st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), _values, max_size=3),
    st.integers(1, 200),
)
def test_arguments_are_bounded_and_safe(args: Any, kwargs: Any, limit: int) -> None:
    texts = plain_call(args, kwargs, limit)
    assert texts is not None
    assert all(len(text) <= limit and is_safe(text) for text in texts)


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 50))
def test_an_ending_is_bounded_and_safe(text: str, limit: int) -> None:
    assert len(ending(text, limit)) <= limit
    assert is_safe(ending(text, limit))


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


# -- single values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [1, -7, 2.5, True, None, 1j, range(3), ..., "text", b"bytes", bytearray(b"x"), [], [1, "a"],
     (), (1,), (1, 2), {}, {"k": [1, {"m": None}]}, set(), {1}, frozenset(), frozenset({2}),
     float("nan"), float("inf")],
)  # fmt: skip
def test_plain_text_is_str(value: Any) -> None:
    assert plain_text(value, 1_000) == str(value)


@pytest.mark.parametrize("value", [Loud("x"), OrderedDict(a=1), object(), [object()], {1: Loud()},
                                   {Loud("k"): 1}, type, memoryview(b"x")])  # fmt: skip
def test_values_of_other_classes_are_not_plain(value: Any) -> None:
    assert plain_text(value, 100) is None


def test_no_code_of_a_metaclass_says_whether_a_value_is_plain() -> None:
    class Asked(type):
        def __eq__(cls, other: object) -> bool:
            raise AssertionError("asked")

        def __hash__(cls) -> int:
            raise AssertionError("asked")

    class Argument(metaclass=Asked):
        pass

    value = Argument()
    assert [plain_text(one, 100) for one in (value, [value], {1: value})] == [None] * 3
    assert plain_call((value,), {}, 100) is plain_call((), {"k": value}, 100) is None


def test_huge_integers_are_shown_by_their_size() -> None:
    assert plain_text(1 << 5_000, 100) == "<int of 5001 bits>"


def test_a_list_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert plain_text(loop, 100) == "[[[[[[[...]]]]]]]"


def test_cut_text_says_so() -> None:
    text = plain_text("x" * 11, 10)
    assert text == "xxxxxxxxx…"
    assert isinstance(text, Cut)


def test_text_that_fits_is_not_marked_as_cut() -> None:
    assert type(plain_text("x" * 10, 10)) is str


def test_escapes_count_towards_the_limit() -> None:
    assert bounded("\0" * 10, 10) == "\\x00\\x00\\…"


@pytest.mark.parametrize(
    ("char", "shown"),
    [("\0", "\\x00"), ("\x1b", "\\x1b"), ("\r", "\\x0d"), ("\x85", "\\x85"), ("\u202e", "\\u202e"),
     ("\u2066", "\\u2066"), ("\u206a", "\\u206a"), ("\u2028", "\\u2028"), ("\ud800", "\\ud800"),
     ("\ufeff", "\\ufeff"), ("\u200b", "\\u200b"), ("\U000e0041", "\\U000e0041")],
)  # fmt: skip
def test_unsafe_characters_are_shown_as_escapes(char: str, shown: str) -> None:
    assert clean(f"a{char}b") == f"a{shown}b"


@pytest.mark.parametrize("text", ["tab\tline\n", "naïve 日本 עברית 👩‍👩‍👧"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_windows_line_ends_become_line_feeds() -> None:
    assert clean("a\r\nb") == "a\nb"


def test_an_ending_keeps_the_last_characters() -> None:
    text = ending("0123456789", 5)
    assert text == "…6789"
    assert isinstance(text, Cut)


@pytest.mark.parametrize(
    ("text", "line"),
    [(None, None), ("", None), ("\n \n", None), ("a\nError: b\n", "Error: b"), ("  x  ", "x")],
)
def test_last_line_is_the_last_that_says_something(text: str | None, line: str | None) -> None:
    assert last_line(text) == line


def test_last_line_of_a_cut_text_is_marked_as_cut() -> None:
    assert isinstance(last_line(Cut("a\nb…")), Cut)


@pytest.mark.parametrize(
    "members",
    [
        {"__getattribute__": lambda *_: 1 / 0},
        {"__name__": property(lambda _cls: 1 / 0)},  # goes before type's own
    ],
)
def test_type_name_runs_no_code_of_the_metaclass(members: dict[str, Any]) -> None:
    kind = type("Meta", (type,), members)("Value", (), {})
    assert type_name(object.__new__(kind)) == "Value"


def test_type_name_is_bounded_and_clean() -> None:
    assert type_name(type("\u202e" * 500, (), {})()) == bounded("\u202e" * 500, 80)


# -- arguments --------------------------------------------------------------------------------


def test_arguments_read_as_dispy_httpd_shows_them() -> None:
    assert plain_call((1, "alpha"), {"n": 5, "s": "x"}, 100) == ("1, alpha", "n=5, s=x")


def test_arguments_past_the_limit_are_marked_as_cut() -> None:
    texts = plain_call(("x" * 200, 2), {}, 50)
    assert texts is not None
    assert isinstance(texts[0], Cut)


def test_an_argument_of_another_class_makes_none_of_them_plain() -> None:
    assert plain_call((1, object()), {}, 50) is None
    assert plain_call((1,), {"o": object()}, 50) is None


class Shouting(str):
    """A name that runs code of its own where it is written or measured."""

    def __format__(self, spec: str) -> str:
        raise AssertionError("asked where it must not be")

    __str__ = __len__ = __format__  # type: ignore[assignment]


@pytest.mark.parametrize("value", [5, 1.5])
def test_a_name_of_another_class_makes_none_of_them_plain(value: object) -> None:
    assert plain_call((1,), {Shouting("n"): value}, 50) is None


@pytest.mark.parametrize("limit", [5, 6, 10])
def test_short_arguments_are_cut_where_the_limit_is(limit: int) -> None:
    texts = plain_call(("abc", 12), {"n": "abcd"}, limit)
    assert texts is not None
    whole = ("abc, 12", "n=abcd")
    assert [len(text) <= limit for text in texts] == [True, True]
    assert [type(text) is Cut for text in texts] == [len(text) > limit for text in whole]


# -- bounded work -----------------------------------------------------------------------------


def assert_small(cost: Effort) -> None:
    assert cost.calls < 300
    assert cost.memory < 20_000


# Made when a test runs, for each worker of ``pytest -n`` collects all tests.
_HUGE: dict[str, Callable[[], Any]] = {
    "str": lambda: "x" * BIG,
    "bytes": lambda: b"x" * BIG,
    "in a list": lambda: ["y" * BIG],
    "after a long key": lambda: {"k" * 100: "v" * BIG},
    "both": lambda: {"k" * BIG: "v" * BIG},
    "many": lambda: [1] * 10_000_000,
    "controls": lambda: "\0" * BIG,
    "nested": lambda: [[["z" * BIG]] * 1_000] * 1_000,
}
_MANY: dict[str, Callable[[], tuple[Any, Any]]] = {
    "numbers": lambda: ((1,) * 3_000_000, {}),
    "strings": lambda: (("",) * 3_000_000, {}),
    "named": lambda: ((), dict.fromkeys(map(str, range(10**6)), 1)),
}


@pytest.mark.parametrize("which", _HUGE)
def test_huge_values_cost_no_more_than_what_is_shown(which: str) -> None:
    assert_small(effort(plain_text, _HUGE[which](), 64))


@pytest.mark.parametrize("which", _MANY)
def test_many_arguments_cost_no_more_than_what_is_shown(which: str) -> None:
    args, kwargs = _MANY[which]()
    assert_small(effort(plain_call, args, kwargs, 64))
    texts = plain_call(args, kwargs, 64)
    assert texts is not None
    assert any(isinstance(text, Cut) for text in texts)


def test_a_huge_output_costs_no_more_than_what_is_shown() -> None:
    assert_small(effort(ending, "x\0" * (BIG // 2), 64))


def test_a_dict_that_another_thread_changes_gives_a_text_or_none() -> None:
    values = {str(number): number for number in range(50)}
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for number in range(50, 90):
                values[str(number)] = number
            for number in range(50, 90):
                del values[str(number)]

    owner = threading.Thread(target=change)
    owner.start()
    try:
        kinds = {type(plain_text(values, 10_000)) for _ in range(500)}
    finally:
        stop.set()
        owner.join()
    assert kinds <= {str, type(None)}


def test_arguments_that_change_meanwhile_are_not_plain() -> None:
    class Changing(dict[str, int]):
        def values(self) -> Any:
            raise RuntimeError("dictionary changed size during iteration")

        items = values

    assert plain_call((), Changing(a=1), 100) is None


def test_last_line_of_many_is_found_without_a_look_at_the_others() -> None:
    assert effort(last_line, "\n" * 1_000_000 + "x").calls < 10
