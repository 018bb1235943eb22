"""Output with carriage returns, backspaces and colours, as a terminal shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.terminal import as_displayed, without_overwriting
from flask_dispy.core.text import Cut


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        (" 10%|#   |\r 50%|##  |\r100%|####|", "100%|####|"),
        ("\r 10%|#   |\r 50%|##  |\r", " 50%|##  |"),
        ("a long line\rshort", "shortg line"),
        ("done  \rover\nnext\rN", "over\nNext"),
        ("abc\b\bX", "aXc"),
        ("\b\b\bab", "ab"),
        ("\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m", "red and green"),
        ("working...\r\x1b[Kready", "ready"),
        ("working...\x1b[2K\rready", "ready"),
        ("abcdef\b\b\b\x1b[1Kx", "   xef"),
        ("one\n\x1b[Atwo", "one\ntwo"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\ more", "link more"),
        ("\x1b[1mbold\x1b(B\x1b[m plain", "bold plain"),
        ("\x1b7saved\x1b8\x1b=", "saved"),
        ("\x1b]0;never ended\nrest", "\\x1b]0;never ended\nrest"),
        ("a\x1bPq\x1b\\\rb", "b"),
        ("cut \x1b[3", "cut \\x1b[3"),
        ("a\x00b\rc", "c\\x00b"),
    ],
)
def test_a_line_is_what_was_written_over_it_last(written, shown):
    assert as_displayed(written, 100) == shown


def test_a_long_progress_bar_leaves_room_for_what_stood_before_it():
    bar = "".join(f"\r{done:3}%|{'#' * (done // 4):25}|" for done in range(101))
    text = as_displayed(f"starting with seed 7\n{bar}\n", 1024)
    assert text == f"starting with seed 7\n100%|{'#' * 25}|\n"
    assert not isinstance(text, Cut)


def test_a_beginning_that_was_not_looked_at_is_marked_as_cut():
    text = as_displayed("first\n" + "\rstep" * 100_000, 100)
    assert isinstance(text, Cut)
    assert text == "…step"


def test_an_error_that_quotes_a_progress_bar_keeps_its_name():
    error = "Traceback:\nToolError: failed\r 10%|#\r\n 90%|##\rbye\n"
    lines = "Traceback:\nToolError: failed\n 10%|#\n 90%|##\nbye\n"
    assert as_displayed(without_overwriting(error, 100), 100) == lines
    many = "E: x\n" + "\rstep" * 100_000
    assert isinstance(as_displayed(without_overwriting(many, 100), 100), Cut)
    assert without_overwriting("no such thing", 3) == "no such thing"


def test_a_long_text_without_controls_keeps_its_end():
    text = as_displayed("x" * 5_000 + "end", 10)
    assert text == "…xxxxxxend"
    assert isinstance(text, Cut)


@given(st.text(alphabet="ab\r\n\b\x1b[K012m \x00", max_size=300), st.integers(2, 50))
def test_any_output_stays_within_its_limit_and_moves_nothing(written, limit):
    text = as_displayed(written, limit)
    assert len(text) <= limit
    assert not set(text) & set("\r\b\x1b\x00")
