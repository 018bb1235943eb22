"""Reading a request: its query string, JSON body or form, as its route declares them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from .errors import HttpError
from .values import Group, Value, refuse_unknown

__all__ = ["MAX_BODY_BYTES", "read_body", "read_form", "read_query"]

MAX_BODY_BYTES: Final = 65_536
"""The largest body of a request, if not set otherwise."""

_MOST_FORM_FIELDS: Final = 10_000


def read_query(declared: Mapping[str, Value]) -> dict[str, Any]:
    """Return the values in the request's query string, which may hold the *declared* ones only.

    :raises HttpError: 422, one of them makes no sense.
    """
    refuse_unknown(request.args, list(declared), "parameter")
    return {n: value.from_texts(n, request.args.getlist(n)) for n, value in declared.items()}


def read_body(declared: Group | None) -> dict[str, Any]:
    """Return the members of the JSON object in the request's body.

    :param declared: ``None`` for a command that takes none: no body, or an empty object.
    :raises HttpError: 400 or 415, it cannot be read; 422, a member makes no sense.
    """
    if declared is None:
        return Group(members={}).from_json("body", _json()) if _body() else {}
    return declared.from_json("body", _json())


def _json() -> dict[str, Any]:
    """Return the JSON object in the request's body."""
    if request.mimetype != "application/json":
        raise HttpError(
            415, "unsupported_media_type", "Send the body as Content-Type: application/json."
        )
    try:
        value = json.loads(_body(), parse_constant=_refuse_constant)
    except RecursionError:
        raise HttpError(400, "bad_json", "The body is nested too deeply.") from None
    except ValueError:
        # Also UnicodeDecodeError, and an integer of more digits than Python converts.
        raise HttpError(400, "bad_json", "The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise HttpError(400, "bad_json", "The body must be a JSON object.")
    return value


def read_form() -> MultiDict[str, str]:
    """Return the form in the request's body: URL-encoded, multipart, or of no stated type.

    Flask leaves a body without a Content-Type unread; dispy.httpd took it as URL-encoded, and so
    does this.
    """
    body = _body()
    if request.mimetype:
        if request.files:
            raise HttpError(400, "bad_request", "Files are not taken here.")
        return request.form
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FORM_FIELDS)
    except ValueError:
        raise HttpError(400, "bad_request", "The body is not a form.") from None
    return MultiDict(pairs)


def _body() -> bytes:
    """Return the request's body, of which forms are parsed afterwards.

    werkzeug ends a body that comes in chunks at the limit as if that were its end, so that a
    command would be carried out as far as its first part says: the last uid of a list is another
    job's, once it is cut. Such a body looks like one that is just as long as the limit.
    """
    body = request.get_data()
    limit = request.max_content_length
    if limit is not None and len(body) >= limit and len(body) != request.content_length:
        raise RequestEntityTooLarge
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
