"""Every field of our own of a job's row, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, get_args

from ..core.jobs import JOB_STATES, Job, TextSetting
from ..core.text import last_line
from .fields import COUNT, INTEGER, NUMBER, TEXT, Field

__all__ = ["JOB_FIELDS", "JobField"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobField(Field):
    """A field of a job's row.

    :param value: returns its value; ``None`` for those that the job alone does not know.
    """

    value: Callable[[Job], Any] | None = None


def _field(name: str, schema: dict[str, Any], **more: Any) -> JobField:
    return JobField(name=name, schema=schema, **{"value": attrgetter(name), **more})


JOB_FIELDS: Final = (
    _field("serial", INTEGER),
    _field("id", TEXT, label="Job"),
    _field("cluster", TEXT, value=None, label="Cluster"),
    _field("state", {"type": "string", "enum": list(JOB_STATES)}, label="State"),
    _field(
        "failed",
        {"type": "boolean"},
        description="An error of its own, or its process, ended it.",
    ),
    _field("node", TEXT, nullable=True, label="Node"),
    _field("args", TEXT, nullable=True, label="Arguments"),
    _field("kwargs", TEXT, nullable=True),
    _field("submitted_at", NUMBER, unit="time", label="Submitted"),
    _field("started_at", NUMBER, nullable=True, unit="time", label="Started"),
    _field("ended_at", NUMBER, nullable=True, unit="time", label="Ended"),
    _field("duration_sec", NUMBER, nullable=True, value=None, unit="seconds", label="Ran for"),
    _field(
        "waited_sec",
        NUMBER,
        value=None,
        unit="seconds",
        label="Waited",
        description="From its submission until its latest start, or its end if it never started; "
        "until now while it waits.",
    ),
    _field("attempts", COUNT, label="Attempts"),
    _field(
        "error",
        TEXT,
        nullable=True,
        value=lambda job: last_line(job.exception),
        label="Error",
    ),
    _field("error_kind", TEXT, nullable=True),
    _field(
        "rerun_of",
        COUNT,
        nullable=True,
        value=lambda job: job.rerun and job.rerun.of,
        description="The number of the job that was run again and so made this one.",
    ),
    _field(
        "rerun_as",
        COUNT,
        nullable=True,
        value=lambda job: job.rerun and job.rerun.latest,
        description="The number of the newest job that was made by running this one again.",
    ),
    _field(
        "reruns",
        COUNT,
        value=lambda job: job.rerun.times if job.rerun else 0,
        description="How many times it was run again.",
    ),
    _field(
        "texts_cut",
        {
            "type": "object",
            "additionalProperties": {"type": "string", "enum": list(get_args(TextSetting))},
        },
        nullable=True,
        description="Which of its texts are not kept whole, each with the setting that limits it.",
    ),
)
"""The fields of a job's row, in their order."""
