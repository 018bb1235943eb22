"""A helper process that is asked in lines of JSON, and ends with its parent."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

__all__ = ["Child", "answer_parent"]

_ROOT: Final = Path(__file__).parents[2]


class Child:
    """``python -m benchmarks.soak.<module>`` with its options; what it logs goes into a file."""

    def __init__(self, module: str, options: dict[str, Any], *, folder: Path) -> None:
        self.log_path = folder / f"{module}.log"
        work = folder / module
        work.mkdir()
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"benchmarks.soak.{module}", json.dumps(options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=work,
                env=os.environ | {"PYTHONPATH": str(_ROOT)},
                text=True,
            )
        self.pid = self._process.pid

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the child's subject and return what it returns.

        :raises RuntimeError: it failed there; the message ends with what the child logged.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([method, *arguments]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self.log_path.read_text(errors="replace")[-3000:])
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def answer_parent(make_subject: Callable[[], object]) -> None:
    """In the child: call what the parent asks for until it is gone, then leave at once.

    :param make_subject: called after standard output was turned into the log, where dispy, too,
        writes what it has to say.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    subject = make_subject()
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        print(json.dumps(getattr(subject, method)(*arguments)), file=answers, flush=True)
    os._exit(0)  # dispy's own end of an interpreter may take for ever
