"""The pages' scripts and stylesheets, put together from the modules."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flask_dispy.web.files.assets import package_assets
from flask_dispy.web.files.bundle import bundles
from flask_dispy.web.pages.pages import PAGES

NODE = shutil.which("node")

_MODULES = {
    "js/pages/a.js": """
import { first } from "../first.js";
import {
  second as other, Thing,
} from "../parts/second.js";
/** @type {import("../types.js").Word} */
export function start() {
  const word = first("a");
  console.log(word, other, await_(), new Thing().name, typeof hidden);
}
function await_() { return "waited"; }
""",
    "js/first.js": """
import { Thing } from "./parts/second.js";
const hidden = new Thing();
export function first(text) { return text + hidden.name; }
export const ASYNC = async () => await later();
export async function later() {}
""",
    "js/parts/second.js": """
console.log("second runs once");
export const second = 2;
export class Thing { name = "thing"; }
""",
}


def _bundled(**modules: str) -> str:
    files = _MODULES | {name.replace("__", "/") + ".js": text for name, text in modules.items()}
    return bundles({name: text.encode() for name, text in files.items()})["bundle/a.js"].decode()


def _node(*arguments: str, script: str) -> str:
    if NODE is None:
        assert not os.environ.get("CI"), "Node.js must be there in CI"
        pytest.skip("no Node.js on the PATH")
    run = subprocess.run(
        [NODE, *arguments], input=script, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_bundle_does_what_its_modules_do() -> None:
    assert _node("-", script=_bundled()) == "second runs once\nathing 2 waited thing undefined\n"


def test_bundle_leaves_nothing_in_the_page() -> None:
    assert _node("-", script=_bundled() + "console.log(typeof m0, typeof first)").endswith(
        "undefined undefined\n"
    )


def test_error_names_the_module_and_its_line(tmp_path: Path) -> None:
    thrown = (
        '/** What\n *  it does. */\nexport function first() {\n  throw new Error("wrong");\n}\n'
    )
    files = _MODULES | {
        "js/first.js": 'import {\n  Thing,\n} from "./parts/second.js";\n' + thrown,
        "js/pages/a.js": 'import { first } from "../first.js";\n\n'
        "export const start = () => first();\n",
    }
    made = bundles({name: text.encode() for name, text in files.items()})
    for name in ("bundle/a.js", "bundle/a.js.map"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(made[name])
    run = (
        f"try {{ require({str(tmp_path / 'bundle/a.js')!r}) }} catch (e) {{ console.log(e.stack) }}"
    )
    stack = _node("--enable-source-maps", "-", script=run)
    places = re.findall(rf"{re.escape(str(tmp_path))}/([\w/.]+:\d+)", stack)
    assert places[:2] == ["js/first.js:7", "js/pages/a.js:3"]
    assert set(json.loads(made["bundle/a.js.map"])["sources"]) <= {f"../{name}" for name in files}


def test_types_are_left_out_and_code_beside_them_is_not() -> None:
    script = _bundled(
        js__first="/** what\n */\nexport const first = /** @type {any} */ (String);\n"
    )
    assert "const first = /** @type {any} */ (String);" in script
    assert "what" not in script


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("export let first = 1;", "export let first"),
        ("export default first;", "export default first"),
        ("const first = 1;\nexport { first };", "export { first }"),
        ('export * from "./parts/second.js";', r"export \*"),
        ('import * as all from "./parts/second.js";', r"import \* as all"),
        ('import "./parts/second.js";', 'import "./parts'),
        ('const late = () => import("./parts/second.js");', r"import\("),
        ("const here = import.meta.url;", "import.meta"),
        ("await later();", "await later"),
        ('import { none } from "./none.js";', "js/first.js needs js/none.js, which is not there"),
        ('import { a } from "./pages/a.js";', "imports itself, by way of"),
    ],
)
def test_unknown_syntax_is_refused(module: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        _bundled(js__first=module)


def test_stylesheet_stands_in_for_its_imports() -> None:
    files = {
        "css/pages/a.css": b'@import "../a.css";\n@import "../print.css" print;\n',
        "css/a.css": b"a {}\n",
        "css/print.css": b"p {}\n",
    }
    assert bundles(files)["bundle/a.css"] == b"a {}\n@media print {\np {}\n}\n"


@pytest.mark.parametrize(
    "picture", ["../icons/none.svg", "../css/a.svg", "icons/a.svg", "data:image/svg+xml,", "//x/y"]
)
def test_stylesheet_names_our_own_pictures_only(picture: str) -> None:
    files = {
        "css/pages/a.css": b'@import "../a.css";\n',
        "css/a.css": b'a { mask: url("../icons/a.svg") }\n',
        "icons/a.svg": b"<svg/>",
    }
    assert bundles(files)["bundle/a.css"] == files["css/a.css"]
    files["css/a.css"] += f'b {{ mask: url("{picture}") }}\n'.encode()
    with pytest.raises(ValueError, match=re.escape(picture.removeprefix("../"))):
        bundles(files)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_its_bundle(page: str, tmp_path: Path) -> None:
    script, style = (package_assets().find(f"bundle/{page}.{kind}") for kind in ("js", "css"))
    assert style is not None
    assert script is not None
    # Chromium reads this only where it comes first.
    assert script.content.startswith(b"//# allFunctionsCalledOnLoad\n")
    (tmp_path / "page.js").write_bytes(script.content)
    _node("--check", str(tmp_path / "page.js"), script="")


def test_every_page_has_the_colours_that_it_uses() -> None:
    def read(name: str) -> str:
        found = package_assets().find(name)
        assert found is not None
        return found.content.decode()

    tokens = set(re.findall(r"(--[\w-]+):", read("css/tokens.css")))
    assert "--surface" in tokens
    for page in PAGES:
        sheet = read(f"bundle/{page}.css")
        used = set(re.findall(r"var\((--[\w-]+)", sheet)) & tokens
        assert used <= set(re.findall(r"(--[\w-]+):", sheet)), page
