"""TLS on real sockets, with certificates of an authority that the tests make up."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from rawhttp import Client, get

from flask_dispy.hosting import Limits, ThreadServer, listen
from flask_dispy.hosting.tls import CertificateFiles

NAME = "dashboard.example"


class Authority:
    """Issues certificates into files, and knows clients that trust them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._authority = trustme.CA()
        self.client_context = ssl.create_default_context()
        self._authority.configure_trust(self.client_context)

    def issue(self, stem: str, name: str = NAME) -> tuple[Path, Path]:
        """Write a new certificate and its key; return the two files."""
        issued = self._authority.issue_cert(name)
        certfile, keyfile = self.folder / f"{stem}.crt", self.folder / f"{stem}.key"
        issued.cert_chain_pems[0].write_to_path(certfile)
        issued.private_key_pem.write_to_path(keyfile)
        return certfile, keyfile


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = environ["wsgi.url_scheme"].encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Site:
    def __init__(self, tls: Callable[[], ssl.SSLContext], **limits: Any) -> None:
        sock = listen("127.0.0.1", 0)
        self.address: tuple[str, int] = sock.getsockname()
        self.server = ThreadServer(app, sock, limits=Limits(**limits), tls=tls)
        self.server.start()

    def client(self, context: ssl.SSLContext) -> Client:
        sock = socket.create_connection(self.address, timeout=10)
        try:
            secured = context.wrap_socket(sock, server_hostname=NAME, suppress_ragged_eofs=False)
        except BaseException:
            sock.close()
            raise
        return Client(self.address, sock=secured)


@contextlib.contextmanager
def site(tls: Callable[[], ssl.SSLContext], **limits: Any) -> Iterator[Site]:
    served = Site(tls, **limits)
    try:
        yield served
    finally:
        assert served.server.stop(grace_sec=5)


def serial_seen_by(client: Client) -> str:
    assert isinstance(client.socket, ssl.SSLSocket)
    certificate = client.socket.getpeercert()
    assert certificate is not None
    return str(certificate["serialNumber"])


# -- connections -----------------------------------------------------------------------------


def test_requests_are_served_one_after_another(authority: Authority) -> None:
    tls = CertificateFiles(*authority.issue("a")).context
    with site(tls) as served, served.client(authority.client_context) as client:
        assert client.ask(get()).body == b"https"
        assert client.ask(get()).body == b"https"


def test_end_is_announced_so_that_nothing_looks_cut_off(authority: Authority) -> None:
    tls = CertificateFiles(*authority.issue("a")).context
    with site(tls) as served, served.client(authority.client_context) as client:
        assert client.ask(get("/", "Connection: close")).body == b"https"
        # Without the notice this read would raise SSLEOFError.
        assert client.ended()


def test_key_and_certificate_may_share_a_file(authority: Authority, tmp_path: Path) -> None:
    certfile, keyfile = authority.issue("a")
    both = tmp_path / "both.pem"
    both.write_bytes(keyfile.read_bytes() + certfile.read_bytes())
    tls = CertificateFiles(both).context
    with site(tls) as served, served.client(authority.client_context) as client:
        assert client.ask(get()).body == b"https"


def test_old_versions_of_tls_are_refused(authority: Authority) -> None:
    context = CertificateFiles(*authority.issue("a")).context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_silent_client_holds_nobody_up(authority: Authority) -> None:
    tls = CertificateFiles(*authority.issue("a")).context
    with (
        site(tls, request_timeout_sec=1) as served,
        Client(served.address) as silent,
        Client(served.address) as halfway,
    ):
        halfway.send(b"\x16\x03\x01")
        with served.client(authority.client_context) as client:
            assert client.ask(get()).body == b"https"
        assert silent.ended()
        assert halfway.ended()


def test_silent_client_does_not_delay_the_end(authority: Authority) -> None:
    served = Site(CertificateFiles(*authority.issue("a")).context)
    with Client(served.address) as silent:
        silent.send(b"\x16\x03\x01")
        began_at = time.monotonic()
        assert served.server.stop(grace_sec=30)
        assert time.monotonic() - began_at < 10


