"""Any sequence of events, in any order and with any duplicates, leaves a state that adds up."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from unit.stories import check, counts, ended, new_state, progressed, queued, seen, started

from flask_dispy.core import events
from flask_dispy.core.jobs import ENDED_STATES
from flask_dispy.core.summary import summary_of

_keys = st.sampled_from("abcdefgh")
_nodes = st.sampled_from(["n1", "n2", "n3"])
_times = st.integers(0, 60)
_ends = st.sampled_from(sorted(ENDED_STATES))


class Model:
    """What the counts must be, worked out job by job from nothing but the rules."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}

    def queued(self, key: str, requeued: bool) -> None:
        before = self.states.setdefault(key, "queued")
        if requeued and before in ("running", "abandoned"):
            self.states[key] = "queued"

    def started(self, key: str) -> None:
        if self.states.get(key, "queued") in ("queued", "abandoned"):
            self.states[key] = "running"

    def progressed(self, key: str, node: str | None) -> None:
        self.states.setdefault(key, "queued")
        if self.states[key] == "queued" and node is not None:
            self.states[key] = "running"

    def ended(self, key: str, state: str) -> None:
        if self.states.get(key, "queued") in ("queued", "running", "abandoned"):
            self.states[key] = state

    def counts(self) -> dict[str, int]:
        states = list(self.states.values())
        return {state: states.count(state) for state in set(states)}


class FoldMachine(RuleBasedStateMachine):
    """Folds events into a state with a short history, beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.state = new_state(history_limit=3)
        self.model = Model()
        self.told = 0

    def tell(self, event: Any) -> None:
        self.state.apply(event)
        self.told += 1

    @rule(key=_keys, at=_times, requeued=st.booleans())
    def job_queued(self, key: str, at: float, requeued: bool) -> None:
        self.tell(queued(key, at, requeued=requeued))
        self.model.queued(key, requeued)

    @rule(key=_keys, node=_nodes, at=_times)
    def job_started(self, key: str, node: str, at: float) -> None:
        self.tell(started(key, node, at))
        self.model.started(key)

    @rule(key=_keys, node=st.none() | _nodes, at=_times)
    def job_progressed(self, key: str, node: str | None, at: float) -> None:
        self.tell(progressed(key, node=node, at=at))
        self.model.progressed(key, node)

    @rule(key=_keys, end=_ends, node=st.none() | _nodes, start=st.none() | _times, at=_times,
          exception=st.sampled_from([None, "E", "", "ValueError: 3", "KeyError: 'a'"]))  # fmt: skip
    def job_ended(
        self, key: str, end: Any, node: str | None, start: Any, at: float, exception: str | None
    ) -> None:
        self.tell(ended(key, end, node=node, start=start, at=at, exception=exception))
        self.model.ended(key, end)

    @rule(serial=st.integers(1, 8), field=st.sampled_from(["id", "args", "result", "exception"]))
    def text_made(self, serial: int, field: Any) -> None:
        self.tell(events.JobText(serial, field, "late"))

    @rule(node=_nodes, updated=_times, joined=st.booleans(), pulse=st.booleans(),
          cpus=st.integers(0, 4), done=st.integers(0, 5), cpu_time=st.integers(0, 9))  # fmt: skip
    def node_seen(self, node: str, done: int, **figures: Any) -> None:
        self.tell(seen(node, jobs_done=done, **figures))

    @rule(node=_nodes, why=st.sampled_from(get_args(events.Departure)))
    def node_closed(self, node: str, why: events.Departure) -> None:
        self.tell(events.NodeClosed(node, 1_060.0, why))

    @rule(pending=st.integers(0, 9), at=_times)
    def pending_taken(self, pending: int, at: float) -> None:
        self.tell(events.PendingCounted(1_000.0 + at, pending))

    @rule(at=st.integers(0, 1_000), pulse_sec=st.none() | st.just(1.0))
    def silence_watched(self, at: float, pulse_sec: float | None) -> None:
        self.state.mark_silent(1_000.0 + at, pulse_sec, 2.0)

    @rule()
    def cluster_closed(self) -> None:
        self.tell(events.WatchingEnded(1_060.0))

    @rule()
    def job_handed_to_another_cluster_and_back(self) -> None:
        other = new_state(history_limit=3)
        jobs = list(self.state.ledger.jobs.values())
        self.state.release(jobs)
        check(self.state)
        other.adopt(jobs)
        check(other)
        other.release(jobs)
        check(other)
        assert counts(other) == {}
        self.state.adopt(jobs)

    @invariant()
    def everything_adds_up(self) -> None:
        check(self.state)

    @invariant()
    def counts_are_the_models(self) -> None:
        assert counts(self.state) == self.model.counts()

    @invariant()
    def summary_can_be_made(self) -> None:
        # Also when the clock was set back, by more than all that happened.
        for now in (1_100.0, 900.0, 1e9):
            summary = summary_of(self.state, now)
            assert summary["jobs"]["submitted"] == len(self.model.states)
            json.dumps(summary, allow_nan=False)
            outlook = summary["outlook"]
            assert outlook["since"] is None or outlook["since"] <= now
            assert (outlook["stuck"]["oldest_sec"] or 0.0) >= 0.0


TestFold = FoldMachine.TestCase
TestFold.settings = settings(settings.default, stateful_step_count=40)
