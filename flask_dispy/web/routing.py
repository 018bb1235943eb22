"""What a route is: its URL, what it takes to be let in, what it takes, and who answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any, Final

from flask.typing import ResponseReturnValue

from .access.permissions import Access, Kind
from .context import Web
from .http.validation import read_body, read_query
from .http.values import Group, Value

__all__ = ["Route"]

_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One rule and method of the blueprint, declared once: the check and OpenAPI go by it.

    :param endpoint: name within the blueprint, unique.
    :param request: the method, ``*`` for any, and the rule, which begins with a slash and is
        relative to the blueprint's root.
    :param answer: called with the blueprint's ``Web``, and by name with the rule's variables and
        the values of the query and body. One whose name is a Python keyword gets a ``_`` behind.
    :param summary: one sentence for OpenAPI. A route without is not of the JSON API: OpenAPI
        leaves it out, and its answer reads the request itself.
    :param answers: the shape of a good answer, a ``TypedDict``, or the name of its schema; its
        media type where it is not JSON.
    :param files: the media types of the same answer as a file, where there are any.
    :param permission: what the asking client must be allowed to do.
    :param query: the parameters that it takes.
    :param body: the JSON object that it takes; ``None`` for no body.
    :param costly: whether the answer may take milliseconds, and has to wait for its turn; see
        :class:`~flask_dispy.web.http.turns.Turns`. Others ask for one themselves, where they
        need it.
    :param errors: the statuses that a client must expect, besides those of every such route.
    """

    endpoint: str
    request: str
    answer: Callable[..., ResponseReturnValue]
    summary: str = ""
    answers: str | type = ""
    files: tuple[str, ...] = ()
    permission: Access = "view"
    kind: Kind = "data"
    query: Mapping[str, Value] = field(default_factory=dict)
    body: Group | None = None
    costly: bool = False
    errors: tuple[int, ...] = ()

    @property
    def method(self) -> str:
        """The method."""
        return self.request.partition(" ")[0]

    @property
    def rule(self) -> str:
        """The rule."""
        return self.request.partition(" ")[2]

    @property
    def variables(self) -> list[str]:
        """The names of the rule's variables."""
        return _VARIABLE.findall(self.rule)

    @property
    def path(self) -> str:
        """The path as a template of OpenAPI, such as ``/nodes/{host}``."""
        return _VARIABLE.sub(r"{\1}", self.rule)

    def respond(self, web: Web, variables: Mapping[str, Any]) -> ResponseReturnValue:
        """Answer the current request, in whose URL the variables have these values."""
        # The others are of the host app's prefix or subdomain, and for its authorize hook.
        given = {name: variables[name] for name in self.variables} | self._read()
        if not self.costly:
            return self.answer(web, **given)
        with web.turn():
            return self.answer(web, **given)

    def _read(self) -> dict[str, Any]:
        """Return the values of the current request's query and body."""
        if not self.summary:
            return {}
        values = read_query(self.query)
        if self.method != "GET":
            values |= read_body(self.body)
        return {f"{name}_" if iskeyword(name) else name: value for name, value in values.items()}
