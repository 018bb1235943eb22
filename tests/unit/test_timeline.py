"""The timeline: bars and slots, what they come to when they are many, and the window."""

from __future__ import annotations

import itertools
import json
import math
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.errors import BadRequest
from flask_dispy.core.jobs import Job, Output
from flask_dispy.core.runs import oldest_start
from flask_dispy.core.timeline import Lane, Window, timeline

NOW = 1_700_000_000.0
A, B = "10.0.0.9", "10.0.0.10"

_serials = itertools.count(1)


def job(
    start: float | None,
    end: float | None = None,
    *,
    node: str | None = A,
    state: Any = None,
    past: list[tuple[str, float, str | None]] | None = None,
    exception: str | None = None,
) -> Job:
    """Return a job that ran from *start* to *end*, in seconds from now."""
    serial = next(_serials)
    made = Job(serial, serial, NOW - 1000, str(serial), None, None)
    made.node = node
    made.started_at = None if start is None else NOW + start
    made.ended_at = None if end is None else NOW + end
    made.state = state or ("running" if end is None else "finished")
    made.past = past
    made.output = None if exception is None else Output(exception=exception)
    return made


def lanes(*addresses: str, cpus: int = 2) -> dict[str, Lane]:
    return {address: Lane(f"name of {address}", cpus) for address in addresses}


def draw(jobs: list[Job], start: float = -600, end: float = 0, **options: Any) -> dict[str, Any]:
    """Return the timeline of a window given in seconds from now."""
    options.setdefault("lanes", lanes(A))
    known = options.pop("lanes")
    oldest = oldest_start(jobs)
    window = Window(NOW + start, NOW + end)
    groups = options.pop("groups", [("compute", jobs)])
    return timeline(groups, known, window, now=NOW, oldest=oldest or NOW, **options)


def bars(found: dict[str, Any]) -> list[dict[str, Any]]:
    assert found["mode"] == "bars"
    columns = found["bars"]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


# -- bars ------------------------------------------------------------------------------------


def test_bar_shows_the_attempt_as_it_was() -> None:
    one = job(-20, -10, state="terminated")
    told = {
        "lane": 0,
        "slot": 0,
        "serial": one.serial,
        "id": one.id,
        "start": NOW - 20,
        "end": NOW - 10,
        "state": "terminated",
        "failed": False,
    }
    assert bars(draw([one])) == [told]
    one.output = Output(exception="ValueError: x")
    assert bars(draw([one])) == [{**told, "failed": True}]


def test_running_job_has_no_end() -> None:
    [bar] = bars(draw([job(-20)]))
    assert (bar["end"], bar["state"]) == (None, "running")


def test_job_that_never_ran_has_no_bar() -> None:
    queued = job(None, state="queued", node=None)
    cancelled = job(None, -5, state="cancelled", node=None)
    found = draw([queued, cancelled])
    assert (found["total"], bars(found)) == (0, [])


def test_abandoned_attempt_is_a_bar_of_its_node() -> None:
    past = [
        ("running", NOW - 50, A),
        ("abandoned", NOW - 40, A),
        ("queued", NOW - 40, None),
    ]
    again = job(-30, -20, node=B, past=past)
    found = draw([again], lanes=lanes(A, B))
    assert [(bar["lane"], bar["state"], bar["start"] - NOW) for bar in bars(found)] == [
        (1, "abandoned", -50.0),
        (0, "finished", -30.0),
    ]
    assert found["total"] == 2


def test_job_back_in_the_queue_keeps_the_bar_of_its_attempt() -> None:
    past = [("running", NOW - 50, A), ("abandoned", NOW - 40, A), ("queued", NOW - 40, None)]
    [bar] = bars(draw([job(None, node=None, state="queued", past=past)]))
    assert (bar["state"], bar["end"]) == ("abandoned", NOW - 40)


@pytest.mark.parametrize(
    ("start", "end", "seen"),
    [
        (-100, -61, False),
        (-100, -60, True),
        (-100, -10, True),
        (-50, -40, True),
        (-30, -10, True),
        (-29, -10, False),
    ],
)
def test_job_is_seen_when_it_touches_the_window(start: float, end: float, seen: bool) -> None:
    assert draw([job(start, end)], -60, -30)["total"] == int(seen)


