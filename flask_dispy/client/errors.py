"""What can go wrong with a dashboard that is asked over the network, as one tree.

::

    FlaskDispyError
    └── ClientError             base; each has ``code``, ``message``, ``remedy`` and ``status``
        ├── Unreachable         no connection, no TLS, no answer in time, or not a dashboard
        ├── NotAllowed          403: the server does not let you do this
        │   └── NeedsLogin      401: log in first, or with another password or token
        ├── NotFound            404: no such cluster, node, job, offer or run
        ├── Refused             400 to 422: a value makes no sense, or dispy refused
        ├── Busy                429, 503: ask again later
        ├── ServerFailed        500, 501, 504: a fault, or dispy did not answer in time
        └── WaitTimeout         a wait ended before what it waited for
"""

from __future__ import annotations

import ssl
from typing import Any, Final

import httpx

from ..core.errors import FlaskDispyError
from ..wire.answers import OutcomeRow
from ..wire.shapes.clusters import Summary

__all__ = [
    "Busy",
    "ClientError",
    "NeedsLogin",
    "NotAllowed",
    "NotFound",
    "Refused",
    "ServerFailed",
    "Unreachable",
    "WaitTimeout",
    "error_of",
    "from_httpx",
]

_LOG_IN: Final = "Pass token=, or auth=(user, password)."
_MAY_HAVE_WORKED: Final = "The command may have taken effect: look before you send it again."


class ClientError(FlaskDispyError):
    """Base of all errors of a :class:`~flask_dispy.Client`.

    ``code`` is a stable word for scripts, mostly the server's own; docs/api.md lists them. The
    text of the error is the message, and what can be done about it.

    :param status: the answer's HTTP status; ``None`` if there was no answer.
    :param remedy: what can be done, as a sentence; empty if the message says it.
    :param outcomes: of a command for several clusters or jobs, each of which failed.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        remedy: str = "",
        status: int | None = None,
        field: str | None = None,
        outcomes: list[OutcomeRow] | None = None,
    ) -> None:
        super().__init__(message, field=field)
        self.code = code
        self.remedy = remedy
        self.status = status
        self.outcomes = outcomes or []

    def __str__(self) -> str:
        return " ".join(filter(None, (self.message, self.remedy, f"({self.code})")))


class Unreachable(ClientError, ConnectionError):
    """No dashboard answers there; ``code`` is one of those below.

    ``unreachable`` (no connection, or it broke), ``timeout``, ``tls`` (no trusted certificate),
    ``bad_gateway`` (a proxy answers, the dashboard behind it does not), ``not_a_dashboard``.
    """


class NotAllowed(ClientError, PermissionError):
    """The server does not let this client do that."""


class NeedsLogin(NotAllowed):
    """The server asks for a login, or does not know the one that was sent."""


class NotFound(ClientError, LookupError):
    """There is no such cluster, node, job, offer or run."""


class Refused(ClientError, ValueError):
    """A value makes no sense (``field`` names it), or dispy refused (``outcomes`` say why)."""


class Busy(ClientError):
    """The server has too much to do; ``retry_after_sec`` is when to ask again, if it said so."""

    retry_after_sec: float | None = None


class ServerFailed(ClientError):
    """A fault of the server's, or dispy did not answer in time."""


class WaitTimeout(ClientError, TimeoutError):
    """What was waited for did not come in time; ``summary`` is the last one that was seen."""

    summary: Summary | None = None


_KINDS: Final[dict[int, type[ClientError]]] = {401: NeedsLogin, 403: NotAllowed, 404: NotFound}


def error_of(answer: httpx.Response, body: Any) -> ClientError:
    """Return the error that an answer stands for.

    :param body: the answer's JSON; anything else if it is none.
    """
    status, told = answer.status_code, body.get("error") if isinstance(body, dict) else None
    if not isinstance(told, dict):
        return _of_a_stranger(answer)
    given = (str(told.get("code", "error")), str(told.get("message", "")))
    outcomes, field = body.get("outcomes"), told.get("field")
    if status in (429, 503):
        return _busy(answer, *given)
    kind = _KINDS.get(status, ServerFailed if status >= 500 else Refused)
    remedy = _LOG_IN if kind is NeedsLogin else ""
    return kind(*given, remedy=remedy, status=status, field=field, outcomes=outcomes)


def _of_a_stranger(answer: httpx.Response) -> ClientError:
    """Return the error for an answer that is not the dashboard's: a proxy's, or another site's."""
    status, url = answer.status_code, answer.url.copy_with(query=None)
    said = f"{url} answered {status} {answer.reason_phrase}".rstrip()
    if answer.has_redirect_location:
        where = answer.headers["Location"]
        return Unreachable(
            "not_a_dashboard",
            f"{said}, to {where}.",
            remedy="If the dashboard is there, give that URL; a login page needs token= or auth=.",
            status=status,
        )
    if status in (429, 503):
        return _busy(answer, "unavailable", f"{said}.")
    if status == 401:
        return NeedsLogin("unauthorized", f"{said}.", remedy=_LOG_IN, status=status)
    if status == 403:
        return NotAllowed("forbidden", f"{said}, but not as a dashboard does.", status=status)
    if status == 502:
        remedy = "A proxy answers, the dashboard behind it does not: look whether it runs."
        return Unreachable("bad_gateway", f"{said}.", remedy=remedy, status=status)
    if status >= 500:
        return ServerFailed("error", f"{said}.", status=status)
    return Unreachable(
        "not_a_dashboard",
        f"{said}, but not as a dashboard does.",
        remedy="Give the dashboard's root, such as http://host:8181 or https://host/dispy.",
        status=status,
    )


def _busy(answer: httpx.Response, code: str, message: str) -> Busy:
    error = Busy(code, message, status=answer.status_code)
    # A date is allowed, too, but the dashboard sends seconds.
    text = answer.headers.get("Retry-After", "")
    error.retry_after_sec = float(text) if text.isascii() and text.isdigit() else None
    return error


def from_httpx(
    error: httpx.TransportError, request: httpx.Request, timeout_sec: float
) -> Unreachable:
    """Return the error for a request that got no whole answer."""
    url = request.url.copy_with(path="/", query=None)
    remedy = "" if request.method == "GET" else _MAY_HAVE_WORKED
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            "timeout",
            f"{url} did not answer within {timeout_sec:g} s.",
            remedy=remedy or "Look whether its program runs, or pass a longer timeout_sec=.",
        )
    if (untrusted := _tls_error(error)) is not None:
        return Unreachable(
            "tls",
            f"No secure connection to {url}: {untrusted}.",
            remedy='For a certificate of your own, pass verify="ca.pem".',
        )
    why = f": {error}" if str(error) else ""
    if isinstance(error, httpx.ConnectError):
        remedy = "Look whether the dashboard runs, and whether host and port are right."
        return Unreachable("unreachable", f"Nobody answers at {url}{why}.", remedy=remedy)
    return Unreachable("unreachable", f"The connection to {url} broke{why}.", remedy=remedy)


def _tls_error(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or error.reason or str(error)
        error = error.__cause__ or error.__context__
    return None
