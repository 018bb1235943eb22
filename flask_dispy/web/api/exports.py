"""Lists as files to keep: CSV and JSON lines, streamed and whole, however long they are."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from itertools import chain
from typing import Any, Final

from flask import Response, request

from ...core.addresses import network_of
from ...wire.exports import Path, csv_head, csv_lines, json_lines
from ..context import Web
from ..http.answers import accepts_gzip
from ..http.errors import HttpError
from .schemas import SCHEMAS

__all__ = [
    "FORMATS",
    "JSON",
    "MEDIA_TYPES",
    "export",
    "file_answer",
    "in_chunks",
    "schema_paths",
    "streamed",
]

Row = Mapping[str, Any]

JSON: Final = "json"
"""The format that is no file: a page of the list."""

_FILES: Final = {"csv": "text/csv", "jsonl": "application/jsonl"}

FORMATS: Final = (JSON, *_FILES)
"""The formats that a list can be had in, the usual one first."""

MEDIA_TYPES: Final = tuple(_FILES.values())
"""The media types of the files."""

# Rows that take about two milliseconds: the board's lock and the turn are held for as long.
_CHUNK: Final = 250

# How long a piece may wait for its turn, one refusal after another, before the export is given up.
_PATIENCE_SEC: Final = 120.0

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_NAME_LIMIT: Final = 60


def export(
    web: Web,
    what: str,
    cluster: str,
    kind: str,
    *,
    paths: Sequence[Path],
    chunks: Iterable[Sequence[Row]],
) -> Response:
    """Answer with all rows of a list, as a file.

    The first rows are made at once, in the request's own turn; each later chunk in a turn of its
    own, while the client takes what it got before.

    :param what: what the rows are of, in a word of the file's name.
    :param cluster: the name of the rows' cluster.
    :param kind: of ``FORMATS``, one that is a file.
    :param paths: of the columns.
    :param chunks: the rows, some at a time; made without a lock that is held from one to the next.
    :raises HttpError: 503, as many exports as are allowed are under way.
    """
    is_csv = kind == "csv"
    answer = file_answer(what, cluster, kind, f"{_FILES[kind]}; charset=utf-8")
    texts = (csv_lines(paths, rows) if is_csv else json_lines(rows) for rows in chunks)
    return streamed(web, answer, _headed(csv_head(paths) if is_csv else "", texts))


def _headed(head: str, texts: Iterator[str]) -> Iterator[str]:
    yield head + next(texts, "")
    yield from texts


def file_answer(what: str, cluster: str, suffix: str, content_type: str) -> Response:
    """Return an answer that browsers save as a file, still without its content."""
    answer = Response(content_type=content_type)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers.set("Content-Disposition", "attachment", filename=_name(what, cluster, suffix))
    return answer


def streamed(web: Web, answer: Response, texts: Iterator[str]) -> Response:
    """Let an answer send texts that are made meanwhile.

    The first is made at once, in the request's own turn; each later one in a turn of its own.

    :raises HttpError: 503, as many exports as are allowed are under way.
    """
    answer.vary.add("Accept-Encoding")
    if request.method == "HEAD":
        return answer
    first = next(texts, "")
    web.exports.take_for(answer)
    pieces = chain([first], _in_turns(web, network_of(request.remote_addr), texts))
    encoded = (text.encode(errors="replace") for text in pieces)
    if accepts_gzip():
        answer.content_encoding = "gzip"
        answer.response = _packed(encoded)
    else:
        answer.response = encoded
    return answer


def in_chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Return rows that are there already in pieces that are written at once."""
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def schema_paths(schema: dict[str, Any]) -> list[Path]:
    """Return where an object of that JSON Schema holds its values, those within objects too."""
    found: list[Path] = []
    for name, inner in schema["properties"].items():
        named = SCHEMAS[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        within = schema_paths(named) if "properties" in named else [()]
        found += [(name, *path) for path in within]
    return found


def _in_turns(web: Web, client: str, texts: Iterator[str]) -> Iterator[str]:
    """Yield the texts, each made in a turn of its own."""
    while (text := _in_turn(web, client, texts)) is not None:
        yield text


def _in_turn(web: Web, client: str, texts: Iterator[str]) -> str | None:
    """Return the next text, ``None`` at the end.

    Where others crowd it out it waits. If it has to give up, it raises, so that the client sees
    that the file is not whole.
    """
    give_up_at = time.monotonic() + _PATIENCE_SEC
    with ExitStack() as turn:
        while not web.audience.closing.is_set():  # a server that ends cuts off what takes too long
            try:
                turn.enter_context(web.turns.turn(client))
                break
            except HttpError:
                if time.monotonic() >= give_up_at:
                    raise
        return next(texts, None)


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return the pieces as one gzip stream, of which the first goes out at once."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    flush = zlib.Z_SYNC_FLUSH
    for piece in pieces:
        yield packer.compress(piece) + (packer.flush(flush) if flush else b"")
        flush = zlib.Z_NO_FLUSH
    yield packer.flush()


def _name(what: str, cluster: str, kind: str) -> str:
    """Return the file's name, which every system takes: its cluster and the time are in it."""
    of = _UNSAFE.sub("-", cluster).strip("-.")[:_NAME_LIMIT] or "cluster"
    at = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return f"dispy-{what}-{of}-{at}.{kind}"