def test_plain_http_is_referred_to_https(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    tls = CertificateFiles(*authority.issue("a")).context
    with site(tls) as served, Client(served.address) as client:
        answer = client.ask(get())
        assert (answer.status, answer.closes) == (400, True)
        assert b"use https://" in answer.body
        assert client.ended()
        assert caplog.text == ""


def test_client_that_does_not_trust_us_makes_no_noise(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    tls = CertificateFiles(*authority.issue("a")).context
    with site(tls) as served:
        with pytest.raises(ssl.SSLCertVerificationError):
            served.client(ssl.create_default_context())
        with Client(served.address) as client:
            client.send(b"\x16" + os.urandom(200))
        with served.client(authority.client_context) as client:
            assert client.ask(get()).body == b"https"
    assert caplog.text == ""


def test_one_too_many_is_closed_without_a_handshake(authority: Authority) -> None:
    tls = CertificateFiles(*authority.issue("a")).context
    at_work, go_on = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        at_work.set()
        assert go_on.wait(10)
        return app(environ, start_response)

    with site(tls, max_connections=1) as served, served.client(authority.client_context) as busy:
        served.server.app = slow
        busy.send(get())
        assert at_work.wait(10)
        with Client(served.address) as extra:
            assert extra.ended()
        go_on.set()
        assert busy.read().status == 200


# -- certificates that change ----------------------------------------------------------------


def test_changed_certificate_is_used_for_new_connections(authority: Authority) -> None:
    certfile, keyfile = authority.issue("a")
    new_certfile, new_keyfile = authority.issue("b")
    tls = CertificateFiles(certfile, keyfile).context
    with site(tls) as served, served.client(authority.client_context) as before:
        old = serial_seen_by(before)
        new_keyfile.replace(keyfile)
        new_certfile.replace(certfile)
        with served.client(authority.client_context) as after:
            assert serial_seen_by(after) != old
            assert after.ask(get()).body == b"https"
        assert before.ask(get()).body == b"https"


def test_old_certificate_stays_until_the_new_one_is_complete(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    certfile, keyfile = authority.issue("a")
    new_certfile, new_keyfile = authority.issue("b")
    with site(CertificateFiles(certfile, keyfile).context) as served:
        with served.client(authority.client_context) as client:
            old = serial_seen_by(client)
        new_certfile.replace(certfile)
        for _ in range(3):
            with served.client(authority.client_context) as client:
                assert serial_seen_by(client) == old
        kept = [r for r in caplog.records if "kept the old certificate" in r.getMessage()]
        assert len(kept) == 1
        new_keyfile.replace(keyfile)
        with served.client(authority.client_context) as client:
            assert serial_seen_by(client) != old


def test_old_certificate_stays_when_the_files_are_gone(authority: Authority) -> None:
    certfile, keyfile = authority.issue("a")
    with site(CertificateFiles(certfile, keyfile).context) as served:
        certfile.unlink()
        with served.client(authority.client_context) as client:
            assert client.ask(get()).body == b"https"


# -- files that are no use -------------------------------------------------------------------


def test_missing_files_are_named(authority: Authority, tmp_path: Path) -> None:
    certfile, keyfile = authority.issue("a")
    with pytest.raises(FileNotFoundError, match=r"absent\.crt"):
        CertificateFiles(tmp_path / "absent.crt", keyfile)
    with pytest.raises(FileNotFoundError, match=r"absent\.key"):
        CertificateFiles(certfile, tmp_path / "absent.key")


def test_key_of_another_certificate_is_refused(authority: Authority) -> None:
    certfile, _ = authority.issue("a")
    _, keyfile = authority.issue("b")
    with pytest.raises(ValueError, match=r"b\.key is not that of the .* certificate in .*a\.crt"):
        CertificateFiles(certfile, keyfile)


def test_certificate_without_its_key_is_refused(authority: Authority) -> None:
    certfile, _ = authority.issue("a")
    with pytest.raises(ValueError, match="given as keyfile"):
        CertificateFiles(certfile)


def test_file_that_is_no_certificate_is_refused(authority: Authority, tmp_path: Path) -> None:
    _, keyfile = authority.issue("a")
    nonsense = tmp_path / "nonsense.crt"
    nonsense.write_text("nonsense")
    with pytest.raises(ValueError, match=r"nonsense\.crt .* are not a PEM certificate"):
        CertificateFiles(nonsense, keyfile)


def test_key_with_a_pass_phrase_is_refused_and_not_asked_for(
    authority: Authority, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization

    certfile, keyfile = authority.issue("a")
    key = serialization.load_pem_private_key(keyfile.read_bytes(), None)
    keyfile.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ValueError, match="pass phrase"):
        CertificateFiles(certfile, keyfile)
