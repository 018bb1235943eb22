"""The routes of jobs, and their commands."""

from __future__ import annotations

from typing import Final

from ...core.jobs import JOB_WORDS
from ...core.search.order import JOB_SORTS, NEWEST
from ...wire.answers import JobList
from ..api import control as api_control
from ..api import files, rerun
from ..api import read as api_read
from ..api.exports import MEDIA_TYPES
from ..http.values import Flag, Group, Integer, Numbers, Words
from ..routing import Route
from .parameters import CLUSTER, FORMAT, LIMIT, QUERY, SERIAL, TEXT, sorted_by

__all__ = ["JOBS"]


_SEARCH: Final = {"state": Words(known=JOB_WORDS), "node": TEXT, "q": QUERY}


def _which_jobs(most: int) -> Group:
    """Return the body of a command for jobs: a list, or a filter that finds *most* at a time."""
    return Group(
        members={
            "serials": Numbers(most=api_control.MOST_SERIALS),
            "filter": Group(
                members={"q": QUERY, "state": Words(known=JOB_WORDS, most=20), "node": TEXT}
            ),
            "dry_run": Flag(default=False),
            "limit": Integer(least=1, most=most, nullable=True),
            "before": Integer(least=1, nullable=True),
        },
        one_of=("serials", "filter"),
        needs={"limit": "filter", "before": "filter"},
    )


JOBS: Final = (
    Route(
        "jobs_list",
        f"GET {CLUSTER}/jobs",
        api_read.jobs,
        "A cluster's jobs, filtered, sorted and paged.",
        JobList,
        MEDIA_TYPES,
        query={
            **_SEARCH,
            **sorted_by(JOB_SORTS, NEWEST.column, "desc"),
            "limit": LIMIT,
            "before": SERIAL,
            "after": TEXT,
            "format": FORMAT,
        },
        costly=True,
    ),
    Route(
        "job_facets",
        f"GET {CLUSTER}/jobs/facets",
        api_read.job_facets,
        "How many jobs of a search are of each state, node, cluster and kind of error.",
        "JobFacets",
        query={**_SEARCH, "limit": Integer(least=1, most=1_000, default=10)},
        costly=True,
    ),
    Route(
        "job",
        f"GET {CLUSTER}/jobs/<serial>",
        api_read.job,
        "One job, whole.",
        "JobDetail",
    ),
    Route(
        "job_texts",
        f"GET {CLUSTER}/jobs/<serial>/texts",
        files.job_texts,
        "All texts that are kept of a job, as a file, whose first line says what was cut.",
        "text/plain",
    ),
    Route(
        "cancel",
        f"POST {CLUSTER}/jobs/cancel",
        api_control.cancel_jobs,
        "Cancel the jobs listed, or all that match.",
        "Cancelled",
        permission="cancel_jobs",
        body=_which_jobs(api_control.MOST_FILTERED),
    ),
    Route(
        "rerun",
        f"POST {CLUSTER}/jobs/rerun",
        rerun.rerun_jobs,
        "Run the jobs listed again, or all that match and ended without finishing.",
        "RanAgain",
        permission="rerun_jobs",
        body=_which_jobs(rerun.MOST_RERUN),
    ),
)