def test_running_job_does_not_reach_beyond_now() -> None:
    assert draw([job(-50)], 10, 20)["total"] == 0


def test_job_that_ended_before_it_began_by_another_clock_has_no_length() -> None:
    [bar] = bars(draw([job(-20, -21)]))
    assert bar["start"] == bar["end"] == NOW - 20


def test_bars_come_in_the_order_of_their_starts() -> None:
    found = bars(draw([job(-10, -5), job(-30), job(-20, -1, node=B)], lanes=lanes(A, B)))
    assert [bar["start"] - NOW for bar in found] == [-30, -20, -10]


# -- slots and lanes -------------------------------------------------------------------------


def test_job_takes_the_lowest_free_slot() -> None:
    jobs = [job(-100, -50), job(-90, -80), job(-70, -60), job(-65, -40), job(-50, -45)]
    assert [bar["slot"] for bar in bars(draw(jobs))] == [0, 1, 1, 2, 0]


def test_job_may_begin_where_another_ends() -> None:
    assert [bar["slot"] for bar in bars(draw([job(-20, -10), job(-10, -5)]))] == [0, 0]


def test_bars_keep_their_slots_while_the_window_moves() -> None:
    # Two CPUs that are never idle: a chain in which every slot depends on the one before.
    jobs = [job(10 * n - 400, 10 * n - 385) for n in range(38)]
    slots: dict[int, int] = {}
    kept = 0
    for step in range(8):
        for bar in bars(draw(jobs, -200 + step, -140 + step)):
            kept += slots.setdefault(bar["serial"], bar["slot"]) == bar["slot"]
    assert kept == sum(draw(jobs, -200 + step, -140 + step)["total"] for step in range(8))


def test_lanes_are_the_nodes_by_their_address_as_a_number_the_last_first() -> None:
    found = draw([], lanes=lanes("fe80::1", B, A, "odd"))
    assert [lane["node"] for lane in found["lanes"]] == ["odd", "fe80::1", B, A]


def test_lane_has_a_slot_for_each_cpu_or_for_each_bar_if_more() -> None:
    jobs = [job(-20, -5), job(-20, -5), job(-20, -5)]
    assert draw([], lanes=lanes(A, cpus=2))["lanes"][0]["slots"] == 2
    assert draw(jobs, lanes=lanes(A, cpus=2))["lanes"][0]["slots"] == 3
    assert draw([], lanes=lanes(A, cpus=0))["lanes"][0]["slots"] == 1


def test_node_that_left_has_a_lane_while_something_ran_there() -> None:
    left = {A: Lane("alpha", 2), B: Lane("beta", 2, always=False)}
    ran = job(-100, -50, node=B)
    assert [lane["node"] for lane in draw([ran], lanes=left)["lanes"]] == [B, A]
    assert [lane["node"] for lane in draw([ran], -40, 0, lanes=left)["lanes"]] == [A]


def test_node_nobody_knows_has_a_lane_by_its_address() -> None:
    found = draw([job(-20, -10, node="10.9.9.9")], lanes={})
    assert found["lanes"] == [{"node": "10.9.9.9", "name": "", "slots": 1}]


def test_one_node_alone() -> None:
    past = [("running", NOW - 50, A), ("abandoned", NOW - 40, A), ("queued", NOW - 40, None)]
    jobs = [job(-20, -10), job(-20, -10, node=B, past=past)]
    found = draw(jobs, lanes=lanes(A, B), node=A)
    assert [lane["node"] for lane in found["lanes"]] == [A]
    assert [bar["state"] for bar in bars(found)] == ["abandoned", "finished"]


# -- aggregates ------------------------------------------------------------------------------


def test_more_jobs_than_the_limit_come_as_buckets() -> None:
    jobs = [job(-100 + n, -99 + n) for n in range(11)]
    assert draw(jobs, limit=11)["mode"] == "bars"
    found = draw(jobs, limit=10)
    assert (found["mode"], found["total"]) == ("aggregate", 11)
    assert "bars" not in found


