"""The answers with files: the package's own, and those of the user's DocumentRoot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from flask import Response, request

from ..context import Web
from ..files.document_root import CONTENT_TYPES, script_hashes
from ..http.answers import accepts_gzip
from ..http.errors import HttpError

__all__ = ["asset", "document"]

_ONE_YEAR: Final = "public, max-age=31536000, immutable"

_TEMPLATE_NAMES: Final = ("monitor.html", "node.html")
_PLACEHOLDER: Final = re.compile(r"%(?:%|\((TIMEOUT|SHOW_JOB_ARGS)\)s)")


def asset(web: Web, version: str, name: str) -> Response:
    """Answer with a static file; for ever cacheable under its own version."""
    found = web.assets.find(name)
    if found is None:
        raise HttpError(404, "not_found", "There is no such file.")
    answer = Response(found.content, content_type=found.content_type)
    if found.packed is not None:
        answer.vary.add("Accept-Encoding")
        if accepts_gzip():
            answer.set_data(found.packed)
            answer.content_encoding = "gzip"
    # A page of an older release may still ask for its own version: it gets what there is now,
    # and asks again next time.
    answer.headers["Cache-Control"] = _ONE_YEAR if version == web.assets.version else "no-cache"
    # Weak, since the compressed and the plain form share it.
    answer.set_etag(found.etag, weak=True)
    answer.make_conditional(request.environ)
    return answer


def document(web: Web, filename: str) -> Response:
    """Answer with a file of DocumentRoot."""
    content = None if web.document_root is None else web.document_root.read(filename)
    if content is None:
        raise HttpError(404, "not_found", "There is no such page.")
    suffix = Path(filename).suffix.lower()
    if filename.endswith(_TEMPLATE_NAMES):
        content = _fill(content, web.registry.poll_sec, web.registry.show_job_args)
    answer = Response(content, content_type=CONTENT_TYPES.get(suffix, "application/octet-stream"))
    if suffix in (".html", ".htm", ".svg"):
        hashes = script_hashes(content.decode("utf-8", "replace"))
        answer.headers["Content-Security-Policy"] = web.policy.for_document(hashes)
    answer.add_etag()
    answer.make_conditional(request.environ)
    return answer


def _fill(content: bytes, poll_sec: float, show_job_args: bool) -> bytes:
    """Fill in a ``%``-template; a ``%`` that means nothing stays as it is."""
    values = {"TIMEOUT": f"{poll_sec:g}", "SHOW_JOB_ARGS": "true" if show_job_args else "false"}
    text = content.decode("utf-8", "surrogateescape")
    filled = _PLACEHOLDER.sub(lambda match: values[match[1]] if match[1] else "%", text)
    return filled.encode("utf-8", "surrogateescape")
