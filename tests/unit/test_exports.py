"""Rows as lines of CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.wire.exports import csv_head, csv_lines, json_lines, paths_of
from flask_dispy.wire.nodes import NODE_FIELDS


def cells(value: object) -> str:
    """What a cell holds of a value, as a reader of the file gets it."""
    paths = [("a",), ("b",)]
    text = csv_head(paths) + csv_lines(paths, [{"a": value, "b": "end"}])
    (head, row) = csv.reader(io.StringIO(text, newline=""))
    assert head == ["a", "b"]
    assert row[1] == "end"
    return row[0]


@pytest.mark.parametrize("text", ['=cmd|" /C calc"!A0', "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx"])
def test_formulas_are_text(text: str) -> None:
    assert cells(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+4.25", "a=b", "", " =1", "'=1", "x\r\ny", 'say "a,b"'])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells(text) == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-5, "-5"), (-0.25, "-0.25"), (None, ""), (True, "true"), (["b", "a"], "b, a")],
)
def test_values_are_plain(value: object, cell: str) -> None:
    assert cells(value) == cell


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_read_again(text: str) -> None:
    text = text.replace("\0", "")
    found = cells(text)
    assert found in (text, f"'{text}")


def test_lines_end_as_rfc_4180_has_them() -> None:
    assert csv_lines([("a",), ("b",)], [{"a": 'x "y"', "b": 1.5}]) == '"x ""y""",1.5\r\n'


def test_fields_of_an_object_are_columns() -> None:
    paths = paths_of(NODE_FIELDS)
    assert ("avail_info", "cpu") in paths
    assert ("ip_addr",) in paths
    shown = [("n",), ("avail_info", "cpu")]
    assert csv_head(shown) == "n,avail_info.cpu\r\n"
    rows = [{"n": 1, "avail_info": None}, {"n": 2, "avail_info": {"cpu": 97.5}}]
    assert csv_lines(shown, rows) == "1,\r\n2,97.5\r\n"


def test_json_lines_hold_one_object_each() -> None:
    rows = [{"a": "x\ny\u2028", "b": None}, {"a": "\ud800", "b": 2}]
    text = json_lines(rows)
    assert [json.loads(line) for line in text.splitlines()] == rows
