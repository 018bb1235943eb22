"""The documents, held against the code."""

from __future__ import annotations

import dataclasses
import inspect
import re
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from flask_dispy.core.jobs import JOB_STATES
from flask_dispy.core.settings import Settings
from flask_dispy.core.webhook import ALERT_EVENTS, Service, Webhook
from flask_dispy.history.schema import MIGRATIONS, open_for_writing
from flask_dispy.web.access.permissions import PERMISSIONS
from flask_dispy.web.blueprint import create_blueprint
from flask_dispy.web.http.errors import STATUS_OF_CODE
from flask_dispy.web.routes import DOCUMENT_ROUTES, ROUTES
from flask_dispy.wire.fields import NodeField
from flask_dispy.wire.nodes import NODE_FIELDS
from flask_dispy.wire.tables import NodeTable

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs" / "api.md").read_text()
ALERTS = (ROOT / "docs" / "alerts.md").read_text()
EMBEDDING = (ROOT / "docs" / "embedding.md").read_text()
SECURITY = (ROOT / "docs" / "security.md").read_text()
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text()
HISTORY = (ROOT / "docs" / "history.md").read_text()

_NAMES = {
    "<path:name>": "NAME",
    "<host>": "HOST",
    "<serial>": "SERIAL",
    "<number>": "NUMBER",
    "<version>/FILE": "VERSION/FILE",
    "<path:filename>": "FILE",
}

# Each was there when it was added; ``sphinx-build -b linkcheck`` asks again.
_ELSEWHERE = {
    "https://api.slack.com/messaging/webhooks",
    "https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU",
    "https://docs.ntfy.sh/publish/",
    "https://jupyter-server-proxy.readthedocs.io/",
    "https://prometheus.io/",
    "https://pypi.org/project/dispy/",
    "https://ui.perfetto.dev",
    "https://www.standardwebhooks.com/",
}


def _documented(rule: str) -> str:
    if rule.startswith("/dispy-assets"):
        return "/dispy-assets/VERSION/FILE"
    for variable, name in _NAMES.items():
        rule = rule.replace(variable, name)
    return rule


def test_every_document_is_in_the_index() -> None:
    listed = re.findall(r"^[\w/-]+$", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE)
    documents = [path.stem for path in (ROOT / "docs").glob("*.md") if path.stem != "index"]
    assert sorted(documents) == sorted(name for name in listed if "/" not in name)


def test_links_lead_out_of_the_documents_only_where_listed() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    code = r"^```.*?^```|`[^`\n]*`"
    texts = [re.sub(code, "", path.read_text(), flags=re.M | re.S) for path in documents]
    assert {url for text in texts for url in re.findall(r"\]\((\w+:[^)]+)\)", text)} == _ELSEWHERE


def test_every_route_is_documented_with_its_permission_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \| (\w+) \|", API, re.MULTILINE))
    routes = {(f"{r.method} {_documented(r.rule)}", r.permission) for r in ROUTES + DOCUMENT_ROUTES}
    assert documented == routes


def test_every_option_of_the_blueprint_is_documented_and_no_other() -> None:
    options = set(inspect.signature(create_blueprint).parameters) - {"registry"}
    section = EMBEDDING.partition("## Options")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == options


def test_every_setting_is_documented_with_its_default() -> None:
    section = EMBEDDING.partition("## Settings")[2].partition("\n## ")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+)`? \|", section, re.MULTILINE))
    assert documented == {
        field.name: _shown(field.default) for field in dataclasses.fields(Settings)
    }


def _shown(default: object) -> str:
    if default is None or default == ():
        return "none"
    return f"{default:,}" if type(default) is int else str(default)


def test_every_option_of_a_webhook_is_documented() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(Webhook)}
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", ALERTS.partition("| option")[2], re.M)
    assert [name for name, _ in rows] == list(fields)
    for name, default in rows:
        if default.startswith("`"):
            assert default.strip("`") in (repr(fields[name]), repr(fields[name]).replace("'", '"'))
        elif default[0].isdigit():
            assert float(default) == fields[name]
    for event in ALERT_EVENTS:
        assert f"`{event}`" in ALERTS.partition("| `service`")[0]
    for service in get_args(Service):
        assert f"| `{service}` |" in ALERTS


def test_every_permission_is_documented() -> None:
    section = EMBEDDING.partition("## Who may do what")[2].partition("\n###")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(PERMISSIONS)


def _listed(field: NodeField, within: str = "") -> str:
    """Return the line of docs/api.md that lists a field of a node."""
    kind = field.schema["type"] + (" or null" if field.nullable else "")
    precision = "" if field.precision == "exact" else field.precision.replace("_", " ")
    cells = (f"`{within}{field.name}`", kind, field.unit, field.combine, precision,
             f"`{field.name}`" if field.sort else "")  # fmt: skip
    return "|".join(["", *(f" {cell} " if cell else " " for cell in cells), ""])


def test_fields_of_nodes_are_listed() -> None:
    section = API.partition("#### Fields of nodes")[2].partition("\n\nAll times")[0]
    expected = []
    for field in NODE_FIELDS:
        expected.append(_listed(field))
        expected += [_listed(part, f"{field.name}.") for part in field.parts]
    assert [line for line in section.splitlines() if line.startswith("| `")] == expected


@pytest.mark.parametrize("column", NodeTable().sort_keys)
def test_every_sort_column_is_documented(column: str) -> None:
    assert f"`{column}`" in API


@pytest.mark.parametrize("code", ["refused", "unsupported", "timeout", "closed"])
def test_codes_of_outcomes_have_a_status(code: str) -> None:
    assert code in STATUS_OF_CODE
    assert f"`{code}`" in API


def test_tests_that_the_promises_name_exist() -> None:
    for name in set(re.findall(r"`(test_\w+\.py)`", SECURITY + RELIABILITY)):
        assert list((ROOT / "tests").rglob(name)), name
    for file, names in re.findall(r"`(test_\w+\.py)` (Test[A-Z]\w+(?:, Test[A-Z]\w+)*)", SECURITY):
        for name in names.split(", "):
            assert f"class {name}:" in (ROOT / "tests" / "web" / file).read_text(), name


_COLUMNS = (
    "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c "
    "WHERE m.type = 'table'"
)


def test_version_of_the_historys_schema_is_documented() -> None:
    assert re.findall(r"version of the schema, now (\d+)", HISTORY) == [str(len(MIGRATIONS))]


def test_tables_of_the_history_are_documented(tmp_path: Path) -> None:
    section = HISTORY.partition("## Querying the file")[2]
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.M))
    with closing(open_for_writing(tmp_path / "runs.sqlite")) as db:
        columns: dict[str, list[str]] = {}
        for table, column in db.execute(_COLUMNS):
            columns.setdefault(table, []).append(column)
    assert documented.keys() == columns.keys()
    for table, names in columns.items():
        lacking = {name for name in names if f"`{name}`" not in documented[table]}
        # "The jobs in each of dispy's states."
        assert lacking - {*JOB_STATES, "submitted"} == set(), table
