"""Every block of code in the documents: what it needs to run, or why it can't."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["APPS", "BLOCKS", "COMMANDS", "NOT_RUN", "PROGRAMS", "RUN_ELSEWHERE", "Block", "blocks"]

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """A block: the document, its language, its text."""

    document: str
    language: str
    text: str


def blocks() -> list[Block]:
    """Return all blocks of the README and of docs/."""
    found = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        name = path.relative_to(ROOT).as_posix()
        for language, text in re.findall(r"^```(\w*)\n(.*?)^```", path.read_text(), re.M | re.S):
            found.append(Block(name, language, text))
    return found


NOT_RUN: Final = {
    "": "what a program prints",
    "json": "what the API answers",
    "nginx": "nginx is not a part of this",
    "apache": "Apache is not a part of this",
    "ini": "is no program; see unit/test_cli_settings.py and test_services.py",
    "yaml": "is read by Prometheus or Docker; see web/test_prometheus.py and test_services.py",
    "dockerfile": "needs Docker",
}
"""Languages that are not run, and why."""

RUN_ELSEWHERE: Final = {
    "pip install '.[node]'": "installs from the network; .ci/run does the like",
    "&& .venv/bin/python example_app.py": "installs from the network; see test_example_app.py",
    "python -m pytest -n 4": "is the command that runs this",
    "python -m flask_dispy node --daemon ": "see engine/test_programs.py and test_cli.py",
    "flask-dispy scheduler --httpd": "see test_cli.py",
    "flask-dispy history": "see test_history_command.py",
    "$ flask-dispy top http": "see web/command_line/test_reading.py",
    "$ flask-dispy cancel 41": "see web/command_line/test_commands.py",
    "$ flask-dispy rerun 41": "see web/test_rerun.py",
    "flask-dispy top http://127.0.0.1": "see web/test_top_terminal.py",
    "python -m benchmarks --quick": "takes minutes; see test_benchmarks.py",
    "python -m benchmarks.soak": "takes half an hour; see test_soak.py",
    "curl http://127.0.0.1:8181/dispy/api": "of the example; see test_example_app.py",
}
"""What a block holds that is not run here, and where its like is."""

_APP: Final = """\
import dispy
from flask import Flask, request
from flask_dispy import ClusterRegistry, create_blueprint
registry = ClusterRegistry()
app = Flask(__name__)
app.secret_key = "for tests"
"""
_CLUSTER: Final = """\
import dispy
import flask_dispy
from flask_dispy import patch_dispy
patch_dispy()
_made = flask_dispy.DispyHTTPServer
flask_dispy.DispyHTTPServer = lambda *a, **k: _made(*a, **{"port": 0, **k})

def compute(n):
    return n * n

