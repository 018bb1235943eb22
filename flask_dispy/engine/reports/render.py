"""Texts of values that only their own ``__str__`` can make.

It is called as :mod:`~flask_dispy.engine.reports.usercode` calls all users' code; if it takes too
long, its class is not called again.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from ...core.failures import kept_error
from ...core.terminal import as_displayed
from ...core.text import Cut, bounded, plain_text, type_name
from ...core.textbudget import most_kept
from .usercode import Interrupted, Reason, UserCode

__all__ = ["Redact", "Renderer", "TextRequest", "redacted"]

Redact = Callable[[str, str], str]
Deliver = Callable[[int, str, str], None]

_OUTPUTS: Final = frozenset(("stdout", "stderr", "exception"))


class TextRequest(NamedTuple):
    """A request for the text of a job's field.

    For ``args`` and ``kwargs``, *value* is the tuple or dict of arguments.
    """

    serial: int
    field: str
    value: object


class Renderer(UserCode[TextRequest, str]):
    """Renders texts on a thread that starts with the first request.

    :param deliver: called with (serial, field, text) on the rendering thread.
    :param limit: the most characters of a text.
    :param redact: called with (text, field) before a text is delivered; its result is delivered.
    :param time_limit_sec: how long one value may take.
    :param queue_limit: how many values may wait; the class of one more is named at once.

    If a text can't be made in time, the name of the value's class is delivered. Thread-safe.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        limit: int,
        redact: Redact | None = None,
        time_limit_sec: float = 2.0,
        queue_limit: int = 10_000,
    ) -> None:
        super().__init__("flask_dispy-render", limit=queue_limit, time_limit_sec=time_limit_sec)
        self._deliver = deliver
        self._limit = limit
        self._redact = redact
        self._banned: dict[int, type] = {}  # by id: a metaclass may forbid to hash its classes
        self._asked: type | None = None

    def _give_up(self, request: TextRequest, reason: Reason) -> None:
        why = {
            "crowded": ", not shown: too many values waited",
            "late": f": no text within {self._time_limit_sec:g} s",
            "stuck": ", not shown: earlier values have not come back",
        }[reason]
        self._deliver(request.serial, request.field, f"<{type_name(request.value)}{why}>")

    def _blame(self) -> None:
        if self._asked is not None:
            self._banned[id(self._asked)] = self._asked

    def _take(self, request: TextRequest, answer: str) -> None:
        self._deliver(request.serial, request.field, answer)

    def _answer(self, request: TextRequest) -> str:
        self._asked = None
        try:
            return self._render(request)
        except Exception as error:
            # One value must not end the thread for which all others wait.
            self._faults.append((f"The {request.field} of a job could not be rendered.", error))
            return f"<{type_name(request.value)}, not shown>"

    def _render(self, request: TextRequest) -> str:
        value, limit = request.value, most_kept(request.field, self._limit)
        if request.field == "args" and type(value) is tuple:
            text = self._joined([self._one(item, limit) for item in value[:limit]], limit)
        elif request.field == "kwargs" and type(value) is dict:
            named = islice(value.items(), limit)
            pairs = [f"{bounded(k, limit)}={self._one(v, limit)}" for k, v in named]
            text = self._joined(pairs, limit)
        elif request.field in _OUTPUTS and type(value) is str:
            keep = kept_error if request.field == "exception" else as_displayed
            text = keep(value, limit)
        else:
            text = self._one(value, limit)
        if self._redact is None or request.field == "id":
            return text
        self._asked = None
        return redacted(self._redact, text, request.field, limit)

    def _joined(self, texts: list[str], limit: int) -> str:
        joined = bounded(", ".join(texts), limit)
        return Cut(joined) if any(isinstance(text, Cut) for text in texts) else joined

    def _one(self, value: object, limit: int) -> str:
        text = plain_text(value, limit)
        if text is not None:
            return text
        name = type_name(value)
        if id(type(value)) in self._banned:
            return f"<{name}, not called again: it took too long>"
        self._asked = type(value)
        try:
            # str() may return an instance of a subclass, whose methods are user code, too.
            return bounded(str.__str__(str(value)), limit)
        except Interrupted:
            raise
        except BaseException as error:
            return f"<{name}: __str__ raised {type_name(error)}>"


def redacted(redact: Redact, text: str, kind: str, limit: int) -> str:
    """Return what a user's *redact* makes of a text; of one that fails, nothing may be shown."""
    try:
        found: object = redact(text, kind)
        if not isinstance(found, str):
            return f"<not shown: redact() returned {type_name(found)}>"
        shorter = bounded(str.__str__(found), limit)
    except Interrupted:
        raise
    except BaseException as error:
        return f"<not shown: redact() raised {type_name(error)}>"
    return Cut(shorter) if isinstance(text, Cut) else shorter
