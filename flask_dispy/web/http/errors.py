"""Every failure becomes one HTTP answer here: ``{"error": {"code", "message", "field"?}}``.

Nothing else in the web layer builds an error answer. Expected failures are ``HttpError`` (raised
by the web layer) and ``FlaskDispyError`` (raised below it). Anything else is a fault: it is
logged whole under a reference, and the client gets the reference and nothing more.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from ...core.errors import FlaskDispyError
from .answers import json_answer

__all__ = [
    "STATUS_OF_CODE",
    "HttpError",
    "error_answer",
    "invalid",
    "not_now",
    "status_of",
]

_log = logging.getLogger("flask_dispy.web")

STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "bad_request": 422,
    "unknown_cluster": 404,
    "unknown_node": 404,
    "unknown_job": 404,
    "unknown_offer": 404,
    "unknown_run": 404,
    "ambiguous_node": 409,
    "engine_timeout": 504,
    "history": 503,
    "wrong_process": 503,
    # The codes of engine outcomes, for when no outcome of a request was good.
    "timeout": 504,
    "refused": 409,
    "unsupported": 409,
    "closed": 409,
}
"""HTTP status of each error code that comes from below the web layer; any other is 500."""

# Of Flask's and werkzeug's refusals. The codes of all others are their phrases: "not_found".
_CODE_OF_STATUS: Final[Mapping[int, str]] = {
    413: "too_large",
    422: "invalid_value",
    503: "unavailable",
}

_ERROR_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{message}</p>
"""


class HttpError(Exception):
    """A refusal that the web layer decides on.

    :param status: HTTP status.
    :param code: the stable word that scripts test for.
    :param message: for a person: the thing, the cause and the remedy.
    :param field: the name of the value at fault.
    :param headers: further headers of the answer, such as ``Retry-After``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


def invalid(field: str, message: str) -> HttpError:
    """Return the 422 error for a value that was understood and makes no sense."""
    return HttpError(422, "invalid_value", message, field=field)


def not_now(code: str, message: str, retry_sec: int, *, status: int = 503) -> HttpError:
    """Return the error for what may be asked for again after so many seconds."""
    return HttpError(status, code, message, headers={"Retry-After": str(retry_sec)})


def status_of(code: str) -> int:
    """Return the HTTP status of a code that comes from below the web layer."""
    return STATUS_OF_CODE.get(code, 500)


def error_answer(error: Exception, *, html: bool = False) -> Response:
    """Return the answer for *error*: JSON, or a small page where a person looks at it."""
    known = _as_http_error(error)
    if html:
        title = f"{known.status} {HTTPStatus(known.status).phrase}"
        # No template: the host app's context processors may be what failed.
        page = _ERROR_PAGE.format(title=escape(title), message=escape(known.message))
        answer = Response(page, known.status, mimetype="text/html")
    else:
        body = {"code": known.code, "message": known.message}
        if known.field is not None:
            body["field"] = known.field
        answer = json_answer({"error": body, **known.extra}, known.status)
    answer.headers.extend(known.headers)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _as_http_error(error: Exception) -> HttpError:
    if isinstance(error, HttpError):
        return error
    if isinstance(error, FlaskDispyError):
        return HttpError(status_of(error.code), error.code, error.message, field=error.field)
    if isinstance(error, HTTPException) and error.code is not None and error.code >= 400:
        return _from_werkzeug(error, error.code)
    reference = secrets.token_hex(4)
    _log.error("unexpected error, reference %s", reference, exc_info=error)
    return HttpError(
        500,
        "internal_error",
        f"Something went wrong on the server. Its log has the details under {reference}.",
    )


def _from_werkzeug(error: HTTPException, status: int) -> HttpError:
    """Translate a refusal by Flask, werkzeug or an extension such as Flask-WTF."""
    # Headers such as Allow and WWW-Authenticate are kept; those of werkzeug's HTML body are not.
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    code = _CODE_OF_STATUS.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_"))
    return HttpError(status, code, error.description or error.name, headers=headers)
