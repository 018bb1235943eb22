"""What happens is passed on: to callbacks, and to real receivers of webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme
from clusters import wait_until
from dispy_objects import FakeCluster
from impatience import SOON
from receivers import Receiver

from flask_dispy import BadRequest, ClusterRegistry, EventRow, Webhook
from flask_dispy.watching.dashboard import board_of
from flask_dispy.wire.journal import event_row

PROMPT = replace(SOON, alert_waits_sec=(0.01, 0.01), last_alerts_sec=3.0)
SECRET = "a-secret-of-the-tests"

Watch = Callable[..., tuple[ClusterRegistry, FakeCluster]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as one:
        yield one


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Return a function that makes a registry and a cluster with a node."""
    registries: list[ClusterRegistry] = []

    def make(
        *webhooks: Webhook, intervals: Any = PROMPT, **settings: Any
    ) -> tuple[ClusterRegistry, FakeCluster]:
        registries.append(ClusterRegistry(alerts=webhooks, _intervals=intervals, **settings))
        cluster = FakeCluster("compute")
        registries[-1].add(cluster)
        return registries[-1], cluster

    yield make
    for registry in registries:
        registry.close()


def webhook(receiver: Receiver, **options: Any) -> Webhook:
    options = {"events": ["cpus_set"], "quiet_sec": 0, "allow_private": True, **options}
    return Webhook(f"{receiver.url}/hooks/secret-path", **options)


def happen(registry: ClusterRegistry, name: str = "alpha", at: float = 1.0) -> None:
    """Let a node's CPUs be set, in a journal that is about to be published."""
    board = board_of(registry)
    with board.lock:
        for member in board.members():
            member.state.journal.add("cpus_set", at, node=name, name=name, cpus=1, cpus_before=2)
            member.state.dirty = True
            board.publish(member)


