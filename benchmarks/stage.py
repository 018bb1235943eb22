"""One server in a process of its own, spoken to in lines of JSON.

The parent holds a :class:`Child`; in the child a :class:`Stage` holds the server, and whatever
function of a chapter the parent names runs there with it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from flask_dispy.watching.dashboard import board_of

__all__ = ["Child", "Kind", "Stage", "staged"]

Kind = Literal["ours", "theirs", "none"]

_ROOT = Path(__file__).parents[1]


class Stage:
    """A synthetic cluster and the server that shows it, in this process.

    :param kind: our server, dispy.httpd's, or none.
    """

    def __init__(self, kind: Kind, *, nodes: int, fresh: bool = False, **settings: Any) -> None:
        from .synthetic import SyntheticCluster

        self.kind = kind
        self.cluster = SyntheticCluster(nodes, fresh=fresh)
        self.server: Any = None
        self.port = 0
        if kind == "ours":
            from flask_dispy import ClusterRegistry, DispyHTTPServer

            registry = ClusterRegistry(**settings)
            self.server = DispyHTTPServer(None, host="127.0.0.1", port=0, registry=registry)
            self.server.registry.add(self.cluster)
            self.port = self.server.port
            self._add_bare_route()
        elif kind == "theirs":
            self.server = _dispy_httpd().DispyHTTPServer(self.cluster, host="127.0.0.1", port=0)
            self.port = self.server._server.server_port
        self.cluster.join()
        self.fold()

    def _add_bare_route(self) -> None:
        """Serve the least that Flask can, to know what it takes itself."""
        app = self.server._hosting.app
        app.add_url_rule("/bare", view_func=lambda: "bare")

    def fold(self) -> None:
        """Let the server take in all that was reported."""
        if self.kind == "ours":
            board_of(self.server.registry).fold()

    # -- what a parent may ask for -----------------------------------------------------------

    def change(self, nodes: int) -> None:
        """Change so many nodes."""
        self.cluster.change(nodes)

    def change_over(self, nodes: int, seconds: float) -> None:
        """Change so many nodes one after the other over so many seconds."""
        for step in range(10):
            self.cluster.change(nodes * (step + 1) // 10 - nodes * step // 10)
            time.sleep(seconds / 10)

    def start_changing(self, nodes: int, every_sec: float) -> None:
        """Go on changing so many nodes so often."""
        self.cluster.start_changing(nodes, every_sec)

    def stop_changing(self) -> list[tuple[str, int]]:
        """End the changing; return each node's ``tx`` as it was left."""
        self.cluster.stop_changing()
        time.sleep(0.1)
        return [(node.ip_addr, node.tx) for node in self.cluster._dispy_nodes.values()]

    def run_jobs(self, jobs: int, on: int) -> None:
        """Let so many jobs run on so many nodes."""
        self.cluster.run(jobs, on)
        self.fold()

    def cpu_sec(self) -> float:
        """Return the CPU time that this process has taken."""
        return time.process_time()

    def where(self) -> int:
        """Return the server's port."""
        return self.port


def _dispy_httpd() -> Any:
    """Import dispy's own server, and make sure that it is dispy's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # cgi
        module = importlib.import_module("dispy.httpd")
    assert "cgi" in vars(module), "this is not dispy's own httpd"
    return module


class Child:
    """A process with a :class:`Stage` in it."""

    def __init__(self, kind: Kind, **options: Any) -> None:
        command = [sys.executable, "-m", __name__, kind, json.dumps(options)]
        self._folder = tempfile.TemporaryDirectory(prefix="flask_dispy-bench-")
        self._errors = (Path(self._folder.name) / "errors").open("w+b")
        environment = os.environ | {"PYTHONPATH": str(_ROOT)}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._folder.name,
            env=environment,
            text=True,
        )
        self.pid = self._process.pid
        self.port: int = self.ask("where")

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the stage and return what it returns."""
        return self.call("", method, *arguments)

    def call(self, module: str, function: str, *arguments: Any) -> Any:
        """Call ``benchmarks.<module>.<function>(stage, *arguments)`` in the child.

        :raises RuntimeError: it failed there; the message holds what the child wrote.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([module, function, arguments]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(self._errors.read().decode(errors="replace")[-3000:])
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._folder.cleanup()


@contextlib.contextmanager
def staged(*kinds: Kind, **options: Any) -> Iterator[list[Child]]:
    """A child of each kind, one after the other, ended at the end."""
    with contextlib.ExitStack() as undo:
        children = []
        for kind in kinds:
            child = Child(kind, **options)
            undo.callback(child.close)
            children.append(child)
        yield children


def main() -> None:
    """Be the child: answer calls until the parent is gone."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # dispy writes its log to standard output
    stage = Stage(sys.argv[1], **json.loads(sys.argv[2]))  # type: ignore[arg-type]
    for line in sys.stdin:
        module, function, arguments = json.loads(line)
        if module:
            found = getattr(importlib.import_module(f"benchmarks.{module}"), function)
            answer = found(stage, *arguments)
        else:
            answer = getattr(stage, function)(*arguments)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
