"""A page's script is a function that takes what the page stands in: here it stands in stubs."""

from __future__ import annotations

from browser.stage import Stage
from playwright.sync_api import Page, expect

# A shell whose server answers when the test lets it.
_START = """async (script) => {
    const { start } = await import(script);
    const { createStore } = await import(new URL("../data/store.js", script).href);
    const store = createStore();
    const nothing = () => {};
    window.seen = { asked: [], started: 0, keys: [] };
    const ask = (...what) => new Promise((resolve) => {
        seen.asked.push(what);
        window.answer = resolve;
    });
    start({
        config: {
            permissions: { manage_nodes: true },
            node_fields: [], job_fields: [], clusters: ["compute"], limits: { query_letters: 500 },
        },
        cluster: "compute", store, storage: null,
        api: { get: (path) => ask("GET", path), send: ask },
        feed: { start: () => { seen.started += 1; } },
        keys: { bind: (keys) => seen.keys.push(keys), describe: nothing },
        notices: { show: nothing, error: nothing, say: nothing },
        url: { get: (name) => new URLSearchParams(location.search).get(name) ?? "", set: nothing },
        summary: () => undefined, href: (page) => page, update: nothing, everySecond: nothing,
    });
}"""


def _start(stage: Stage, path: str) -> Page:
    """Open a page without its bundle, and start its own module in stubs."""

    def leave_bundle_out(page: Page) -> None:
        page.route("**/bundle/*.js", lambda route: route.abort())

    page = stage.open(path, before=leave_bundle_out)
    bundle: str = page.locator("script[src*='/bundle/']").evaluate("script => script.src")
    page.evaluate(_START, bundle.replace("/bundle/", "/js/pages/"))
    return page


def test_jobs_page_starts_and_asks_once(stage: Stage) -> None:
    page = _start(stage, "jobs.html?q=state:failed")
    expect(page.get_by_text("Loading jobs …")).to_be_visible()
    assert page.evaluate("seen.asked") == [["GET", "clusters/compute/jobs"]]
    assert page.evaluate("seen.started") == 1
    assert {"/", "j", "k"} <= set(page.evaluate("seen.keys"))
    page.evaluate("answer({ total: 0, items: [], next: null, counts: {}, limit: 100 })")
    expect(page.get_by_text("No job matches")).to_be_visible()


def test_host_that_is_typed_while_another_is_asked_stays(stage: Stage) -> None:
    page = _start(stage, "manage.html")
    host = page.get_by_label("Host or IP address")
    host.fill("10.0.0.7")
    host.press("Enter")
    expect(page.get_by_role("button", name="Allocate", exact=True).first).to_be_disabled()
    host.fill("10.0.0.8")
    page.evaluate("answer({ outcomes: [{ ok: true, code: 'asked', message: '', cluster: '' }] })")
    expect(page.get_by_role("button", name="Allocate", exact=True).first).to_be_enabled()
    expect(host).to_have_value("10.0.0.8")
