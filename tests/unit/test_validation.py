"""The numbers that clients write as text."""

from __future__ import annotations

import pytest

from flask_dispy.web.http.values import finite_number, whole_number

NOT_NUMBERS = [
    "", " ", "-", "+", "-+5", "+-5", "--5", "- 5", "1_000", "\u0665", "\uff15", "\u00b2", "0x5",
    "5a", "\n5",
    "5\n", "\N{NO-BREAK SPACE}5", "nan", "inf", "-infinity", "1e", "e5", ".", "1,5",
]  # fmt: skip


@pytest.mark.parametrize("text", [*NOT_NUMBERS, "1.0", "1e3", "9" * 19, "9" * 5000])
def test_text_that_is_no_whole_number_is_refused(text: str) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-5", -5), ("+5", 5), ("007", 7), (" 5 ", 5), ("9" * 18, 10**18 - 1)],
)
def test_whole_numbers(text: str, value: int) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize("text", [*NOT_NUMBERS, "1e400", "-1e400", "9" * 400])
def test_text_that_is_no_finite_number_is_refused(text: str) -> None:
    assert finite_number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-2.5", -2.5), ("+.5", 0.5), ("1.", 1), ("1e3", 1000), (" 1E-3 ", 0.001)],
)
def test_finite_numbers(text: str, value: float) -> None:
    assert finite_number(text) == value