def of(registry: ClusterRegistry, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = registry.health()["alerts"]["webhooks"][number]
    return found


def drip(ended: threading.Event, handler: Any) -> None:
    """Answer drop by drop for half a minute, unless the other side ends it."""
    try:
        for _ in range(600):
            handler.wfile.write(b"H")
            time.sleep(0.05)
    except OSError:
        ended.set()


def threads() -> set[str]:
    return {one.name for one in threading.enumerate() if one.name.startswith("flask_dispy-")}


# -- callbacks --------------------------------------------------------------------------------


def test_callback_gets_the_event_in_order_on_a_thread_of_its_own(watch: Watch) -> None:
    registry, cluster = watch()
    seen: list[tuple[EventRow, str, bool]] = []

    def note(event: EventRow) -> None:
        free = board_of(registry).lock.acquire(timeout=10)
        board_of(registry).lock.release()
        seen.append((event, threading.current_thread().name, free))

    off = registry.on("node_joined", note)
    cluster.join("10.0.0.1")
    cluster.join("10.0.0.2")
    wait_until(lambda: len(seen) == 2, what="both events")
    assert [event["node"] for event, *_ in seen] == ["10.0.0.1", "10.0.0.2"]
    assert seen[0][0] == registry.view("compute").events(["node_joined"]).items[-1]
    assert {(name, free) for _, name, free in seen} == {("flask_dispy-event", True)}
    off()
    off()
    cluster.join("10.0.0.3")
    wait_until(lambda: registry.view("*").events(["node_joined"]).total == 3, what="the third")
    wait_until(lambda: "flask_dispy-event" not in threads(), what="the thread's end")
    registry.close()
    assert len(seen) == 2
    callbacks = registry.health()["alerts"]["callbacks"]
    assert (callbacks["registered"], callbacks["called"], callbacks["failed"]) == (0, 2, 0)


def test_callback_that_raises_or_hangs_harms_nobody(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    registry, _ = watch()
    hang, seen = threading.Event(), list[str | None]()
    registry.on("cpus_set", lambda _: hang.wait(30))
    registry.on("cpus_set", lambda event: 1 // 0)
    registry.on("cpus_set", lambda event: exec("raise SystemExit"))
    registry.on("cpus_set", lambda event: seen.append(event["node"]))
    for name in ("a", "b"):
        happen(registry, name)
    wait_until(lambda: seen == ["a", "b"], what="the good one")
    counts = registry.health()["alerts"]["callbacks"]
    wait_until(lambda: registry.health()["alerts"]["callbacks"]["failed"] == 4, what="the others")
    assert (counts["registered"], counts["waiting"] <= 1) == (4, True)
    assert registry.health()["status"] == "ok"
    assert "A callback for the event cpus_set failed" in caplog.text
    hang.set()


def test_too_many_events_for_a_callback_are_dropped_and_counted(watch: Watch) -> None:
    registry, _ = watch()
    hang = threading.Event()
    registry.on("cpus_set", lambda _: hang.wait(30))
    for _ in range(1_002):
        happen(registry)

    def dropped() -> bool:
        counts = registry.health()["alerts"]["callbacks"]
        return bool(counts["dropped"] + counts["waiting"] == 1_001 and counts["dropped"])

    wait_until(dropped, what="the last")
    hang.set()


@pytest.mark.parametrize(("event", "callback"), [("node_eaten", print), ("done", None)])
def test_what_can_never_be_called_is_refused(watch: Watch, event: Any, callback: Any) -> None:
    registry, _ = watch()
    with pytest.raises(BadRequest):
        registry.on(event, callback)


def test_no_thread_runs_while_nothing_is_to_be_passed_on(watch: Watch, receiver: Receiver) -> None:
    registry, cluster = watch(webhook(receiver))
    registry.on("stalled", print)
    cluster.join("10.0.0.1")
    wait_until(lambda: registry.view("*").events(["node_joined"]).total == 1)
    assert not threads() & {"flask_dispy-event", "flask_dispy-alert"}


# -- webhooks ---------------------------------------------------------------------------------


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
    happen(registry, "first")
    wait_until(lambda: receiver.received, what="the first")
    for number in range(13):
        happen(registry, f"n{number}")
    wait_until(lambda: len(receiver.received) == 2, what="the rest")
    first, rest = receiver.received
    assert first.json["text"] == "first uses 1 CPU, 2 before"
    lines = rest.json["text"].split("\n")
    assert (len(lines), lines[0], lines[-1]) == (11, "n0 uses 1 CPU, 2 before", "and 3 more")
    assert rest.at - first.at >= 0.9


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


def test_last_events_are_sent_before_the_registry_closes(watch: Watch, receiver: Receiver) -> None:
    registry, cluster = watch(
        webhook(receiver, events=["done"], quiet_sec=60), intervals=replace(PROMPT, tick_sec=60)
    )
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node)
    registry.close()
    assert [each.json["text"] for each in receiver.received] == ["The job is done"]
    assert not threads()


_PROGRAM = """
import os, sys
from dispy_objects import FakeCluster
from flask_dispy import ClusterRegistry, Webhook

registry = ClusterRegistry(alerts=[Webhook(sys.argv[1], events=["done"], allow_private=True)])
registry.on("done", lambda event: print("called with", event["kind"], flush=True))
if os.fork():
    os.wait()
else:
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node)
"""


def test_program_that_forks_and_closes_nothing_sends_the_last_events(receiver: Receiver) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, f"{receiver.url}/x"]
    folder = Path(__file__).parents[1]
    run = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=True)
    assert (run.stdout, run.stderr) == (b"called with done\n", b"")
    assert [each.json["text"] for each in receiver.received] == ["The job is done"]


@pytest.fixture
def no_new_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the threads of alerts, as Python 3.12 does all while a program ends."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith(("flask_dispy-event", "flask_dispy-alert")):
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)


