"""Webhooks get messages: in their form, signed, gathered, and again after a fault."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster
from receivers import Receiver
from web.alerting import Watch, happen, of, webhook

from flask_dispy import EventRow
from flask_dispy.watching.dashboard import board_of

SECRET = "a-secret-of-the-tests"


def is_authentic(headers: Any, body: bytes) -> bool:
    """The check of docs/alerts.md."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    good = "v1," + base64.b64encode(digest).decode()
    recent = abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return recent and hmac.compare_digest(headers["webhook-signature"], good)


def test_message_arrives_signed(watch: Watch, receiver: Receiver) -> None:
    registry, _ = watch(webhook(receiver, secret=SECRET, headers={"Authorization": "Bearer t"}))
    happen(registry)
    wait_until(lambda: receiver.received, what="the message")
    (request,) = receiver.received
    assert request.path == "/hooks/secret-path"
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["content-type"].startswith("application/json")
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.json["text"] == "alpha uses 1 CPU, 2 before"
    assert request.json["id"] == request.headers["webhook-id"]
    assert is_authentic(request.headers, request.body)
    assert not is_authentic(request.headers, request.body + b" ")
    wait_until(lambda: of(registry)["delivered"] == 1, what="the count")
    assert (of(registry)["failed"], of(registry)["error"]) == (0, None)


@pytest.mark.parametrize(
    ("headers", "agents"), [({}, ["flask_dispy"]), ({"user-agent": "farm/2"}, ["farm/2"])]
)
def test_user_agent_is_ours_unless_one_is_given(
    watch: Watch, receiver: Receiver, headers: dict[str, str], agents: list[str]
) -> None:
    seen: list[str] = []

    def answer(handler: Any) -> None:
        seen.extend(handler.headers.get_all("User-Agent"))
        handler.send_response(204)
        handler.end_headers()

    receiver.answers.append(answer)
    registry, _ = watch(webhook(receiver, headers=headers))
    happen(registry)
    wait_until(lambda: of(registry)["delivered"] == 1, what="the message")
    assert seen == agents


@pytest.mark.parametrize("service", ["slack", "mattermost", "teams", "ntfy"])
def test_each_service_gets_its_form(watch: Watch, receiver: Receiver, service: Any) -> None:
    registry, _ = watch(webhook(receiver, service=service))
    happen(registry)
    wait_until(lambda: receiver.received, what="the message")
    (request,) = receiver.received
    assert "alpha uses 1 CPU, 2 before" in json.dumps(request.json)
    # ntfy takes JSON at its root, with the topic in it.
    assert request.path == ("/hooks/" if service == "ntfy" else "/hooks/secret-path")
    assert "webhook-signature" not in request.headers


def test_message_is_sent_again_after_a_passing_fault(watch: Watch, receiver: Receiver) -> None:
    receiver.answers.extend([(503, {}), (429, {"Retry-After": "1"})])
    registry, _ = watch(webhook(receiver, secret=SECRET))
    happen(registry)
    wait_until(lambda: of(registry)["delivered"] == 1, what="the third attempt")
    first, second, third = receiver.received
    assert len({(each.headers["webhook-id"], each.body) for each in (first, second, third)}) == 1
    assert third.at - second.at >= 0.9  # as the service asked
    assert all(is_authentic(each.headers, each.body) for each in receiver.received)


@pytest.mark.parametrize(("status", "attempts"), [(200, 1), (503, 2)])
@pytest.mark.parametrize(
    "text", ["Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2030 00:00:00 +99999999999999"]
)
def test_date_that_no_clock_reaches_is_not_waited_for(
    watch: Watch, receiver: Receiver, text: str, status: int, attempts: int
) -> None:
    receiver.answers.append((status, {"Retry-After": text}))
    registry, _ = watch(webhook(receiver))
    happen(registry)
    wait_until(lambda: of(registry)["delivered"] + of(registry)["failed"], what="the end")
    assert (len(receiver.received), of(registry)["delivered"]) == (attempts, 1)


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (400, 1), (307, 1), (500, 3), (408, 3)])
def test_message_that_is_refused_is_given_up_and_the_next_one_is_sent(
    watch: Watch, receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int, attempts: int
) -> None:
    elsewhere = f"{receiver.url}/elsewhere"
    receiver.answers.extend([(status, {"Location": elsewhere})] * attempts)
    registry, _ = watch(webhook(receiver, secret=SECRET))
    happen(registry)
    wait_until(lambda: of(registry)["failed"] == 1, what="the end of the attempts")
    assert [each.path for each in receiver.received] == ["/hooks/secret-path"] * attempts
    health = registry.health()
    assert f"HTTP {status}" in of(registry)["error"]
    assert health["status"] == "degraded"
    assert any("Alerts to 127.0.0.1 are not delivered" in one for one in health["problems"])
    happen(registry)
    wait_until(lambda: of(registry)["delivered"] == 1, what="the next")
    assert registry.health()["status"] == "ok"
    warnings = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(warnings) == 1
    for text in (caplog.text, str(health)):
        assert "secret" not in text


def test_events_of_a_kind_are_gathered_while_it_is_quiet(watch: Watch, receiver: Receiver) -> None:
    registry, _ = watch(webhook(receiver, quiet_sec=1.0))
    begun = time.monotonic()
    happen(registry, "first")
    wait_until(lambda: receiver.received, what="the first")
    with board_of(registry).announcer._passing:  # the quiet time may be over before the last
        for number in range(13):
            happen(registry, f"n{number}")
    wait_until(lambda: len(receiver.received) == 2, what="the rest")
    first, rest = receiver.received
    assert first.json["text"] == "first uses 1 CPU, 2 before"
    lines = rest.json["text"].split("\n")
    assert (len(lines), lines[0], lines[-1]) == (11, "n0 uses 1 CPU, 2 before", "and 3 more")
    assert rest.at - begun >= 1.0


def test_what_concerns_all_clusters_is_one_event(watch: Watch, receiver: Receiver) -> None:
    registry, _ = watch(webhook(receiver, events=["settings_changed"]))
    registry.add(FakeCluster("other"))
    seen: list[EventRow] = []
    registry.on("settings_changed", seen.append)
    registry.poll_sec = 3
    wait_until(lambda: receiver.received and seen, what="the event")
    registry.close()
    assert [one["cluster"] for one in seen] == [None]
    assert [len(each.json["events"]) for each in receiver.received] == [1]


@pytest.mark.parametrize(
    ("details", "shown", "sent"), [(False, True, False), (True, True, True), (True, False, False)]
)
def test_messages_of_errors_are_sent_only_where_both_settings_allow(
    watch: Watch, receiver: Receiver, details: bool, shown: bool, sent: bool
) -> None:
    _, cluster = watch(
        webhook(receiver, events=["error_kind"], details=details), show_job_args=shown
    )
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node, exception="ValueError: Ann")
    wait_until(lambda: receiver.received, what="the alert")
    (request,) = receiver.received
    assert ("Ann" in request.body.decode()) is sent
    assert "ValueError" in request.json["text"]
