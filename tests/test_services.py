"""The units and the compose file of docs/services.md: systemd reads them, and they start."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clusters import LocalDispy, wait_until
from processes import accepts, needs

_DOCUMENT = (Path(__file__).parents[1] / "docs" / "services.md").read_text()
_UNITS = dict(re.findall(r"as `(\w+\.service)`:\n\n```ini\n(.*?)^```", _DOCUMENT, re.M | re.S))
_PROGRAMS = Path(sys.executable).parent


@needs("systemd-analyze")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    files = []
    for name, text in _UNITS.items():
        files.append(tmp_path / name)
        here = text.replace("/opt/dispy/bin", str(_PROGRAMS)).replace("User=dispy", "User=root")
        files[-1].write_text(here)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    about_them = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert (done.returncode, about_them) == (0, [])


def _commands() -> dict[str, str]:
    found = {name: re.findall(r"^ExecStart=(.*)$", text, re.M)[0] for name, text in _UNITS.items()}
    del found["farm.service"]  # gunicorn: see test_documented_code.py
    return {**found, "compose.yaml": re.findall(r"^    command: (.*)$", _DOCUMENT, re.M)[0]}


@pytest.mark.cluster
@pytest.mark.parametrize("name", _commands())
def test_programs_of_the_services_start_and_end_at_sigterm(
    local_dispy: LocalDispy, name: str
) -> None:
    folder = local_dispy.folder
    text = _commands()[name].replace("${STATE_DIRECTORY}", str(folder))
    program, kind, *options = shlex.split(text)
    if "--httpd" in options:
        options.append("--http-port=0")
    port = local_dispy.port
    listens_at = port + (2 if kind == "scheduler" else 1)
    command = [_PROGRAMS / Path(program).name, kind, *options, "-i", "127.0.0.2", "-p", str(port)]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONWARN", "PYTEST"))}
    env["TMPDIR"] = str(folder)
    with subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: accepts(("127.0.0.2", listens_at)), timeout_sec=40, what=kind)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    if "--http-history" in options:
        assert (folder / "runs.sqlite").exists()