@pytest.mark.usefixtures("no_new_threads")
def test_last_events_are_passed_on_where_no_thread_can_be_started(
    watch: Watch, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    registry, _ = watch(webhook(receiver))
    seen: list[str | None] = []
    registry.on("cpus_set", lambda event: seen.append(event["node"]))
    for name in ("a", "b"):
        happen(registry, name)
    registry.close()
    assert seen == ["a", "b"]
    texts = "\n".join(each.json["text"] for each in receiver.received)
    assert texts == "a uses 1 CPU, 2 before\nb uses 1 CPU, 2 before"
    health = registry.health()["alerts"]
    assert (health["dropped"], health["failed"], health["callbacks"]["dropped"]) == (0, 0, 0)
    assert "A thread for events can't be started" in caplog.text


@pytest.mark.usefixtures("no_new_threads")
def test_last_message_is_cut_off_where_no_thread_can_be_started(
    watch: Watch, receiver: Receiver
) -> None:
    ended = threading.Event()
    receiver.answers.append(partial(drip, ended))
    registry, _ = watch(
        webhook(receiver, timeout_sec=60), intervals=replace(PROMPT, last_alerts_sec=0.5)
    )
    happen(registry)
    registry.close()
    assert of(registry)["error"] == "no answer in time"
    assert ended.wait(20)  # long before the receiver has said all


def test_closing_while_events_are_passed_on_loses_none(
    watch: Watch, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the upkeep is so late that closing no longer waits for it."""
    registry, _ = watch(webhook(receiver), intervals=replace(PROMPT, tick_sec=60))
    seen: list[str | None] = []
    registry.on("cpus_set", lambda event: seen.append(event["node"]))
    begun, second = threading.Event(), threading.Event()

    def slow(*values: Any, **options: Any) -> EventRow:
        if begun.is_set():
            second.set()
        begun.set()
        second.wait(0.3)  # nobody comes in between
        return event_row(*values, **options)

    monkeypatch.setattr("flask_dispy.alerts.announcer.event_row", slow)
    for name in ("a", "b"):
        happen(registry, name)
    with ThreadPoolExecutor() as pool:
        passing = pool.submit(board_of(registry).announcer.pass_on)
        assert begun.wait(20)
        registry.close()
        passing.result(20)
    assert seen == ["a", "b"]
    texts = "\n".join(each.json["text"] for each in receiver.received)
    assert texts == "a uses 1 CPU, 2 before\nb uses 1 CPU, 2 before"


@pytest.mark.parametrize(("last", "counts"), [(204, (1, 0)), (503, (0, 1))])
def test_message_that_waits_for_its_next_attempt_gets_a_last_one_when_the_registry_closes(
    watch: Watch, receiver: Receiver, last: int, counts: tuple[int, int]
) -> None:
    receiver.answers.extend([(503, {"Retry-After": "60"}), (last, {})])
    registry, _ = watch(webhook(receiver))
    happen(registry)
    wait_until(lambda: of(registry)["error"], what="the refusal")
    registry.close()
    assert len(receiver.received) == 2
    assert (of(registry)["delivered"], of(registry)["failed"]) == counts


def test_closing_waits_for_no_receiver_that_is_silent(watch: Watch, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answers.append(lambda _: release.wait(30))
    registry, _ = watch(webhook(receiver), intervals=replace(PROMPT, last_alerts_sec=0.1))
    happen(registry)
    wait_until(lambda: receiver.received, what="the request")
    happen(registry)
    registry.close()
    assert of(registry)["delivered"] == 0
    release.set()
    wait_until(lambda: "flask_dispy-alert" not in threads(), what="the end of the attempt")
    assert of(registry)["dropped"] == 1


# -- where they may go ------------------------------------------------------------------------


def test_private_address_is_refused_and_never_connected_to(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves elsewhere at each look, as with DNS rebinding."""
    looks: list[str] = []
    addresses = iter(["10.0.0.9", "127.0.0.1", "169.254.169.254", "::1"])
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host != "rebinding.example":
            return real(host, port, *rest, **options)
        looks.append(next(addresses))
        return real(looks[-1], port, *rest, **options)

    def connect(*_: Any) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    registry, _ = watch(Webhook("https://rebinding.example/x", events=["cpus_set"], quiet_sec=0))
    for number in range(1, 5):
        happen(registry)
        wait_until(lambda number=number: of(registry)["failed"] == number, what="a refusal")  # type: ignore[misc]
    assert len(looks) == 4  # no further attempts
    assert "allow_private=True" in of(registry)["error"]


def test_the_address_that_was_checked_is_connected_to(
    watch: Watch, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Any] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host != "hooks.example":
            return real(host, port, *rest, **options)
        looks.append(host)
        return real("127.0.0.1", port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    hook = Webhook(f"http://hooks.example:{receiver.port}/x", events=["cpus_set"], quiet_sec=0,
                   allow_private=True)  # fmt: skip
    registry, _ = watch(hook)
    happen(registry)
    wait_until(lambda: receiver.received, what="the message")
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"
    assert len(looks) == 1


def test_answer_that_comes_drop_by_drop_is_cut_off(watch: Watch, receiver: Receiver) -> None:
    ended = threading.Event()
    receiver.answers.append(partial(drip, ended))
    registry, _ = watch(
        webhook(receiver, timeout_sec=0.5), intervals=replace(PROMPT, alert_waits_sec=())
    )
    happen(registry)
    wait_until(lambda: of(registry)["failed"] == 1, what="the timeout")
    assert of(registry)["error"] == "no answer in time"
    assert ended.wait(20)


def test_receiver_that_is_not_there_is_named_with_the_reason(watch: Watch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        registry, _ = watch(Webhook(url, events=["cpus_set"], quiet_sec=0, allow_private=True))
        happen(registry)
        wait_until(lambda: of(registry)["failed"] == 1, what="the end of the attempts")
        assert of(registry)["error"] == "connection refused"


def test_address_may_be_one_of_ipv6(watch: Watch, receiver: Receiver) -> None:
    """It is IPv4's loopback in the form of IPv6, so the receiver, which has IPv4 alone, gets it."""
    url = f"http://[::ffff:127.0.0.1]:{receiver.port}/x"
    registry, _ = watch(Webhook(url, events=["cpus_set"], quiet_sec=0, allow_private=True))
    happen(registry)
    wait_until(lambda: of(registry)["delivered"] == 1, what="the message")
    assert receiver.received[0].headers["host"] == f"[::ffff:127.0.0.1]:{receiver.port}"


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secured(self, authority: trustme.CA, request: pytest.FixtureRequest) -> Iterator[Receiver]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(getattr(request, "param", "127.0.0.1")).configure_cert(context)
        with closing(Receiver(context)) as one:
            yield one

    @pytest.fixture
    def ca_file(self, authority: trustme.CA, tmp_path: Path) -> Path:
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        return tmp_path / "ca.pem"

    def test_authority_of_ones_own_is_trusted(
        self, watch: Watch, secured: Receiver, ca_file: Path
    ) -> None:
        registry, _ = watch(webhook(secured, ca_file=ca_file))
        happen(registry)
        wait_until(lambda: of(registry)["delivered"] == 1, what="the message")

    def test_authority_that_nobody_knows_is_not(self, watch: Watch, secured: Receiver) -> None:
        registry, _ = watch(webhook(secured))
        happen(registry)
        wait_until(lambda: of(registry)["failed"] == 1, what="the refusal")
        assert "the certificate is not trusted" in of(registry)["error"]
        assert secured.received == []

    @pytest.mark.parametrize("secured", ["other.example"], indirect=True)
    def test_certificate_of_another_name_is_not(
        self, watch: Watch, secured: Receiver, ca_file: Path
    ) -> None:
        registry, _ = watch(webhook(secured, ca_file=ca_file))
        happen(registry)
        wait_until(lambda: of(registry)["failed"] == 1, what="the refusal")
        assert "the certificate is not trusted" in of(registry)["error"]

    def test_answer_that_comes_drop_by_drop_is_cut_off(
        self, watch: Watch, secured: Receiver, ca_file: Path
    ) -> None:
        ended = threading.Event()
        secured.answers.append(partial(drip, ended))
        registry, _ = watch(
            webhook(secured, ca_file=ca_file, timeout_sec=0.5),
            intervals=replace(PROMPT, alert_waits_sec=()),
        )
        happen(registry)
        wait_until(lambda: of(registry)["failed"] == 1, what="the timeout")
        assert of(registry)["error"] == "no answer in time"
        assert ended.wait(20)
