"""A node is asked to join as was given, by its address, or the command says what is wrong."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from dispy_objects import FakeCluster
from unit.control.conftest import codes, control_of

from flask_dispy.core.errors import BadRequest
from flask_dispy.engine.clusters import Kind


def test_allocate_hands_on_what_was_asked(cluster: FakeCluster) -> None:
    outcome = control_of(cluster).allocate("compute", " 127.0.0.1 ", 9_700, 3)[0]
    assert (outcome.ok, outcome.code) == (True, "asked")
    assert outcome.message == "127.0.0.1 is asked to join compute."
    assert cluster.calls == [("allocate_node", ({"host": "127.0.0.1", "port": 9_700, "cpus": 3},))]


def test_name_is_looked_up_once(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, *_: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.7", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    outcome = control_of(cluster).allocate("compute", "worker", None, 2)[0]
    assert outcome.message == "worker is asked to join compute."
    assert cluster.calls == [("allocate_node", ({"host": "10.0.0.7", "port": None, "cpus": 2},))]
    assert asked == ["worker"], "dispy gets the address, and asks nobody"


def test_wildcard_is_not_resolved(cluster: FakeCluster) -> None:
    assert codes(control_of(cluster).allocate("compute", "10.0.*")) == [(True, "asked")]
    assert cluster.calls[0][1][0]["host"] == "10.0.*"


def test_brackets_around_an_ipv6_address_are_no_part_of_it(cluster: FakeCluster) -> None:
    control_of(cluster).allocate("compute", "[::1]")
    assert cluster.calls == [("allocate_node", ({"host": "::1", "port": None, "cpus": 0},))]


@pytest.mark.parametrize(
    ("kind", "host", "why"),
    [("JobCluster", "10.0.*", "with a wildcard"),
     ("SharedJobCluster", "127.0.0.1", "dispyscheduler decides"),
     ("SharedJobCluster", "10.0.*", "dispyscheduler decides"),
     ("scheduler", "127.0.0.1", "dispyscheduler decides")],
)  # fmt: skip
def test_cpus_that_are_ignored_are_not_sent_and_the_outcome_says_so(
    cluster: FakeCluster, kind: Kind, host: str, why: str
) -> None:
    outcome = control_of(cluster, kind).allocate("compute", host, None, 3)[0]
    assert outcome.ok
    assert "CPUs are ignored" in outcome.message
    assert why in outcome.message
    assert cluster.calls[0][1][0]["cpus"] == 0
    assert "ignored" not in control_of(cluster, kind).allocate("compute", host)[0].message


@pytest.mark.parametrize(
    ("host", "port", "cpus", "field"),
    [("", None, 0, "host"), ("a b", None, 0, "host"), ("x" * 254, None, 0, "host"),
     ("ho\0st", None, 0, "host"), ("\u202e", None, 0, "host"), ("h", 0, 0, "port"),
     ("h", 65_536, 0, "port"), ("h", None, 65_537, "cpus"),
     ("no-such-host.invalid", None, 0, "host"),
     ("a..b", None, 0, "host"), ("[10.0.0.1]", None, 0, "host"), ("[::1", None, 0, "host"),
     ("[]", None, 0, "host"), ("[:]", None, 0, "host")],
)  # fmt: skip
def test_nonsense_is_a_bad_request(
    cluster: FakeCluster, host: str, port: int | None, cpus: int, field: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        control_of(cluster).allocate("compute", host, port, cpus)
    assert caught.value.field == field
    assert cluster.calls == []


def test_name_server_that_hangs_times_out(
    cluster: FakeCluster, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: release.wait())
    with pytest.raises(TimeoutError, match="resolve host"):
        control_of(cluster, timeout_sec=0.05).allocate("compute", "host")
