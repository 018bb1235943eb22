"""The card in a real Jupyter kernel, and a cell that is run again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

_SETUP = """
import threading
from web.fakes import FakeCluster, make_node
from flask_dispy import ClusterRegistry, DispyHTTPServer

port = 0

def run_cell(**options):
    global port, server
    cluster = FakeCluster("<i>compute</i>")
    server = DispyHTTPServer(cluster, "127.0.0.1", port, replace=True, **options)
    port = server.port
    node = cluster.join(make_node("10.0.0.2", "alpha"))
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node, result=1)
    return server
"""
_CELLS = (
    _SETUP,
    "run_cell()",
    "run_cell(frame_ancestors=[\"'self'\"], public_url='/proxy/{port}/')",
    "server.registry",
    "[t.name for t in threading.enumerate() if t.name.endswith(' accept')] "
    "== [f'flask_dispy:{port} accept']",
    "from urllib.request import urlopen; urlopen(server.url + 'healthz', timeout=10).status",
    "server.shutdown(); server",
)


def shown_by_a_kernel(folder: Path) -> list[dict[str, Any]]:
    """Return what each cell shows, by MIME type."""
    cells = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source,
         "execution_count": None, "outputs": []}
        for number, source in enumerate(_CELLS)
    ]  # fmt: skip
    path = folder / "run.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    env = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHONWARN", "JUPYTER"))
    }
    env["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    # No settings, kernels or files of the person whose machine this is.
    ours = ("IPYTHONDIR", *(f"JUPYTER_{name}_DIR" for name in ("CONFIG", "DATA", "RUNTIME")))
    env |= dict.fromkeys(ours, str(folder))
    # Not within pytest: what Jupyter warns of, or leaves behind, is no failure of ours.
    program = "from nbclient.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--inplace", "--timeout=60", str(path)],
        check=False, cwd=folder, env=env, capture_output=True, text=True, timeout=80,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ran = json.loads(path.read_text())["cells"]
    return [
        {kind: "".join(text) for kind, text in data.items()}
        for cell in ran[1:]
        for data in [next(out["data"] for out in cell["outputs"] if "data" in out)]
    ]


def test_cards_in_a_notebook_and_a_cell_that_is_run_again(tmp_path: Path) -> None:
    table, frame, registry, one_server, health, ended = shown_by_a_kernel(tmp_path)
    assert ">&lt;i&gt;compute&lt;/i&gt;</td>" in table["text/html"]
    assert ">1 of 1</td>" in table["text/html"]
    assert 'href="http://127.0.0.1:' in table["text/html"]
    assert "<iframe" not in table["text/html"]
    assert table["text/plain"].splitlines()[1].startswith("<i>compute</i>: 1 of 1 done, ")
    assert '<iframe src="/proxy/' in frame["text/html"]
    assert '<iframe src="/proxy/' in registry["text/html"]
    assert registry["text/plain"].startswith("ClusterRegistry\n<i>compute</i>: ")
    assert (one_server["text/plain"], health["text/plain"]) == ("True", "200")
    assert "(ended)" in ended["text/html"]
    assert "href=" not in ended["text/html"]
