"""What fails again and again fills no disk."""

from __future__ import annotations

import logging

import pytest

from flask_dispy.engine.faultlog import FaultLog


def test_fault_is_logged_whole_once_a_minute_with_how_many_came(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    faults = FaultLog(logging.getLogger("flask_dispy.engine"), clock=lambda: now)

    def fail(divisor: int = 0) -> None:
        try:
            divisor = 1 // divisor
        except ZeroDivisionError:
            faults.exception("It failed.")

    for at in (0.0, 1.0, 59.9):
        now = at
        fail()
    assert [record.message for record in caplog.records] == ["It failed."]
    assert "ZeroDivisionError" in caplog.text
    now = 60.0
    fail()
    now = 120.0
    fail()
    assert [record.message for record in caplog.records[1:]] == [
        "It failed. There were 2 more like this since it was last logged.",
        "It failed.",
    ]


def test_faults_of_other_lines_are_logged_as_well(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog(logging.getLogger("flask_dispy.engine"))
    for _ in range(3):
        try:
            _ = {}["a"]  # type: ignore[var-annotated]
        except KeyError:
            faults.exception("It failed.")
        try:
            _ = {}["b"]  # type: ignore[var-annotated]
        except KeyError:
            faults.exception("It failed.")
    assert len(caplog.records) == 2
