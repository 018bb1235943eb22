"""The kind of failure that an error's text shows: of Python's own texts, and of others."""

from __future__ import annotations

import datetime
import json
import socket
import struct
import subprocess
import sys
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_dispy.core.failures import PROCESS_DIED, Failure, failure_of, kept_error, kind_id
from flask_dispy.core.text import Cut
from flask_dispy.programs.jobdeaths import how_it_ended


def text_of(act: Callable[[], Any]) -> str:
    """Return the traceback of what *act* raises, as a node sends it."""
    try:
        act()
    except BaseException:
        return traceback.format_exc()
    raise AssertionError("it raised nothing")


def raiser(error: BaseException) -> Callable[[], Any]:
    def act() -> None:
        raise error

    return act


def kind_of(line: str) -> tuple[str, str]:
    """Return the type and pattern of a traceback that ends with *line*."""
    head = 'Traceback (most recent call last):\n  File "job.py", line 3, in compute\n    go()\n'
    return tuple(failure_of(f"{head}{line}\n"))  # type: ignore[return-value]


def chained() -> None:
    try:
        {}["a"]  # type: ignore[index]
    except KeyError as error:
        raise RuntimeError("no entry 12") from error


class OwnError(Exception):
    pass


def test_values_of_the_standard_librarys_messages_are_taken_out(tmp_path: Path) -> None:
    missing = tmp_path / "x.csv"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    texts: dict[Callable[[], Any], tuple[str, str]] = {
        lambda: {}["alpha"]: ("KeyError", "'…'"),  # type: ignore[index]
        lambda: {}[42]: ("KeyError", "#"),  # type: ignore[index]
        lambda: {}["a", 1]: ("KeyError", "('…', #)"),  # type: ignore[index]
        lambda: int("abc"): ("ValueError", "invalid literal for int() with base #: '…'"),
        missing.read_text: ("FileNotFoundError", "[Errno #] No such file or directory: '…'"),
        lambda: json.loads('{"a":'): (
            "json.decoder.JSONDecodeError",
            "Expecting value: line # column # (char #)",
        ),
        b"\xff".decode: (
            "UnicodeDecodeError",
            "'…' codec can't decode byte # in position #: invalid start byte",
        ),
        lambda: [1].pop(3): ("IndexError", "pop index out of range"),
        lambda: subprocess.run([sys.executable, "-c", "exit(3)"], check=True): (
            "subprocess.CalledProcessError",
            "Command '…' returned non-zero exit status #.",
        ),
        lambda: struct.unpack("<I", b"1"): ("struct.error", "unpack requires a buffer of #"),
        lambda: datetime.datetime.strptime("2026", "%H"): (
            "ValueError",
            "unconverted data remains: #",
        ),
        lambda: uuid.UUID("x"): ("ValueError", "badly formed hexadecimal UUID string"),
        lambda: socket.create_connection(("127.0.0.1", port)): (
            "ConnectionRefusedError",
            "[Errno #] Connection refused",
        ),
        raiser(MemoryError()): ("MemoryError", ""),
        raiser(OwnError("row 17")): (f"{__name__}.OwnError", "row #"),
        chained: ("RuntimeError", "no entry #"),
    }
    found = {act: tuple(failure_of(text_of(act))) for act in texts}
    assert found == texts


def test_syntax_error_is_distinguished_from_the_code_that_it_shows() -> None:
    assert failure_of(text_of(lambda: exec("x ==")))[:1] == ("SyntaxError",)
    assert failure_of(text_of(lambda: exec("f(\n  1"))).type == "SyntaxError"


def test_message_of_several_lines_counts_by_its_first() -> None:
    assert failure_of(text_of(raiser(ValueError("3 rows are bad\nrow 1: x\nrow 2: y")))) == (
        "ValueError",
        "# rows are bad",
    )
    assert failure_of(text_of(raiser(ValueError("\n  row 5 is bad")))) == (
        "ValueError",
        "row # is bad",
    )


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
def test_exception_group_names_what_is_in_it() -> None:
    group = __builtins__["ExceptionGroup"]  # type: ignore[index]
    errors = [ValueError(1), KeyError("a"), ValueError(2)]
    found = failure_of(text_of(raiser(group("2 of 3 parts", errors))))
    assert found == ("ExceptionGroup", "# of # parts (# sub-exception): KeyError, ValueError")
    alone = failure_of(text_of(raiser(group("2 of 3 parts", errors[:1]))))
    assert alone == ("ExceptionGroup", "# of # parts (# sub-exception): ValueError")
    nested = failure_of(text_of(raiser(group("all", [group("some", errors), OSError("x")]))))
    assert nested.type == "ExceptionGroup"
    assert nested.message.startswith("all (# sub-exception): ")