cluster = dispy.JobCluster(compute)
jobs = [job for n in range(5) if (job := cluster.submit(n))]
DispyHTTPServer = flask_dispy.DispyHTTPServer
"""
_CERTIFICATE: Final = """
import trustme
pair = trustme.CA().issue_cert("localhost")
pair.private_key_pem.write_to_path("dash.key")
pair.cert_chain_pems[0].write_to_path("dash.crt")
pair.private_key_and_cert_chain_pem.write_to_path("dash.pem")
"""
# dispy's submit returns None for a job that ended before it could return.
_DONE: Final = """
cluster.wait()
assert jobs and all(job is None or job.status == dispy.DispyJob.Finished for job in jobs)
cluster.close()
"""
_LOGIN: Final = f"""{_APP}
from flask_login import LoginManager
login_manager = LoginManager(app)
login_manager.user_loader(lambda name: None)
login_manager.login_view = "login"
app.add_url_rule("/login", "login", lambda: "log in")
"""

BLOCKS: Final[dict[str, tuple[str, str]]] = {
    # What a block holds: what goes before it, and what then must hold.
    "server = DispyHTTPServer(cluster)  # http": (_CLUSTER, _DONE),
    "http_server = DispyHTTPServer(cluster)": (_CLUSTER, _DONE),
    "def create_app():": (
        "",
        "import threading\n"
        "assert threading.active_count() == 1\n"
        "for app in (create_app(), create_app()):\n"
        "    assert app.test_client().get('/dispy/').status_code == 200\n",
    ),
    "with DispyHTTPServer(cluster, host=": (_CLUSTER, f"assert '(ended)' in repr(server)\n{_DONE}"),
    'certfile="/etc/ssl/dash.crt"': (
        f"{_CLUSTER}{_CERTIFICATE}",
        f"{_DONE}for one in flask_dispy.server._live:\n    one.shutdown()\n",
    ),
    "def worker_exit(server, worker):": (
        f"{_CLUSTER}\nimport sys, types\n"
        "sys.modules['app'] = types.SimpleNamespace(cluster=cluster)\n",
        "worker_exit(None, None)\nassert cluster._compute is None\n",
    ),
    "app.wsgi_app = ProxyFix(": (_APP, "app.test_client().get('/')\n"),
    "def authorize(permission, request):": (
        _LOGIN,
        "app.register_blueprint(create_blueprint(registry, authorize=authorize))\n"
        "assert app.test_client().get('/').status_code == 403\n",
    ),
    "def login_first():": (
        f"{_LOGIN}from flask_login import current_user\n",
        "app.register_blueprint(create_blueprint(registry), url_prefix='/dispy')\n"
        "assert app.test_client().get('/dispy/').status_code == 302\n",
    ),
    "csrf = CSRFProtect(app)": (
        f"{_APP}from flask_wtf import CSRFProtect\n",
        "answer = app.test_client().patch('/dispy/api/v1/settings', json={'poll_sec': 3})\n"
        "assert answer.status_code == 200\n",
    ),
    'create_blueprint(day, name="day")': (
        f"{_APP}day, night = ClusterRegistry(), ClusterRegistry()\n",
        "for at in ('/day/', '/night/'):\n"
        "    assert app.test_client().get(at).status_code == 200\n",
    ),
    "create_blueprint(registry, frame_ancestors=[": (_APP, ""),
    "node_columns=[": (f"{_CLUSTER}sensors = {{}}\n", f"{_DONE}server.shutdown()\n"),
    'view = registry.view("*")': (
        _APP,
        "assert silent == []\nassert summary['name'] == view.name\n",
    ),
    'service="ntfy", events=[': ("", "assert len(repr(registry.health()['alerts'])) > 99\n"),
    'service="mattermost"': ("", "assert [one.service for one in alerts][0] == 'mattermost'\n"),
    "def is_authentic(headers, body, secret):": (
        "",
        "from flask_dispy.alerts.outbox import Outbox\n"
        "from flask_dispy import Webhook\n"
        "headers = Outbox(Webhook('https://h/', secret='s' * 16))._headers('7', b'{}')\n"
        "assert is_authentic(headers, b'{}', 's' * 16)\n"
        "assert not is_authentic(headers, b'{ }', 's' * 16)\n",
    ),
    'registry.on("stalled"': ("", "stop()\n"),
    "with progress(cluster):": (_CLUSTER, _DONE),
    'trusted_hosts=["run"]': (
        """
