"""What a search leaves out, what it takes either of, and when its jobs came and went."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.errors import BadRequest
from flask_dispy.core.jobs import Job, Output
from flask_dispy.core.search.blocks import JobBlock
from flask_dispy.core.search.matching import Known, matching_rows
from flask_dispy.core.search.moments import Moment, Span
from flask_dispy.core.search.query import JobQuery

NOW = 1_795_831_200.0  # 2026-11-28T02:00Z


def make_job(serial: int, ago_sec: float, state: Any = "queued", **fields: Any) -> Job:
    job = Job(serial, serial, NOW - ago_sec, f"job-{serial}", f"alpha {serial}", "n=-5")
    job.state = state
    for name, value in fields.items():
        setattr(job, name, value)
    return job


JOBS = [
    make_job(1, 7200, "finished", node="10.0.0.2", started_at=NOW - 7000, ended_at=NOW - 3600),
    make_job(2, 3600, "terminated", node="10.0.0.3", started_at=NOW - 3590, ended_at=NOW - 500,
             output=Output(exception="Traceback\nValueError: OR not"), error_kind="58b4"),
    make_job(3, 3600, "running", node="10.0.0.2", started_at=NOW - 100, columns=(80.0,)),
    make_job(4, 600),
    make_job(5, 60, "cancelled", ended_at=NOW - 10),
]  # fmt: skip

KINDS = {"straggler": [3], "bound": [4]}


def found(q: str, **options: Any) -> list[int]:
    query = JobQuery.parse(q, columns=["temp"])
    blocks = [JobBlock(JOBS[:2]), JobBlock(JOBS[2:])]
    known = Known(NOW, cluster="compute", kinds=KINDS, **options)
    chosen = matching_rows(query, blocks, known)
    jobs = [block.jobs[row] for block, rows in chosen for row in rows]
    return [job.serial for job in jobs if not query.states or job.word in query.states]


@pytest.mark.parametrize(
    ("q", "serials"),
    [
        ("-alpha", []),
        ("-state:failed", [1, 3, 4, 5]),
        ("-is:failed", [1, 3, 4, 5]),
        ("-state:failed -state:queued", [1, 3, 5]),
        ("-node:10.0.0.2", [2, 4, 5]),
        ("-node:10.0.0.*", [4, 5]),
        ('-"alpha 3"', [1, 2, 4, 5]),
        ("-error:valueerror", [1, 3, 4, 5]),
        ("-error:nowhere", [1, 2, 3, 4, 5]),
        ("-#3 -id:job-4", [1, 2, 5]),
        ("-cluster:compute", []),
        ("-cluster:other", [1, 2, 3, 4, 5]),
        ("state:queued OR node:10.0.0.3", [2, 4]),
        ("state:queued OR state:running OR #1", [1, 3, 4]),
        ("alpha state:queued OR node:10.0.0.3 -#4", [2]),
        ("#1 OR -node:10.0.0.2", [1, 2, 4, 5]),
        ("cluster:compute OR #1", [1, 2, 3, 4, 5]),
        ("cluster:other OR #1", [1]),
        ('"OR"', [2]),
        ("or", [2]),
        ('"-5"', [1, 2, 3, 4, 5]),
        ("-5", []),
        ("--5", []),
        ("-", [1, 2, 3, 4, 5]),
        ("slower:3000 OR waited:3000", [1, 2, 3]),
        ("waited:150", [1, 3, 4]),
        ("waited:1h", []),
        ("-waited:150", [2, 5]),
        ("is:straggler", [3]),
        ("is:straggler is:bound", []),
        ("-is:straggler", [1, 2, 4, 5]),
        ("-is:straggler -is:bound -is:failed", [1, 5]),
        ("is:straggler OR is:bound OR is:failed", [2, 3, 4]),
        ("#1 OR -is:bound", [1, 2, 3, 5]),
        ("is:bound OR node:10.0.0.2 state:queued", [4]),
        ("error-kind:58b4 OR serial:1", [1, 2]),
        ("-error-kind:58B4", [1, 3, 4, 5]),
        ("-serial:1 -faster:50s", [2, 3, 4, 5]),
        ('faster:200s OR arg:"alpha 5"', [3, 5]),
        ("-arg:3 -until:1h", [4, 5]),
        ("temp:>79 OR ended:1m", [3, 5]),
        ("-temp:80", [1, 2, 4, 5]),
        ("since:1h", [2, 3, 4, 5]),
        ("since:10m until:5m", [4]),
        ("until:1h", [1, 2, 3]),
        ("-since:1h", [1]),
        ("ended:10m", [2, 5]),
        ("ended:2h..10m", [1]),
        ("since:2026-11-28T01:30Z", [4, 5]),
        ("since:2026-11-28T02:30:00+01:00", [4, 5]),
        ("until:1795827599", [1]),
    ],
)
def test_search_finds(q: str, serials: list[int]) -> None:
    assert found(q) == serials


@pytest.mark.parametrize(
    ("q", "part"),
    [
        ("OR alpha", "OR stands between two words"),
        ("alpha OR", "OR stands between two words"),
        ("alpha OR OR beta", "OR stands between two words"),
        ("-stat:failed", "no qualifier stat: there are state, is, node"),
        ("alpha OR stat:failed", "no qualifier stat"),
        ("-node:", "node: needs a value"),
        ("-state:gone", "no job state"),
        ("-is:odd", "is: takes failed, straggler, bound or rerun"),
        ("since:yesterday", "since: takes how long ago"),
        ("until:2026-11-28", "until: takes how long ago"),
        ("until:20:24", "until: takes how long ago"),
        ("ended:10m..", "ended: takes how long ago"),
        ("waited:long", "no duration"),
    ],
)
def test_nonsense_is_refused(q: str, part: str) -> None:
    with pytest.raises(BadRequest, match=part) as refused:
        JobQuery.parse(q)
    assert refused.value.field == "q"


def test_unknown_qualifier_is_answered_with_those_that_exist() -> None:
    with pytest.raises(BadRequest) as refused:
        JobQuery.parse("wait:5m")
    for name in ("state", "slower", "waited", "since", "until", "ended"):
        assert name in refused.value.message


def test_arguments_can_not_be_guessed_at_by_leaving_them_out() -> None:
    everything = [1, 2, 3, 4, 5]
    for q in ("-arg:3", "-arg:nothing", "-error:valueerror", "-error:nothing"):
        assert found(q, private=True) == everything
    for q in ('-"alpha 3"', "-alpha"):
        assert found(q, private=True) == everything
    assert found("arg:3 OR #1", private=True) == [1]


@pytest.mark.parametrize(
    ("q", "depends"),
    [("-alpha", False), ("since:5m", True), ("waited:5m", True), ("ended:5m", True),
     ("#1 OR -slower:5s", True), ("#1 OR #2", False), ("-is:straggler", True)],
)  # fmt: skip
def test_search_knows_whether_time_alone_changes_it(q: str, depends: bool) -> None:
    assert JobQuery.parse(q).depends_on_time is depends


def test_moments() -> None:
    assert Moment.parse("1.5h", "since").at(NOW) == NOW - 5400
    assert Moment.parse("1795831200.5", "since").at(0.0) == NOW + 0.5
    assert Span.parse("1h..10m", "ended").bounds(NOW) == (NOW - 3600, NOW - 600)


_TERMS = ["alpha", "node:10.0.0.2", "state:queued", "state:failed", "slower:50s", "#3", "since:1h",
          "is:straggler", "is:bound"]  # fmt: skip


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(_TERMS), st.booleans()), max_size=6))
def test_groups_are_what_their_words_are_by_themselves(parts: list[tuple[bool, str, bool]]) -> None:
    """Each word alone, then put together by sets."""
    everything = {1, 2, 3, 4, 5}
    words, expected, group = [], everything, None
    for excluded, word, joined in parts:
        matches = set(found(word))
        matches = everything - matches if excluded else matches
        text = f"-{word}" if excluded else word
        if joined and group is not None:
            words.append("OR")
            group |= matches
        else:
            expected = expected & (everything if group is None else group)
            group = set(matches)
        words.append(text)
    expected = expected & (everything if group is None else group)
    states = [
        word
        for (excluded, word, joined), after in zip(
            parts, [*parts[1:], None][: len(parts)], strict=True
        )
        if word.startswith("state:") and not excluded and not joined and not (after and after[2])
    ]
    if len(states) < 2:  # several of them widen the choice
        assert set(found(" ".join(words))) == expected