def test_bucket_counts_running_and_ended_jobs_by_state() -> None:
    jobs = [
        job(-100, -80, node=B),
        job(-95, -90, node=B, state="terminated", exception="ValueError: x"),
        job(-99, -84, node=B, state="terminated"),
        job(-100, -95, node=B, state="cancelled"),
        job(-100, -98, node=B, state="abandoned"),
        job(-100, 5, node=A),
    ]
    found = draw(jobs, -100, -80, limit=0, cells=2, lanes=lanes(A, B))
    buckets = found["buckets"]
    assert buckets["bucket_sec"] == 2.0
    assert found["from"] == NOW - 100
    of_first_lane = buckets["lane"].count(0)
    assert buckets["bucket"][:of_first_lane] == list(range(10)) + [10] * (of_first_lane == 11)
    assert buckets["busy"][:5] == [3.5, 3.0, 3.0, 3.0, 3.0]
    by = buckets["busy_by"]
    assert by["cancelled"][:4] == [1.0, 1.0, 0.5, 0.0]
    assert [sum(shares) for shares in zip(*by.values(), strict=True)] == buckets["busy"]
    assert sum(buckets["finished"][:of_first_lane]) == 1
    assert buckets["failed"][:of_first_lane].index(1) == 5
    assert sum(buckets["failed"][:of_first_lane]) == 1
    assert buckets["terminated"][:of_first_lane].index(1) == 8
    assert buckets["cancelled"][:of_first_lane].index(1) == 2
    assert buckets["abandoned"][:of_first_lane].index(1) == 1
    # What ends after the window has not ended in it.
    assert sum(map(sum, (buckets[k][of_first_lane:] for k in ("finished", "failed")))) == 0


def test_time_of_a_job_that_finished_is_never_called_running() -> None:
    jobs = [job(-100, -10), job(-100, None, state="running", node=B)]
    by = draw(jobs, -100, 0, limit=0, cells=20, lanes=lanes(A, B))["buckets"]["busy_by"]
    assert set(by) == {"finished", "running"}
    assert sum(by["finished"]) == 9.0
    assert sum(by["running"]) == 10.0


def test_buckets_begin_at_round_times_so_that_they_stay_while_the_window_moves() -> None:
    jobs = [job(-90 + n / 20, -80 + n / 20) for n in range(1200)]
    seen: dict[int, float] = {}
    compared = 0
    for step in range(5):
        found = draw(jobs, -60.3 + step, -20.3 + step, limit=10)
        buckets = found["buckets"]
        assert buckets["bucket_sec"] == 0.1
        first = round(found["from"] / 0.1)
        assert found["from"] == pytest.approx(first * 0.1, abs=1e-6)
        # The first and the last bucket are in the window in part only.
        for bucket, busy in list(zip(buckets["bucket"], buckets["busy"], strict=True))[1:-1]:
            compared += first + bucket in seen
            assert seen.setdefault(first + bucket, busy) == pytest.approx(busy, abs=2e-4)
    assert compared > 1000


def test_buckets_cover_only_the_time_with_attempts() -> None:
    jobs = [job(-100 + n / 100, -99 + n / 100) for n in range(2000)]
    found = draw(jobs, -1e9, 1e9)
    assert found["from"] == pytest.approx(NOW - 100, abs=1)
    assert found["buckets"]["bucket_sec"] <= 1


def test_cpus_of_an_aggregate_lane_hold_what_ran() -> None:
    jobs = [job(-100, -1) for _ in range(7)]
    assert draw(jobs, limit=0, lanes=lanes(A, cpus=2))["lanes"][0]["slots"] == 7


@pytest.mark.parametrize("span", [1e-5, 1.0, 1e11])
def test_any_width_of_window_is_answered(span: float) -> None:
    jobs = [job(-10, -5), job(-10), job(-7, -7)]
    for limit in (0, 10):
        found = draw(jobs, -7, -7 + span, limit=limit)
        assert found["total"] == 3
        json.dumps(found, allow_nan=False)


def test_answer_of_many_jobs_is_bounded() -> None:
    def size(count: int) -> int:
        jobs = [job(-590 + 589 * n / count, -589 + 589 * n / count) for n in range(count)]
        return len(json.dumps(draw(jobs), separators=(",", ":")))

    assert size(40_000) < 1.2 * size(4000) < 60_000


def test_job_whose_end_is_before_its_start_is_in_the_window_of_its_start() -> None:
    for limit in (0, 10):
        found = draw([job(-1.0, -2.0)], -1.0, 0.0, limit=limit)
        assert found["total"] == 1


