"""Certificates from files, read again when the files change."""

from __future__ import annotations

import logging
import os
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

__all__ = ["CertificateFiles", "tls_contexts"]

_log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int] | None, ...]


class CertificateFiles:
    """A server's TLS settings, with the certificate as its files have it now.

    TLS 1.2 or newer, and what else ``ssl.create_default_context`` holds sane. Programs that renew
    certificates replace the files; the next connection gets the new ones. While the new files
    can't be used (one of the two is not there yet) the old certificate stays, and the log says so.

    :param certfile: the certificate in PEM, with its chain behind it; the key too, if that has no
        file of its own.
    :param keyfile: the key in PEM, without a pass phrase: nobody is there to type it.

    Safe to use from any thread.

    :raises OSError: a file can't be read.
    :raises ValueError: a file makes no sense.
    """

    def __init__(
        self, certfile: str | os.PathLike[str], keyfile: str | os.PathLike[str] | None = None
    ) -> None:
        self._files = [Path(path) for path in (certfile, keyfile) if path is not None]
        self._lock = threading.Lock()
        self._stamp = self._current_stamp()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """The context for the next connection."""
        # Two stat calls a connection, beside a handshake that costs a thousand times as much.
        with self._lock:
            stamp = self._current_stamp()
            if stamp != self._stamp:
                # Noted before loading, so that broken files are reported once and not each time.
                self._stamp = stamp
                try:
                    self._context = self._load()
                    _log.info("read the changed certificate in %s", self._files[0])
                except (OSError, ValueError) as error:
                    _log.error("kept the old certificate: %s", error)
            return self._context

    def _current_stamp(self) -> _Stamp:
        """What differs once a file is replaced, without reading any."""
        return tuple(_stamp(path) for path in self._files)

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        for path in self._files:
            # OpenSSL's error would not say which of the two files it could not open.
            path.open("rb").close()
        try:
            context.load_cert_chain(self._files[0], self._files[-1], password=_no_pass_phrase)
        except ssl.SSLError as error:
            raise ValueError(self._diagnosis(error)) from error
        return context

    def _diagnosis(self, error: ssl.SSLError) -> str:
        certfile, keyfile = self._files[0], self._files[-1]
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"the key in {keyfile} is not that of the (first) certificate in {certfile}"
        # OpenSSL has no word for a file in which something is missing.
        reason = f" ({error.reason})" if error.reason else ""
        if keyfile is certfile:
            return (
                f"{certfile} does not hold a PEM certificate and its key{reason}; "
                f"a key in a file of its own is given as keyfile"
            )
        return f"{certfile} and {keyfile} are not a PEM certificate and its key{reason}"


def tls_contexts(
    certfile: str | os.PathLike[str] | None,
    keyfile: str | os.PathLike[str] | None,
    ssl_context: ssl.SSLContext | None,
) -> Callable[[], ssl.SSLContext] | None:
    """Return what gives the TLS context for the next connection, ``None`` for plain HTTP.

    :raises OSError: a file can't be read.
    :raises ValueError: a file makes no sense, or what is given does not go together.
    :raises TypeError: *ssl_context* is none.
    """
    if ssl_context is not None:
        if certfile or keyfile:
            raise ValueError("give either ssl_context, or certfile and keyfile")
        if not isinstance(ssl_context, ssl.SSLContext):
            raise TypeError(f"ssl_context must be an ssl.SSLContext, not {ssl_context!r}")
        return lambda: ssl_context
    if certfile:
        return CertificateFiles(certfile, keyfile or None).context
    if keyfile:
        raise ValueError("keyfile needs certfile; a file that holds both is given as certfile")
    return None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _no_pass_phrase() -> str:
    # Without this OpenSSL would ask for it on the terminal and wait there.
    raise ValueError(
        "the TLS key is protected by a pass phrase; give a key without one, or an ssl_context "
        "that has loaded it"
    )
