"""What clients may send: each kind of value reads one, and describes itself as JSON Schema.

Routes declare their query and body with these. Both the check and OpenAPI go by the declaration.

A value that cannot be read at all is a 400; one that can and makes no sense is a 422 that names
its field; so is a field that nobody asked for, since a misspelt one would be ignored in silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from .errors import invalid

__all__ = [
    "LARGEST",
    "LONGEST_TEXT",
    "Choice",
    "Flag",
    "Group",
    "Integer",
    "Number",
    "Numbers",
    "Text",
    "Value",
    "Words",
    "finite_number",
    "refuse_unknown",
    "whole_number",
    "word_of",
]

_Word = TypeVar("_Word", bound=str)

LONGEST_TEXT: Final = 1000
"""Characters of a text, where its declaration says nothing else."""

LARGEST: Final = 2**62
"""The largest whole number, where its declaration says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One parameter of a query or form, or one member of a JSON object.

    :param default: what stands for it where it is missing.
    :param required: whether a JSON object must have it.
    """

    default: Any = None
    required: bool = False

    def from_texts(self, name: str, texts: Sequence[str]) -> Any:
        """Return the value of a parameter, given as often as there are *texts*.

        :raises HttpError: 422, it makes no sense.
        """
        if len(texts) > 1:
            raise invalid(name, f"{name} is given {len(texts)} times; once is the most.")
        return self.from_text(name, texts[0]) if texts else self.default

    def from_text(self, name: str, text: str) -> Any:
        """Return the value that *text* is.

        :raises HttpError: 422, it makes no sense.
        """
        raise NotImplementedError

    def from_json(self, name: str, value: Any) -> Any:
        """Return the value that a member of a JSON object is.

        :raises HttpError: 422, it makes no sense.
        """
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        shape = self._shape()
        return shape if self.default in (None, "") else {**shape, "default": self.default}

    def _shape(self) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Value):
    """A text of *shortest* to *longest* characters; the shortest holds in JSON."""

    default: str = ""
    shortest: int = 0
    longest: int = LONGEST_TEXT

    def from_text(self, name: str, text: Any) -> str:
        if not isinstance(text, str):
            raise invalid(name, f"{name} must be a string.")
        if len(text) > self.longest:
            raise invalid(name, f"{name} has {len(text)} characters; {self.longest} are the most.")
        try:
            text.encode()
        except UnicodeEncodeError:
            # "\ud800" in JSON: half a character, which no encoding can write again.
            raise invalid(name, f"{name} is not valid Unicode text.") from None
        return text

    def from_json(self, name: str, value: Any) -> str:
        text = self.from_text(name, value)
        if len(text.strip()) < self.shortest:
            raise invalid(name, f"{name} is empty.")
        return text

    def _shape(self) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": "string", "maxLength": self.longest}
        return {**shape, "minLength": self.shortest} if self.shortest else shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Value):
    """A whole number; an empty text is none given, as is null where the value is *nullable*."""

    least: int
    most: int = LARGEST
    nullable: bool = False

    def from_text(self, name: str, text: str) -> int | None:
        return self._checked(name, whole_number(text)) if text else self.default

    def from_json(self, name: str, value: Any) -> int | None:
        if value is None and self.nullable:
            return self.default  # type: ignore[no-any-return]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return self._checked(name, value)

    def _checked(self, name: str, value: Any) -> int:
        # True is no whole number, though Python thinks so.
        if type(value) is not int or not self.least <= value <= self.most:
            raise invalid(name, f"{name} must be a whole number from {self.least} to {self.most}.")
        return value

    def _shape(self) -> dict[str, Any]:
        kind = ["integer", "null"] if self.nullable else "integer"
        return {"type": kind, "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Value):
    """A finite number, from minus *most* to *most* if that is given."""

    most: float | None = None

    def from_text(self, name: str, text: str) -> float | None:
        return self.from_json(name, finite_number(text)) if text else self.default

    def from_json(self, name: str, value: Any) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or (self.most is not None and abs(value) > self.most):
            bounds = "" if self.most is None else f" from {-self.most:g} to {self.most:g}"
            raise invalid(name, f"{name} must be a number{bounds}.")
        return value  # type: ignore[no-any-return]

    def _shape(self) -> dict[str, Any]:
        bounds = {} if self.most is None else {"minimum": -self.most, "maximum": self.most}
        return {"type": "number", **bounds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Value):
    """``true`` or ``false``, in JSON."""

    def from_json(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise invalid(name, f"{name} must be true or false.")
        return value

    def _shape(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Value):
    """One of *choices*, which are words or whole numbers, in a query."""

    choices: Collection[str | int]

    def from_text(self, name: str, text: str) -> str | int:
        for choice in self.choices:
            if text == str(choice):
                return choice
        raise invalid(name, f"{name} must be one of {', '.join(map(str, self.choices))}.")

    def _shape(self) -> dict[str, Any]:
        kind = "integer" if isinstance(self.default, int) else "string"
        return {"type": kind, "enum": list(self.choices)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Value):
    """Up to *most* of *known* words: a repeated parameter, or a list.

    What takes them looks at which they are: it knows them in capitals, too.
    """

    known: Collection[str]
    most: int = 100

    def from_texts(self, name: str, texts: Sequence[str]) -> list[str]:
        if len(texts) > self.most:
            raise invalid(name, f"{name} is given {len(texts)} times; {self.most} are the most.")
        return [Text().from_text(name, text) for text in texts]

    def from_json(self, name: str, value: Any) -> list[str]:
        return [Text().from_text(name, item) for item in _list(name, value, self.most)]

    def _shape(self) -> dict[str, Any]:
        items = {"type": "string", "enum": list(self.known)}
        return {"type": "array", "items": items, "maxItems": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers(Value):
    """A list of one to *most* positive whole numbers, in JSON; repetitions are left out."""

    most: int

    def from_json(self, name: str, value: Any) -> list[int]:
        items = _list(name, value, self.most)
        if not items:
            raise invalid(name, f"{name} is empty: list one at least.")
        if any(type(item) is not int or not 0 < item <= LARGEST for item in items):
            raise invalid(name, f"{name} must be a list of positive whole numbers.")
        return list(dict.fromkeys(items))

    def _shape(self) -> dict[str, Any]:
        items = {"type": "integer", "minimum": 1}
        return {"type": "array", "items": items, "minItems": 1, "maxItems": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Value):
    """A JSON object of these *members* and no others.

    :param one_of: members of which exactly one must be there.
    :param needs: member to the one that it goes with.
    """

    members: Mapping[str, Value]
    one_of: Sequence[str] = ()
    needs: Mapping[str, str] = field(default_factory=dict)

    def from_json(self, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(name, f"{name} must be an object.")
        refuse_unknown(value, sorted(self.members), "field")
        if self.one_of and sum(member in value for member in self.one_of) != 1:
            raise invalid(self.one_of[0], f"Give either {' or '.join(self.one_of)}.")
        for member, other in self.needs.items():
            if member in value and other not in value:
                raise invalid(member, f"{member} goes with {other}.")
        return {member: self._member(member, value) for member in self.members}

    def _member(self, name: str, values: Mapping[str, Any]) -> Any:
        declared = self.members[name]
        if name in values:
            return declared.from_json(name, values[name])
        if declared.required:
            raise invalid(name, f"{name} is missing.")
        return declared.default

    def _shape(self) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "type": "object",
            "properties": {name: value.schema() for name, value in self.members.items()},
            "required": [name for name, value in self.members.items() if value.required],
            "additionalProperties": False,
        }
        if self.one_of:
            shape["oneOf"] = [{"required": [name]} for name in self.one_of]
        if self.needs:
            shape["dependentRequired"] = {name: [other] for name, other in self.needs.items()}
        return shape


def refuse_unknown(given: Collection[str], known: Collection[str], what: str) -> None:
    """Refuse a *what*, such as ``parameter``, that is not among those *known*.

    :raises HttpError: 422, which lists those that there are.
    """
    for name in given:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise invalid(name[:100], f"There is no such {what}; there are: {listed}.")


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


def word_of(name: str, text: str, known: Sequence[_Word]) -> _Word:
    """Return which of the *known* words *text* is, perhaps in capitals.

    :raises HttpError: 422, it is none.
    """
    for word in known:
        if text.casefold() == word:
            return word
    raise invalid(name, f"{text[:80]!r} is none of {', '.join(known)}.")


def _list(name: str, value: Any, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(name, f"{name} must be a list.")
    if len(value) > most:
        raise invalid(name, f"{name} has {len(value)} items; {most} are the most at once.")
    return value