# -- properties ------------------------------------------------------------------------------

_moments = st.floats(-900, 60, allow_nan=False, width=32)
_attempts = st.tuples(_moments, st.none() | st.floats(-1, 500, width=32), st.sampled_from([A, B]))


def _jobs(attempts: list[tuple[float, float | None, str]]) -> list[Job]:
    return [
        job(start, None if sec is None else start + sec, node=node) for start, sec, node in attempts
    ]


@given(st.lists(_attempts, max_size=60))
def test_bars_never_overlap_in_a_slot(attempts: list[tuple[float, float | None, str]]) -> None:
    taken: defaultdict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    found = draw(_jobs(attempts), lanes=lanes(A, B))
    for bar in bars(found):
        end = math.inf if bar["end"] is None else bar["end"]
        taken[bar["lane"], bar["slot"]].append((bar["start"], end))
        assert bar["slot"] < found["lanes"][bar["lane"]]["slots"]
    for spans in taken.values():
        spans.sort()
        assert all(one[1] <= next_one[0] for one, next_one in itertools.pairwise(spans))


@given(st.lists(_attempts, min_size=1, max_size=60), st.floats(-900, -1), st.floats(0.5, 900))
def test_buckets_have_the_same_totals_as_bars(
    attempts: list[tuple[float, float | None, str]], start: float, span: float
) -> None:
    jobs = _jobs(attempts)
    drawn = bars(draw(jobs, start, start + span, lanes=lanes(A, B), limit=100))
    found = draw(jobs, start, start + span, lanes=lanes(A, B), limit=-1)
    assert found["total"] == len(drawn)
    buckets = found["buckets"]
    for lane in (0, 1):
        mine = [bar for bar in drawn if bar["lane"] == lane]
        busy_sec = sum(
            max(
                0.0,
                min(NOW if bar["end"] is None else bar["end"], NOW + start + span, NOW)
                - max(bar["start"], NOW + start),
            )
            for bar in mine
        )
        ended = sum(bar["end"] is not None and bar["end"] <= NOW + start + span for bar in mine)
        at = [index for index, each in enumerate(buckets["lane"]) if each == lane]
        total = sum(buckets["busy"][index] for index in at) * buckets["bucket_sec"]
        # Each bucket's mean is rounded to a ten-thousandth.
        assert total == pytest.approx(busy_sec, abs=1e-3 + len(at) * buckets["bucket_sec"] * 1e-4)
        assert sum(buckets["finished"][index] for index in at) == ended


# -- the window ------------------------------------------------------------------------------


def window(start: float | None = None, end: float | None = None, *, oldest: float = 0) -> Window:
    return Window.of(start, end, now=NOW, oldest=oldest)


def test_window_is_the_last_ten_minutes_by_default() -> None:
    assert window() == (NOW - 600, NOW)


def test_window_begins_with_the_run_if_that_is_younger() -> None:
    assert window(oldest=NOW - 42) == (NOW - 42, NOW)


def test_window_of_a_run_that_begins_now_has_a_width() -> None:
    assert window(oldest=NOW) == (NOW - 1, NOW)


def test_window_that_only_begins_ends_now() -> None:
    assert window(NOW - 5) == (NOW - 5, NOW)


def test_window_that_only_ends_is_ten_minutes_wide() -> None:
    assert window(None, NOW - 5) == (NOW - 605, NOW - 5)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (math.nan, None, "from"),
        (math.inf, None, "from"),
        (None, -math.inf, "to"),
        (1e300, None, "from"),
        (NOW + 5, None, "from"),
        (NOW, NOW, "to"),
        (NOW, NOW - 1, "to"),
    ],
)
def test_window_that_makes_no_sense_is_refused_by_its_field(
    start: float | None, end: float | None, field: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        window(start, end)
    assert caught.value.field == field


def test_oldest_start_counts_attempts_and_leaves_out_what_never_ran() -> None:
    past = [("running", NOW - 90, A), ("abandoned", NOW - 80, A), ("queued", NOW - 80, None)]
    assert oldest_start([]) is None
    assert oldest_start([job(None, node=None, state="queued")]) is None
    assert oldest_start([job(-50, -40), job(-60)]) == NOW - 60
    assert oldest_start([job(-50, -40), job(-60, past=past)]) == NOW - 90
