"""What a route is: its URL, what it takes to be let in, and who answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask.typing import ResponseReturnValue

from .access.permissions import Access, Kind
from .context import Web

__all__ = ["Route"]

_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """One rule and method of the blueprint.

    :param endpoint: name within the blueprint, unique.
    :param rule: below the blueprint's root, with its leading slash.
    :param permission: what the asking client must be allowed to do.
    :param answer: called with the blueprint's ``Web`` and the rule's variables.
    :param costly: whether the answer may take milliseconds, and has to wait for its turn; see
        :class:`~flask_dispy.web.http.turns.Turns`. Others ask for one themselves, where they
        need it.
    """

    endpoint: str
    rule: str
    method: str
    permission: Access
    kind: Kind
    answer: Callable[..., ResponseReturnValue]
    costly: bool = False

    def bind(self, web: Web) -> Callable[..., ResponseReturnValue]:
        """Return the view function for one blueprint."""
        answer = self.answer
        own = frozenset(_VARIABLE.findall(self.rule))

        def view(**variables: Any) -> ResponseReturnValue:
            # The others are of the host app's prefix or subdomain, and for its authorize hook.
            given = {name: variables[name] for name in own}
            if not self.costly:
                return answer(web, **given)
            with web.turn():
                return answer(web, **given)

        return view
