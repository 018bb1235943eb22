"""What the example programs share: where dispy runs here, and a last look at their dashboard."""

import json
import os
import time
import urllib.request
from urllib.parse import quote

from flask_dispy import patch_dispy

patch_dispy()

NODES, HOST, SCHEDULER, PORT = json.loads(os.environ["EXAMPLE_HERE"])
CLUSTER = {
    "nodes": NODES, "host": HOST, "dispy_port": PORT, "pulse_interval": 1, "ping_interval": 1,
}  # fmt: skip


def look(server, jobs, missing=0, **more):
    """Save what the dashboard shows once it has all jobs, ended and with their ids as texts.

    :param missing: how many nodes it must wait for by then.
    """

    def get(path):
        with urllib.request.urlopen(server.url + path, timeout=10) as answer:
            return json.load(answer)

    # Texts that only a __str__ can make come after the reports, in their order; ids come last.
    ids = sorted("" if job.id is None else str(job.id) for job in jobs)
    give_up_at = time.monotonic() + 20
    while True:
        summary = get("api/v1/clusters")["items"][0]
        # Names of programs have slashes.
        api = f"api/v1/clusters/{quote(quote(summary['name'], safe=''))}/"
        rows = get(api + "jobs?order=asc&limit=1000")["items"]
        are_done = summary["jobs"]["done"] == len(jobs)
        are_missed = summary["offers"]["waiting"] >= missing
        if are_done and are_missed and sorted(row["id"] or "" for row in rows) == ids:
            break
        assert time.monotonic() < give_up_at, f"not as expected: {summary}, {rows}"
        time.sleep(0.05)
    seen = {
        "summary": summary,
        "nodes": get(api + "nodes")["items"],
        "offers": get(api + "offers")["items"],
        "events": get(api + "events")["items"],
        "jobs": [get(f"{api}jobs/{row['serial']}") for row in rows],
        "problems": get("healthz")["problems"],
        "statuses": [job.status for job in jobs],
        **more,
    }
    with open("seen.json", "w") as file:
        json.dump(seen, file)