def test_values_of_other_packages_messages_are_taken_out() -> None:
    numpy = "operands could not be broadcast together with shapes (3,) (4,5) "
    assert kind_of(f"ValueError: {numpy}") == (
        "ValueError",
        "operands could not be broadcast together with shapes (#) (#)",
    )
    memory = "Unable to allocate 7.45 GiB for an array with shape (1000, 2) and data type float64"
    assert kind_of(f"numpy.core._exceptions._ArrayMemoryError: {memory}") == (
        "numpy.core._exceptions._ArrayMemoryError",
        "Unable to allocate # for an array with shape (#) and data type float#",
    )
    assert kind_of("numpy.linalg.LinAlgError: Singular matrix")[1] == "Singular matrix"
    pool = (
        "HTTPConnectionPool(host='10.0.0.7', port=80): Max retries exceeded with url: /a?b=1 "
        "(Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f1b>: "
        "Failed to establish a new connection: [Errno 111] Connection refused'))"
    )
    assert kind_of(f"requests.exceptions.ConnectionError: {pool}")[1] == (
        "HTTPConnectionPool(host='…', port=#): Max retries exceeded with url: <path> "
        "(Caused by NewConnectionError('…'))"
    )
    url = "404 Client Error: Not Found for url: http://10.0.0.1:80/x/y"
    assert kind_of(f"requests.exceptions.HTTPError: {url}")[1] == (
        "# Client Error: Not Found for url: <url>"
    )


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("job 550e8400-e29b-41d4-a716-446655440000 is gone", "job # is gone"),
        ("at 0x7f1b2c, commit deadbeef01, -5, 1e-5, 1_000.5", "at #, commit #"),
        ("node12 and a1b2c3 since 2026-11-27T10:11:12.5Z, 12:30:01", "node# and # since #"),
        ("['a', 'b', 'c'] and {'a': 1, 'b': 2} and [1, 2]", "['…'] and {'…': #} and [#]"),
        ("no /data/run or ./here, C:\\x\\y", "no <path> or <path>, <path>"),
        ("no data/run1/x.csv", "no <path>"),
        ("users can't read and/or write", "users can't read and/or write"),
        ("bad “word” or `code` or «mot»", "bad '…' or '…' or '…'"),
        ("it isn't b'raw' nor u'text'", "it isn't '…' nor '…'"),
        ("the quoted 'text has no end", "the quoted '…'"),
    ],
)  # fmt: skip
def test_forms_of_values(message: str, pattern: str) -> None:
    assert kind_of(f"ValueError: {message}")[1] == pattern


@pytest.mark.parametrize(
    ("exitcode", "message"),
    [(-9, "was killed by signal 9"), (3, "ended with exit code 3"),
     (-15, "was killed by signal 15 (SIGTERM)"), (None, "ended; how is not known")],
)  # fmt: skip
def test_how_a_process_died_is_a_kind_of_its_own(exitcode: int | None, message: str) -> None:
    text = f"The job returned nothing: its process {how_it_ended(exitcode)}"
    assert failure_of(text) == Failure(PROCESS_DIED, message)


def test_cause_of_the_process_end_is_named() -> None:
    last_words = text_of(raiser(KeyboardInterrupt("gone")))
    text = f"The job returned nothing: its process ended with exit code 1, after:\n{last_words}"
    assert failure_of(text) == (PROCESS_DIED, "ended with exit code 1, after KeyboardInterrupt")


def test_text_that_is_no_traceback_counts_as_it_is() -> None:
    assert failure_of("") == ("", "")
    assert failure_of("[left out 3]\n") == ("", "[left out #]")
    assert failure_of("OwnError: row 3\n") == ("OwnError", "row #")
    assert failure_of("no worker could be started, 3 tries") == (
        "", "no worker could be started, # tries",
    )  # fmt: skip


def test_pattern_is_bounded() -> None:
    long = failure_of(text_of(raiser(ValueError("word " * 10_000))))
    assert len(long.message) == 240
    assert long.message.endswith("…")


def test_kind_has_the_same_name_in_every_run() -> None:
    failure = Failure("ValueError", "bad #")
    assert kind_id("compute", failure) == "58b4f3b2a4"
    others = [kind_id("other", failure), kind_id("compute", Failure("ValueError", "bad"))]
    assert len({kind_id("compute", failure), *others}) == 3


def test_kind_can_be_seen_of_a_text_that_was_cut() -> None:
    for message in ("short", "long " * 2_000, "lines\n" * 2_000):
        text = text_of(raiser(ValueError(message)))
        kept = kept_error("before\n" * 500 + text, 300)
        assert isinstance(kept, Cut)
        assert len(kept) <= 300
        assert failure_of(kept).type == "ValueError"
    assert kept_error(text, 300).startswith("ValueError: lines\nlines")


def test_how_a_process_died_is_kept_above_long_last_words() -> None:
    last_words = text_of(raiser(KeyboardInterrupt("word " * 2_000)))
    died = "The job returned nothing: its process ended with exit code 1"
    kept = kept_error(f"{died}, after:\n{last_words}", 300)
    assert (len(kept), kept.startswith(f"{died}\n…"), isinstance(kept, Cut)) == (300, True, True)
    assert failure_of(kept).type == PROCESS_DIED


def test_short_text_is_kept_as_it_is() -> None:
    text = text_of(chained)
    assert kept_error(text, 10_000) == text
    assert not isinstance(kept_error(text, 10_000), Cut)
