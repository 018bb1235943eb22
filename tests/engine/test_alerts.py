"""What happens to a real cluster is passed on: an error, a stall, a node lost or never there."""

from __future__ import annotations

import ssl
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from clusters import LocalDispy, wait_until
from computations import act
from engine.faults import NEAR, ask, serving
from receivers import Receiver

from flask_dispy import EventRow, Webhook
from flask_dispy.core.webhook import ALERT_EVENTS

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


@pytest.mark.timeout(180)  # its own waits come to more than others may take
def test_callbacks_and_webhooks_get_the_events_of_a_real_run_that_goes_wrong(
    local_dispy: LocalDispy, tmp_path: Path
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    cluster = local_dispy.job_cluster(act, pulse_interval=0.5)
    with closing(Receiver(context)) as ours, closing(Receiver()) as slack:
        alerts = [
            Webhook(f"{ours.url}/alerts", secret="a-secret-of-the-tests", quiet_sec=0,
                    allow_private=True, ca_file=tmp_path / "ca.pem"),
            Webhook(f"{slack.url}/services/T0", service="slack", allow_private=True,
                    dashboard_url="https://dash.example/dispy/"),
        ]  # fmt: skip
        with serving(cluster, stall_sec=1.0, alerts=alerts) as server:
            called: list[EventRow] = []
            for event in ALERT_EVENTS:
                server.registry.on(event, called.append)

            def happens(kind: str, times: int = 1) -> None:
                wait_until(lambda: [one["kind"] for one in called].count(kind) >= times,
                           what=kind, timeout_sec=40)  # fmt: skip

            node = local_dispy.start_node(2, cpus=2)
            cluster.submit("fail", "bad")
            for _ in range(10):  # so that it is known how often one ends
                cluster.submit("nap", 0.01)
            happens("error_kind")
            happens("done")
            server.registry.control.allocate("act", "127.0.0.99", None, 1)
            wait_until(lambda: any(one["node"] == "127.0.0.99" for one in called))
            cluster.submit("nap", 60)
            happens("stalled")
            node.kill()
            happens("node_lost")
            happens("done", 2)  # its job was abandoned
            page = ask(server, "/api/v1/clusters/act/events?limit=1000")[1]["items"]
            alerted = {one["serial"]: one for one in page if one["kind"] in ALERT_EVENTS}
            wait_until(lambda: len(called) == len(alerted), what="all of them")
            assert {one["serial"]: one for one in called} == alerted
            health = server.registry.health()
        webhooks = server.registry.health()["alerts"]["webhooks"]
    assert [one["name"] for one in webhooks] == ["127.0.0.1"] * 2
    assert (health["status"], webhooks[0]["failed"], webhooks[0]["dropped"]) == ("ok", 0, 0)
    sent = [event for request in ours.received for event in request.json["events"]]
    assert sorted(one["serial"] for one in sent) == sorted(alerted)
    assert {one["message"] for one in sent} == {None}  # no texts of errors unless asked for
    texts = "\n\n".join(request.json["text"] for request in slack.received)
    for said in (
        "act: new kind of error\nNew kind of error: RuntimeError\n"
        "https://dash.example/dispy/events.html?cluster=act",
        "act: stalled\nNo job has ended for",
        "act: node lost\n",
        "act: node has not joined\n",
        "act: done\nAll 11 jobs are done: 10 finished, 1 failed\n",
    ):
        assert said in texts
    assert NEAR in [one["node"] for one in sent if one["kind"] == "node_lost"]
