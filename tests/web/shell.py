"""A shell that runs the commands for running dashboards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from processes import in_thread

from flask_dispy.cli.commands import cli

__all__ = ["TOKEN", "Shell"]

TOKEN = "s3cret" * 8


@dataclass
class Shell:
    """Runs the command for a dashboard."""

    url: str
    folder: Path

    def run(self, *arguments: str, answer: str = "", **environ: str) -> Result:
        env = {
            "FLASK_DISPY_URL": self.url,
            "FLASK_DISPY_TOKEN": "",
            "FLASK_DISPY_CONFIG": str(self.folder / "flask-dispy.ini"),
            **environ,
        }
        run = partial(CliRunner().invoke, cli, arguments, input=answer, env=env)
        return in_thread(partial(run, catch_exceptions=False))

    def lines(self, *arguments: str) -> list[Any]:
        """Return what is written with ``--json``."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def shown(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout
