"""The JSON API's command to run jobs again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Final

from flask import Response

from ...core.jobs import UNFINISHED_WORDS
from ...core.search.query import JobQuery
from ...engine.commands.outcomes import Outcome
from ...watching.views import View
from ...wire.answers import OutcomeRow, RanAgain, Refusal, Rerunnable
from ..context import Web, target
from ..http.answers import json_answer
from ..http.errors import HttpError
from .control import Part, count_jobs, narrowed, part_of

__all__ = ["MOST_RERUN", "rerun_jobs"]

MOST_RERUN: Final = 1_000
"""Jobs that are run again at a time."""

_FAILED: Final = frozenset(("raised", "bad_result", "timeout"))


def rerun_jobs(
    web: Web,
    name: str,
    *,
    serials: list[int] | None,
    filter: dict[str, Any] | None,
    dry_run: bool,
    limit: int | None,
    before: int | None,
) -> Response:
    """Run the jobs listed again, or all that match a filter; or say how many that would be."""
    view = web.view(name)
    able = web.registry.control.rerunners(target(view))
    if not able:
        raise HttpError(
            409,
            "unsupported",
            f"No job of {view.name} can be run again: none of its open clusters was added with a "
            "rerun function.",
        )
    query = None if filter is None else web.job_query(**filter)
    if not dry_run:
        part = part_of(web, view, serials, query, UNFINISHED_WORDS, limit, before, most=MOST_RERUN)
        return _rerun(web, view, part)
    if query is not None:
        return json_answer(_count(web, view, query, able))
    outcomes = web.registry.control.rerun(serials or [], target(view), dry_run=True)
    return json_answer(_would_rerun(outcomes))


def _would_rerun(outcomes: list[Outcome]) -> Rerunnable:
    good = [outcome for outcome in outcomes if outcome.ok]
    refused = Counter((one.code, one.message) for one in outcomes if not one.ok)
    return Rerunnable(
        matched=len(outcomes),
        rerunnable=len(good),
        again=sum(outcome.code == "again" for outcome in good),
        refused=_refusals(refused),
    )


def _count(web: Web, view: View, query: JobQuery, able: list[str]) -> Rerunnable:
    """Return how many of a search's jobs would be run again, without a look at each."""
    found = Rerunnable(matched=0, rerunnable=0, again=0, refused=[])
    refused = Counter[tuple[str, str]]()
    narrow, well = narrowed(query, UNFINISHED_WORDS), narrowed(query, frozenset(("finished",)))
    for member in view.members():
        matched = count_jobs(web, member, query)
        can = count_jobs(web, member, narrow) if matched else 0
        found["matched"] += matched
        if member.name in able:
            found["rerunnable"] += can
            before = replace(narrow, kinds=narrow.kinds | {"rerun"}) if narrow and can else None
            found["again"] += count_jobs(web, member, before)
            finished = count_jobs(web, member, well) if matched > can else 0
            refused["finished", "They finished: only jobs that did not are run again."] += finished
            refused["not_ended", "They have not ended yet."] += matched - can - finished
        else:
            message = f"{member.name} is closed, or was added without a rerun function."
            refused["unsupported", message] += matched
    found["refused"] = _refusals(refused)
    return found


def _refusals(refused: Counter[tuple[str, str]]) -> list[Refusal]:
    return [
        Refusal(code=code, message=message, jobs=jobs)
        for (code, message), jobs in refused.most_common()
        if jobs
    ]


def _rerun(web: Web, view: View, part: Part) -> Response:
    outcomes = web.registry.control.rerun(part.serials, target(view), by=web.guard.user())
    private = not web.guard.allows("see_arguments")
    dispatched = sum(outcome.ok for outcome in outcomes)
    failed = sum(outcome.code in _FAILED for outcome in outcomes)
    return json_answer(
        RanAgain(
            matched=part.matched,
            outcomes=[_row(outcome, private=private) for outcome in outcomes],
            dispatched=dispatched,
            refused=len(outcomes) - dispatched - failed,
            failed=failed,
            next_before=part.next_before,
        )
    )


def _row(outcome: Outcome, *, private: bool) -> OutcomeRow:
    if private and outcome.code == "raised":  # its text may contain arguments
        outcome = replace(outcome, message="rerun raised an error.")
    return outcome.as_dict()
