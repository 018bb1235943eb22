"""dispy's own pages, unchanged, from the installed dispy, in real browsers against our server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dispy
import pytest
from playwright.sync_api import Page, expect

from flask_dispy.server import DispyHTTPServer

pytestmark = pytest.mark.browser

ACTIONS = ("allocate_node", "deallocate_node", "close_node")
HOSTILE = "<img src=x onerror='document.title=1'><script>document.title=1</script>"


@pytest.fixture
def server(registry: Any, scene: Any) -> Iterator[DispyHTTPServer]:
    registry.poll_sec = 2  # also how long the pages wait for an answer before they give up for good
    server = DispyHTTPServer(
        None,
        host="127.0.0.1",
        port=0,
        DocumentRoot=Path(dispy.__file__).parent / "data",
        registry=registry,
    )
    yield server
    server.shutdown(wait=False)


@pytest.fixture
def open_page(browser: Any, server: DispyHTTPServer) -> Iterator[Any]:
    contexts = []
    complaints: list[str] = []

    def open_page(path: str) -> Page:
        """Open a page in a browser of its own, with its own cookies."""
        context = browser.new_context()
        contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_monitor_shows_the_clusters_to_each_browser(open_page: Any, scene: Any) -> None:
    pages = [open_page("") for _ in range(2)]
    for page in pages:
        expect(page.locator("#jobs-submitted")).to_have_text("4")
        expect(page.locator("#nodes tr")).to_have_count(2)
    job = scene.cluster.submit()
    scene.cluster.start(job, scene.beta)
    for page in pages:
        expect(page.locator("#jobs-submitted")).to_have_text("5")
        row = page.locator("#nodes tr", has_text="10.0.0.10")
        expect(row.locator("td").nth(4)).to_have_text("1")


def test_monitor_shows_what_a_node_has_available(open_page: Any) -> None:
    cells = open_page("monitor.html").locator("#nodes tr", has_text="10.0.0.2").locator("td")
    expect(cells.nth(5)).to_have_text("97.50 %")
    expect(cells.nth(6)).to_have_text("22.66 GB")


def test_monitor_chooses_a_cluster(open_page: Any) -> None:
    page = open_page("")
    page.locator("select[name=cluster-names]").select_option("render")
    expect(page.locator("#jobs-submitted")).to_have_text("0")
    expect(page.locator("#nodes tr")).to_have_count(1)


def test_monitor_updates_when_asked_to(open_page: Any, scene: Any) -> None:
    page = open_page("")
    page.locator("#timeout-value").fill("0")
    page.locator("#update").click()
    expect(page.locator("#messages")).to_contain_text("Status updated")
    scene.cluster.submit()
    page.locator("#timeout-value").fill("1")
    page.locator("#update").click()
    expect(page.locator("#jobs-submitted")).to_have_text("5")
    scene.cluster.submit()
    expect(page.locator("#jobs-submitted")).to_have_text("6")


def test_monitor_sorts_its_nodes(open_page: Any, scene: Any) -> None:
    page = open_page("")
    addresses = page.locator("#nodes td:nth-child(2)")
    expect(addresses).to_have_text(["10.0.0.2", "10.0.0.10"])  # as text, descending
    page.locator("#sort-key").select_option("name")
    page.locator("#update").click()
    scene.cluster.start(scene.queued, scene.beta)  # a change, upon which it sorts anew
    expect(addresses).to_have_text(["10.0.0.10", "10.0.0.2"])


def test_monitor_acts_on_all_nodes(open_page: Any, scene: Any) -> None:
    page = open_page("")
    page.locator("select[name=cluster-names]").select_option("compute")
    page.locator("#all-nodes").check()
    page.locator("select[name=node-action]").select_option("deallocate_node")
    page.locator("#node-execute").click()
    expect(page.locator("#messages")).to_contain_text("Node execute success")
    assert sorted(arguments for _, arguments in scene.cluster.calls) == [
        ("10.0.0.10",),
        ("10.0.0.2",),
    ]
    assert scene.other.calls == []


def test_monitor_acts_on_selected_nodes(open_page: Any, scene: Any) -> None:
    page = open_page("")
    for action in ACTIONS:
        scene.cluster.calls.clear()
        page.locator("input[value='10.0.0.2']").check()
        page.locator("select[name=node-action]").select_option(action)
        with page.expect_response(f"**/{action}"):
            page.locator("#node-execute").click()
        expect(page.locator("#messages")).to_contain_text("Node execute success")
        assert [call[0] for call in scene.cluster.calls] == [action]


def test_node_shows_its_jobs_and_terminates_them(open_page: Any, scene: Any) -> None:
    page = open_page("node.html?host=10.0.0.2")
    expect(page.locator("#node_name")).to_have_text("alpha")
    rows = page.locator("#jobs-table tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("third")
    expect(rows).to_contain_text("n=3")
    page.locator("#timeout-value").fill("0")
    page.locator("#update").click()
    page.wait_for_timeout(300)
    page.locator("input[name=job]").check()
    page.locator("select[name=cancel-confirm]").select_option("Yes")
    page.locator("#cancel-jobs").click()
    expect(rows.locator("td").nth(3)).to_have_text("Terminated")
    assert [call[0] for call in scene.cluster.calls] == ["cancel"]


def test_node_terminates_nothing_unconfirmed(open_page: Any, scene: Any) -> None:
    page = open_page("node.html?host=10.0.0.2")
    page.locator("#timeout-value").fill("0")
    page.locator("#update").click()
    page.locator("#all-jobs").check()
    page.locator("#cancel-jobs").click()
    expect(page.locator("#messages")).to_contain_text("not confirmed")
    assert scene.cluster.calls == []


def test_node_shows_another_by_its_name(open_page: Any, scene: Any) -> None:
    page = open_page("node.html?host=10.0.0.2")
    page.locator("#host").fill("Beta")
    page.locator("#update").click()
    expect(page.locator("#node_ip_addr")).to_have_text("10.0.0.10")
    expect(page.locator("#messages")).to_contain_text("No jobs running on this node")


def test_node_shows_the_jobs_of_one_cluster(open_page: Any) -> None:
    page = open_page("node.html?host=10.0.0.2")
    rows = page.locator("#jobs-table tbody tr")
    expect(rows).to_have_count(1)
    page.locator("select[name=cluster-names]").select_option("render")
    expect(page.locator("#messages")).to_contain_text("No jobs running on this node")
    page.locator("select[name=cluster-names]").select_option("compute")
    expect(rows).to_be_visible()


def test_node_is_acted_on_in_all_clusters(open_page: Any, scene: Any) -> None:
    page = open_page("node.html?host=10.0.0.2")
    expect(page.locator("#node_name")).to_have_text("alpha")
    for number, action in enumerate(ACTIONS, 1):
        page.locator("select[name=node-action]").select_option(action)
        with page.expect_response(f"**/{action}"):
            page.locator("#node-execute").click()
        expect(page.locator("#messages")).to_contain_text("Node action successful")
        for cluster in (scene.cluster, scene.other):
            assert [call[0] for call in cluster.calls] == list(ACTIONS[:number])


def test_node_changes_the_update_interval(open_page: Any, registry: Any) -> None:
    page = open_page("node.html?host=10.0.0.2")
    page.locator("#timeout-value").fill("7")
    with page.expect_response("**/update") as found:
        page.locator("#update").click()
    assert found.value.json()["poll_sec"] == 7
    assert registry.poll_sec == 7


def test_unknown_node_is_reported(open_page: Any) -> None:
    page = open_page("node.html?host=10.9.9.9")
    expect(page.locator("#messages")).to_contain_text("Node update failed")


def test_manage_sets_cpus(open_page: Any, scene: Any) -> None:
    scene.cluster.answers["set_node_cpus"] = lambda _node, cpus: cpus
    page = open_page("manage.html")
    page.locator("input[name='cpus_10.0.0.10']").fill("2")
    page.locator("#update-cpus").click()
    expect(page.locator("#messages")).to_contain_text("CPUs for 10.0.0.10 changed to 2")


def test_manage_adds_nodes(open_page: Any, scene: Any) -> None:
    page = open_page("manage.html")
    page.locator("input[name=host_1]").fill("127.0.0.9")
    page.locator("input[name=cpus_1]").fill("3")
    page.locator("#add-nodes").click()
    expect(page.locator("#messages")).to_contain_text('Node 1 "127.0.0.9" requested')
    assert [call[0] for call in scene.cluster.calls] == ["allocate_node"]


def test_manage_adds_a_node_to_the_chosen_cluster(open_page: Any, scene: Any) -> None:
    page = open_page("manage.html")
    page.locator("select[name=cluster-names]").select_option("render")
    page.locator("input[name=host_2]").fill("127.0.0.*")
    page.locator("input[name=port_2]").fill("9710")
    page.locator("#add-nodes").click()
    expect(page.locator("#messages")).to_contain_text('Node 2 "127.0.0.*" requested')
    ((method, (request,)),) = scene.other.calls
    assert (method, request["host"], request["port"]) == ("allocate_node", "127.0.0.*", 9710)
    assert scene.cluster.calls == []


def test_manage_shows_that_a_host_does_not_resolve(open_page: Any, scene: Any) -> None:
    page = open_page("manage.html")
    page.locator("input[name=host_3]").fill("no host")
    page.locator("#add-nodes").click()
    expect(page.locator("#messages")).to_contain_text("Node 3 is invalid")
    assert scene.cluster.calls == []


def test_manage_leaves_cpus_unused(open_page: Any, scene: Any) -> None:
    for cluster in (scene.cluster, scene.other):
        cluster.answers["set_node_cpus"] = lambda _node, cpus: 4 + cpus
    page = open_page("manage.html")
    page.locator("select[name=cluster-names]").select_option("* Combined")
    page.locator("input[name='cpus_10.0.0.2']").fill("-1")
    page.locator("#update-cpus").click()
    expect(page.locator("#messages")).to_contain_text("CPUs for 10.0.0.2 changed to 3")


def test_job_text_never_runs_in_dispys_pages(open_page: Any, scene: Any) -> None:
    """dispy's pages put texts into the page as HTML; the content policy keeps them from running."""
    job = scene.cluster.submit(HOSTILE, job_id=HOSTILE)
    scene.cluster.start(job, scene.beta)
    page = open_page("node.html?host=10.0.0.10")
    expect(page.locator("#jobs-table tbody tr")).to_have_count(1)
    page.wait_for_timeout(300)
    assert page.title() == "dispy: Node Information"
