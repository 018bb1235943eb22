"""A script commands a real cluster over https, and waits for its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from clusters import LocalDispy, result_of, shut_down, wait_until
from computations import act
from dispy import DispyJob

from flask_dispy import Client, DispyHTTPServer
from flask_dispy.client import NotAllowed, NotFound, Refused

pytestmark = pytest.mark.cluster

NODE = "127.0.0.2"
TOKENS = {"reads": "viewer", "commands": "operator"}


@pytest.fixture
def server(local_dispy: LocalDispy, tmp_path: Path) -> Iterator[DispyHTTPServer]:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    authority.cert_pem.write_to_path(tmp_path / "ca")
    server = DispyHTTPServer(
        None, host="localhost", port=0, keyfile=str(tmp_path / "key"),
        certfile=str(tmp_path / "cert"), tokens=TOKENS, history=tmp_path / "runs.sqlite",
        redact=lambda text, kind: text.replace("secret", "<redacted>"),
    )  # fmt: skip
    yield server
    server.shutdown(wait=False)


@pytest.fixture
def clients(server: DispyHTTPServer, tmp_path: Path) -> Iterator[dict[str, Client]]:
    url, verify = f"https://localhost:{server.port}", tmp_path / "ca"
    clients = {token: Client(url, token=token, verify=verify) for token in TOKENS}
    yield clients
    for client in clients.values():
        client.close()


def codes(answer: Any) -> list[str]:
    return [outcome["code"] for outcome in answer["outcomes"]]


def test_jobs_are_found_cancelled_and_waited_for(
    local_dispy: LocalDispy, server: DispyHTTPServer, clients: dict[str, Client], tmp_path: Path
) -> None:
    local_dispy.start_node(2, cpus=1)
    cluster = local_dispy.job_cluster(act)
    server.add_cluster(cluster)
    client = clients["commands"]
    result_of(cluster.submit("echo", "a secret"))
    jobs = [cluster.submit("nap", 60) for _ in range(3)]
    wait_until(lambda: jobs[0].status == DispyJob.Running, what="the first job")
    wait_until(lambda: client.cluster("act")["jobs"]["running"] == 1, what="its report")
    assert client.cancel_dry_run(q="", cluster="act") == {"matched": 4, "cancellable": 3}
    with pytest.raises(NotAllowed):
        clients["reads"].cancel(q="", cluster="act")
    done = client.cancel(q="", state="queued", cluster="act", limit=1)
    assert (codes(done), done["cancelled"], done["matched"]) == (["cancelled"], 1, 2)
    before = done["next_before"]
    done = client.cancel(q="", state="queued", cluster="act", limit=1, before=before)
    assert (codes(done), done["next_before"]) == (["cancelled"], None)
    (running,) = client.jobs("act", state="running")
    assert codes(client.cancel([running["serial"], 10**9])) == ["terminating", "unknown"]
    summary = client.wait("done", "act", timeout_sec=60)
    assert (summary["jobs"]["terminated"], summary["jobs"]["cancelled"]) == (1, 2)
    saved = client.jobs("act").csv().save(tmp_path / "jobs.csv").read_text()
    assert "<redacted>" in saved
    assert "secret" not in saved
    assert "<redacted>" in clients["reads"].job(1)["result"]
    cancelled = client.events("act", kind="jobs_cancelled")
    assert sum(event["jobs"] or 0 for event in cancelled) == 3
    wait_until(lambda: list(client.runs()), what="the history")
    (run,) = client.runs()
    assert (run["name"], run["live"]) == ("act", True)
    with pytest.raises(NotFound):
        list(client.compare_runs(run["id"], 10**6))


@pytest.mark.parametrize("command", ["close_node", "deallocate"])
def test_jobs_that_run_on_a_node_that_is_let_go_end_as_usual(
    local_dispy: LocalDispy, server: DispyHTTPServer, clients: dict[str, Client], command: str
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act, ping_interval=1000)
    server.add_cluster(cluster)
    client = clients["commands"]
    job = cluster.submit("nap", 3)
    wait_until(lambda: client.cluster("act")["jobs"]["running"] == 1, what="the job")
    assert codes(getattr(client, command)(NODE, "act")) == ["ok"]
    assert client.cluster("act")["jobs"]["running"] == 1
    result_of(job)
    assert client.wait("done", "act", timeout_sec=30)["jobs"]["finished"] == 1
    shut_down(cluster)


def test_nodes_are_commanded(
    local_dispy: LocalDispy, server: DispyHTTPServer, clients: dict[str, Client]
) -> None:
    local_dispy.start_node(2, cpus=2)
    # A node that answers dispy's next ping would be taken back at once.
    cluster = local_dispy.job_cluster(act, ping_interval=1000)
    server.add_cluster(cluster)
    client = clients["commands"]
    result_of(cluster.submit("nap", 0.05))
    outcomes = client.set_cpus(NODE, 1, "act")
    assert (outcomes["ok"], outcomes["outcomes"][0]["cpus"]) == (True, 1)
    wait_until(lambda: client.node(NODE, "act")["cpus"] == 1, what="the row")
    assert codes(client.add_node("127.0.0.77", "act", cpus=1)) == ["asked"]
    (offer,) = client.offers("act")
    assert (offer["host"], offer["cpus"]) == ("127.0.0.77", 1)
    assert codes(client.ask_again(offer["number"], "act")) == ["asked"]
    (offer,) = client.offers("act")
    assert client.withdraw(offer["number"], "act")["ok"]
    assert list(client.offers()) == []
    assert codes(client.deallocate(NODE, "act")) == ["ok"]
    assert codes(client.allocate(NODE, "act")) == ["asked"]
    assert codes(client.close_node(NODE, "act")) == ["ok"]
    wait_until(lambda: client.node(NODE, "act")["state"] == "closed", what="the end of the node")
    with pytest.raises(NotFound) as unknown:
        client.close_node("127.0.0.99", "act")
    assert unknown.value.code == "unknown_node"
    with pytest.raises(Refused) as refused:
        client.add_node("no.such.host.invalid", "act")
    assert (refused.value.status, refused.value.field) == (422, "host")
    assert client.change_settings(poll_sec=7.0)["poll_sec"] == client.settings()["poll_sec"] == 7.0
    shut_down(cluster)
    wait_until(lambda: client.cluster("act")["state"] == "closed", what="the cluster's end")
    with pytest.raises(Refused) as closed:
        client.set_cpus(NODE, 1, "act")
    assert (closed.value.status, closed.value.code) == (409, "closed")
    assert codes({"outcomes": closed.value.outcomes}) == ["closed"]
    kinds = {event["kind"] for event in client.events("act")}
    assert {"cpus_set", "node_asked", "node_withdrawn", "node_closed"} <= kinds
