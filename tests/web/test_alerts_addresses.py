"""Messages go only where they may, and no longer than they may take."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme
from clusters import wait_until
from receivers import Receiver
from web.alerting import PROMPT, Watch, drip, happen, of, webhook

from flask_dispy import Webhook


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
        webhook(receiver, timeout_sec=2), intervals=replace(PROMPT, alert_waits_sec=())
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
            webhook(secured, ca_file=ca_file, timeout_sec=2),
            intervals=replace(PROMPT, alert_waits_sec=()),
        )
        happen(registry)
        wait_until(lambda: of(registry)["failed"] == 1, what="the timeout")
        assert of(registry)["error"] == "no answer in time"
        assert ended.wait(20)
