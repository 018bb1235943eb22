"""Settings are checked once, and say what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import BadRequest
from flask_dispy.core.settings import Settings


def test_defaults_are_those_documented() -> None:
    assert Settings() == Settings(
        poll_sec=10, show_job_args=True, history_limit=10_000, text_limit=1024,
        inbox_limit=1_000_000, engine_timeout_sec=10.0, redact=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [("poll_sec", float("nan")), ("poll_sec", float("inf")), ("poll_sec", "10"),
     ("poll_sec", True), ("poll_sec", 86_401), ("poll_sec", None), ("poll_sec", 10**400),
     ("history_limit", -1),
     ("history_limit", 1.5), ("history_limit", True), ("text_limit", 15), ("inbox_limit", 0),
     ("engine_timeout_sec", 0), ("engine_timeout_sec", 3_601), ("engine_timeout_sec", float("nan")),
     ("failing_percent", 100.1), ("failing_percent", float("nan")), ("failing_percent", True),
     ("failing_jobs", 0), ("failing_jobs", 1.5), ("failing_jobs", 100_001),
     ("engine_timeout_sec", "10"), ("engine_timeout_sec", None), ("redact", "no function")],
)  # fmt: skip
def test_value_that_makes_no_sense_is_named(field: str, value: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        Settings(**{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("value", [0, -1, -0.5])
def test_no_interval_means_no_updates(value: float) -> None:
    assert Settings(poll_sec=value).poll_sec == 0


def test_interval_is_checked_when_it_is_changed(registry: ClusterRegistry) -> None:
    with pytest.raises(BadRequest):
        registry.poll_sec = float("nan")
    assert registry.poll_sec == 10


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="pol_sec"):
        ClusterRegistry(pol_sec=5)
