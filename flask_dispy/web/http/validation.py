"""Reading what clients send: JSON bodies, forms and query strings, each value checked.

A value that cannot be read at all is a 400; one that can and makes no sense is a 422 that names
its field; so is a field that nobody asked for, since a misspelt one would be ignored in silence.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from .errors import HttpError, invalid

__all__ = [
    "MAX_TEXT",
    "Fields",
    "Parameters",
    "finite_number",
    "read_empty_body",
    "read_form",
    "read_json",
    "read_parameters",
    "whole_number",
]

MAX_TEXT: Final = 1000
_MAX_FORM_FIELDS: Final = 10_000


class Fields:
    """The members of a JSON object, read one by one by type and range."""

    def __init__(self, values: Mapping[str, Any], allowed: Collection[str]) -> None:
        for name in values:
            if name not in allowed:
                known = ", ".join(sorted(allowed)) or "none"
                raise invalid(_shown(name), f"There is no such field; there are: {known}.")
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def given(self, name: str) -> bool:
        """Whether the member is there, and not null."""
        return self._values.get(name) is not None

    def integer(self, name: str, *, least: int, most: int) -> int:
        """Return a whole number; ``true`` is none, though Python thinks so, and 2.0 is."""
        value = self._required(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise invalid(name, f"{name} must be a whole number from {least} to {most}.")
        return value

    def number(self, name: str, *, least: float, most: float) -> float:
        """Return a finite number."""
        value = self._required(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise invalid(name, f"{name} must be a number from {least} to {most}.")
        if not least <= value <= most:
            raise invalid(name, f"{name} must be a number from {least} to {most}.")
        return value

    def boolean(self, name: str) -> bool:
        """Return ``true`` or ``false``."""
        value = self._required(name)
        if not isinstance(value, bool):
            raise invalid(name, f"{name} must be true or false.")
        return value

    def text(self, name: str, *, longest: int = MAX_TEXT) -> str:
        """Return a string of at most *longest* characters."""
        return _checked_text(name, self._required(name), longest)

    def texts(self, name: str, *, most: int) -> list[str]:
        """Return a list of at most *most* strings."""
        return [_checked_text(name, item, MAX_TEXT) for item in self._list(name, most)]

    def integers(self, name: str, *, most: int) -> list[int]:
        """Return a list of at most *most* positive whole numbers, without repetitions."""
        items = self._list(name, most)
        for item in items:
            if not isinstance(item, int) or isinstance(item, bool) or not 0 < item < 2**63:
                raise invalid(name, f"{name} must be a list of positive whole numbers.")
        return list(dict.fromkeys(items))

    def mapping(self, name: str, allowed: Collection[str]) -> Fields:
        """Return an object within this one."""
        value = self._required(name)
        if not isinstance(value, dict):
            raise invalid(name, f"{name} must be an object.")
        return Fields(value, allowed)

    def _list(self, name: str, most: int) -> list[Any]:
        value = self._required(name)
        if not isinstance(value, list):
            raise invalid(name, f"{name} must be a list.")
        if len(value) > most:
            raise invalid(name, f"{name} has {len(value)} items; {most} are the most at once.")
        return value

    def _required(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise invalid(name, f"{name} is missing.") from None


class Parameters:
    """The parameters of a query string, or the fields of a form, which are all text."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str = "", *, longest: int = MAX_TEXT) -> str:
        """Return the parameter, or *default* where it is missing."""
        return _checked_text(name, self._single(name, default), longest)

    def texts(self, name: str, *, most: int = 100) -> list[str]:
        """Return all values of a parameter that may be repeated."""
        values = self._values.getlist(name)
        if len(values) > most:
            raise invalid(name, f"{name} is given {len(values)} times; {most} are the most.")
        return [_checked_text(name, value, MAX_TEXT) for value in values]

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Return one of *choices*."""
        value = self._single(name, default)
        if value not in choices:
            raise invalid(name, f"{name} must be one of {', '.join(choices)}.")
        return str(value)

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number."""
        text = self._single(name, None)
        if text is None or text == "":
            return default
        value = whole_number(text)
        if value is None or not least <= value <= most:
            raise invalid(name, f"{name} must be a whole number from {least} to {most}.")
        return value

    def optional_integer(self, name: str, *, least: int, most: int) -> int | None:
        """Return a whole number, or ``None`` where the parameter is missing or empty."""
        if not self._single(name, ""):
            return None
        return self.integer(name, least, least=least, most=most)

    def optional_number(self, name: str) -> float | None:
        """Return a finite number, or ``None`` where the parameter is missing or empty."""
        text = self._single(name, "")
        if not text:
            return None
        value = finite_number(text)
        if value is None:
            raise invalid(name, f"{name} must be a number.")
        return value

    def _single(self, name: str, default: Any) -> Any:
        values = self._values.getlist(name)
        if len(values) > 1:
            shown = _shown(name)
            raise invalid(shown, f"{shown} is given {len(values)} times; once is the most.")
        return values[0] if values else default


# int() and float() also take "1_000", digits of other scripts and "infinity"; and 4,301 digits make
# int() raise.
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")


def whole_number(text: str) -> int | None:
    """Return the whole number that *text* is, blanks around it aside, or ``None``."""
    text = text.strip(" ")
    return int(text) if _WHOLE.fullmatch(text) else None


def finite_number(text: str) -> float | None:
    """Return the finite number that *text* is, blanks around it aside, or ``None``."""
    text = text.strip(" ")
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def read_parameters(*allowed: str) -> Parameters:
    """Return the query string of the request, which may hold the *allowed* names only."""
    for name in request.args:
        if name not in allowed:
            known = ", ".join(allowed) or "none"
            raise invalid(_shown(name), f"There is no such parameter; there are: {known}.")
    return Parameters(request.args)


def read_json(*allowed: str) -> Fields:
    """Return the JSON object in the request's body, which may hold the *allowed* names only."""
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
    return Fields(value, allowed)


def read_empty_body() -> None:
    """Refuse fields in the body of a command that takes none."""
    if _body():
        read_json()


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
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:
        raise HttpError(400, "bad_request", "The body is not a form.") from None
    return MultiDict(pairs)


def _body() -> bytes:
    """Return the request's body, of which forms are parsed afterwards.

    werkzeug ends a body that comes in chunks at the limit as if that were its end, so that a
    command would be carried out as far as its first part says: the last uid of a list is another
    job's, once it is cut. Such a body can't be told from one that is just as long as the limit.
    """
    body = request.get_data()
    limit = request.max_content_length
    if limit is not None and len(body) >= limit and len(body) != request.content_length:
        raise RequestEntityTooLarge
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _checked_text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise invalid(name, f"{name} must be a string.")
    if len(value) > longest:
        raise invalid(name, f"{name} has {len(value)} characters; {longest} are the most.")
    try:
        value.encode()
    except UnicodeEncodeError:
        # "\ud800" in JSON: half a character, which no encoding can write again.
        raise invalid(name, f"{name} is not valid Unicode text.") from None
    return value


def _shown(name: str) -> str:
    """Return a client's field name, short enough to send back."""
    return name[:100]
