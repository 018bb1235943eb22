"""The pages of the site that are made of the program, as an extension of Sphinx.

Their files in this folder only say where to find the like without the site.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
from sphinx.application import Sphinx

from flask_dispy.cli.commands import cli
from flask_dispy.cli.programs import PROGRAMS
from flask_dispy.web.api.openapi import build
from flask_dispy.web.routes import ROUTES

_ROOT: Final = Path(__file__).parents[1]


def _commands() -> Iterator[str]:
    """Yield what each command says of itself."""
    with _context(cli, "flask-dispy") as parent:
        yield "# Commands"
        yield "[The command line](../command-line.md) explains them."
        yield f"```text\n{cli.get_help(parent)}\n```"
        for name, command in sorted(cli.commands.items()):
            yield f"## {name}"
            if name in PROGRAMS:
                yield f"{command.help}. `flask-dispy {name} --help` lists its options."
            else:
                with _context(command, name, parent) as context:
                    yield f"```text\n{command.get_help(context)}\n```"


def _context(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    settings = {**command.context_settings, "terminal_width": 88}
    return click.Context(command, parent, name, **settings)


def _routes() -> Iterator[str]:
    """Yield the description of each route, and of each shape in answers."""
    description = build(ROUTES)
    errors: dict[str, str] = {}
    yield "# Routes and shapes"
    yield (
        "[The HTTP API](../api.md) explains these routes. A running dashboard serves this "
        "description at `api/v1/openapi.json`."
    )
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            answers = dict(route["responses"])
            good = answers.pop("200")["content"]
            errors.update({status: one["description"] for status, one in answers.items()})
            yield f"## {method.upper()} `{path}`"
            yield f"{route['summary']} Permission: `{route['x-permission']}`."
            yield _table(("parameter", "in", "type", ""), list(_parameters(route)))
            yield f"Answer: {_content(good)}. Errors: {', '.join(answers)}."
    yield "## Statuses of errors"
    yield _table(("status", ""), sorted(errors.items()))
    for name, schema in description["components"]["schemas"].items():
        yield f"## {name}"
        fields = list(_fields(schema))
        yield _table(("field", "type", ""), fields) if fields else _type(schema)


def _parameters(route: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    body = route.get("requestBody", {"content": {}})["content"].get("application/json", {})
    for one in route["parameters"]:
        yield f"`{one['name']}`", one["in"], _type(one["schema"]), _limits(one["schema"])
    for name, kind, limits in _fields(body.get("schema", {})):
        yield name, "body", kind, limits


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows) if rows else ()
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fields(schema: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in schema.get("properties", {}).items():
        yield f"`{within}{name}`", _type(field), _limits(field)
        yield from _fields(field, f"{within}{name}.")
        yield from _fields(field.get("items", {}), f"{within}{name}[].")


def _type(schema: Mapping[str, Any]) -> str:
    """Return the type that a schema describes, with links to the shapes that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_type(one) for one in schema[word])
    if "const" in schema:
        return f"`{schema['const']}`"
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in kinds and "items" in schema:
        kinds[kinds.index("array")] = f"array of {_type(schema['items'])}"
    return " or ".join(kinds)


def _limits(schema: Mapping[str, Any]) -> str:
    said = [schema["description"]] if "description" in schema else []
    for holder in (schema, schema.get("items", {})):
        if "enum" in holder:
            said.append("one of " + ", ".join(f"`{one}`" for one in holder["enum"]))
    words = {"minimum": "at least", "maximum": "at most", "maxLength": "characters, at most",
             "maxItems": "items, at most", "default": "default"}  # fmt: skip
    said += [f"{text} `{schema[word]}`" for word, text in words.items() if word in schema]
    return "; ".join(said).replace("|", "\\|")


def _content(content: Mapping[str, Any]) -> str:
    return ", ".join(
        _type(one["schema"]) if "schema" in one else f"`{kind}`" for kind, one in content.items()
    )


def _beside(name: str) -> Iterator[str]:
    """Yield a document that lies beside this folder; its links to what is no page become text."""
    text = re.sub(r"\]\(docs/", "](", (_ROOT / name).read_text())
    for page in ("CHANGES.md", "CONTRIBUTING.md"):
        text = text.replace(f"]({page}", f"]({page.lower()}")
    yield re.sub(r"\[([^]]+)\]\((?![a-z_-]+\.md|#|https?:)[^)]*\)", r"\1", text)


_PAGES: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "reference/commands": _commands,
    "reference/http": _routes,
    "changes": partial(_beside, "CHANGES.md"),
    "contributing": partial(_beside, "CONTRIBUTING.md"),
}


def _read(_app: Sphinx, page: str, source: list[str]) -> None:
    text = "\n\n".join(_PAGES[page]()) if page in _PAGES else source[0]
    text = text.replace("](../CONTRIBUTING.md", "](contributing.md")
    # Without this, Sphinx does not know that these anchors can be linked to.
    source[0] = re.sub(r'^<a id="([\w-]+)"></a>$', r"(\1)=", text, flags=re.M)


def _give_levels(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], *_: Any
) -> None:
    """Say of what level the headings of the theme's navigation are, as their role requires."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Have these pages made as Sphinx reads the files."""
    app.connect("source-read", _read)
    app.connect("html-page-context", _give_levels, priority=900)  # after the theme
    return {"parallel_read_safe": True}