import os
import flask_dispy
_made = flask_dispy.DispyHTTPServer
flask_dispy.DispyHTTPServer = lambda *a, **k: _made(*a, **{**k, "port": 0})
os.mkdir("data")
# Needs a node, because of compute().
""",
        "(run,) = flask_dispy.PastRegistry('data/runs.sqlite').views()\n"
        "assert run.summary()['jobs']['finished'] == 100\n",
    ),
    'history="runs.sqlite")': (_CLUSTER, f"{_DONE}server.shutdown()\n"),
    'PastRegistry("runs.sqlite"': (
        f"{_CLUSTER}with DispyHTTPServer(cluster, history='runs.sqlite'):\n    cluster.wait()\n"
        f"{_CERTIFICATE}",
        f"{_DONE}assert registry.names()\nserver.shutdown()\n",
    ),
    'server.save_report("run.html")': (
        f"{_CLUSTER}server = DispyHTTPServer(cluster)\ncluster.wait()\n",
        f"{_DONE}server.shutdown()\nassert open('run.html').read().startswith('<!doctype')\n",
    ),
    "from flask_dispy.report import render_report": (
        f"{_CLUSTER}registry = flask_dispy.ClusterRegistry()\nregistry.add(cluster)\n",
        f"{_DONE}assert html.startswith('<!doctype')\nregistry.close()\n",
    ),
}
"""Blocks of Python that run by themselves, from top to bottom, in a process of their own."""

PROGRAMS: Final = {
    "docs/client.md": (
        f"""{_CLUSTER}
server = DispyHTTPServer(cluster)
jobs += [job for n in range(5) if (job := cluster.submit(n))]
for name in ("Client", "AsyncClient"):
    made = getattr(flask_dispy, name)
    setattr(flask_dispy, name, lambda url, made=made, **k: made(server.url, **k))
""",
        f"""{_DONE}
assert summary["name"] == "compute" and summary["jobs"]["finished"] >= 5 and busy == 0
assert open("failed.csv").read().startswith("serial")
assert open("run.html").read().startswith("<!doctype")
client.close()
server.shutdown()
""",
    ),
    "docs/tutorial.md": (
        """
import dispy
import flask_dispy
made, submit = flask_dispy.DispyHTTPServer, dispy.JobCluster.submit
flask_dispy.DispyHTTPServer = lambda *a, **k: made(*a, **{**k, "port": 0})
dispy.JobCluster.submit = lambda cluster, n, seconds: submit(cluster, n, seconds / 1000)
# Needs a node, because of compute().
""",
        """
(run,) = flask_dispy.PastRegistry("first.sqlite").views()
jobs, (kind,) = run.summary()["jobs"], run.error_kinds().items
assert (jobs["submitted"], kind["type"]) == (200, "ValueError")
assert open("first.html").read().startswith("<!doctype")
""",
    ),
    "docs/rerun.md": (
        _CLUSTER,
        f"""
made = [function(dict(id="part-99", part=99)) for function in (rerun, rerun_by_column)]
{_DONE}
assert all(job is None or job.result == 99 * 99 for job in made)
for one in list(flask_dispy.server._live):
    one.shutdown()
""",
    ),
    "docs/notebook.md": (
        _CLUSTER,
        f"""{_DONE}
assert f'<iframe src="/proxy/{{server.port}}/' in server._repr_mimebundle_()["text/html"]
for one in list(flask_dispy.server._live):
    one.shutdown()
""",
    ),
}
"""Documents whose blocks of Python are one program, and what goes before and after it."""

APPS: Final = {
    "# With --debug this file runs twice": "",
    "if is_running_from_reloader():\n        registry.add": f"""{_APP}
import os
from flask_dispy import patch_dispy
patch_dispy()
app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")
app.config["SERVER_NAME"] = f"127.0.0.1:{{os.environ['FLASK_RUN_PORT']}}"

def compute(n):
    return n * n
""",
}
"""Blocks that are an app, or the end of one, and what goes before it."""

COMMANDS: Final = {
    "$ waitress-serve": "see test_commands_of_the_documents_serve_an_app",
    "curl http://localhost:8181/api/v1/clusters": "see test_requests_of_the_documents_are_answered",
    "flask-dispy wait --timeout 10h\ncode=$?": "see web/command_line/test_waiting.py",
    "curl -OJ 'http://localhost:8181/api/v1": "see tests/web/test_exports.py",
    '$ sqlite3 runs.sqlite "SELECT': "see test_query_of_the_documents_is_answered",
}
"""Blocks that a test of their own runs."""
