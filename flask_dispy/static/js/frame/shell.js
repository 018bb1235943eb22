/** @import {Shell} from "./parts.js" */
/** @import {Store} from "../data/store.js" */
/** @import {Config} from "../data/types.js" */
import { Api } from "../data/api.js";
import { clusterLabel, COMBINED } from "../data/config.js";
import { need, setOptions } from "../lib/dom.js";
import { Feed } from "../data/feed.js";
import { fetchAfter } from "../data/firstanswer.js";
import { plain } from "../lib/format.js";
import { BrowserNotices } from "./browsernotices.js";
import { headline } from "./headline.js";
import { createHelp } from "./help.js";
import { createKeys } from "../lib/keys.js";
import { createNotices } from "./notices.js";
import { startPastRun } from "./pastrun.js";
import { initialInterval, startSettings } from "./settings.js";
import { startSince } from "./since.js";
import { startStatus } from "./status.js";
import { openStorage } from "../lib/storage.js";
import { clusterNames, createStore } from "../data/store.js";
import { shareStreams } from "../data/sharedstream.js";
import { startTheme } from "./theme.js";
import { createUrlState, pageHref, queryString } from "../lib/url.js";

/**
 * Start everything around a page's content.
 *
 * @param {string} pageName as the title says it: "Monitor"
 * @returns {Shell}
 */
export function startShell(pageName) {
  /** @type {Config} */
  const config = JSON.parse(document.body.dataset.config ?? "");
  const { cluster } = config;
  const url = createUrlState(window);
  const storage = openStorage(window);
  const { dispyFirst } = /** @type {{dispyFirst?: import("../data/firstanswer.js").FirstAnswer}} */ (window);
  const api = new Api({
    base: config.api,
    csrfToken: config.csrf_token,
    user: config.user,
    fetch: fetchAfter(dispyFirst, document.baseURI),
    onRemedy: () => void feed.update(),
  });
  const store = createStore();
  let leaving = false;
  const feed = new Feed({
    api,
    store,
    cluster,
    interval: initialInterval(storage, config),
    pollSec: config.poll_sec,
    openStream: streamOpener(),
    visibility: {
      hidden: () => document.hidden || leaving,
      onChange(listener) {
        // A window that is closed leaves its stream to the others; one that is restored from the cache needs one again.
        window.addEventListener("pagehide", () => {
          leaving = true;
          listener();
        });
        window.addEventListener("pageshow", ({ persisted }) => {
          leaving = false;
          if (persisted) listener();
        });
        document.addEventListener("visibilitychange", listener);
        // A stream stays silently open if its network goes away.
        for (const change of ["offline", "online"]) window.addEventListener(change, listener);
      },
    },
  });
  /** @type {Shell} */
  const shell = {
    config,
    cluster,
    api,
    store,
    feed,
    keys: createKeys(document, storage),
    notices: createNotices(need("notices"), need("live")),
    url,
    storage,
    summary: () => chosenSummary(store, cluster),
    href: (page, params = {}) => pageHref(page, { cluster, ...params }),
    update() {
      store.announce("update");
      void feed.update();
    },
    everySecond,
  };
  keepCluster(shell);
  startChooser(shell);
  startSettings(shell);
  startStatus(shell);
  startPastRun(shell);
  startSince(shell);
  startTheme(storage);
  startKeys(shell);
  startHeadline(shell, pageName);
  need("update").addEventListener("click", shell.update);
  return shell;
}

/**
 * The chosen cluster's summary; if there is only one cluster, its summary stands for the combined one.
 *
 * @param {Store} store
 * @param {string} cluster
 */
function chosenSummary({ clusters }, cluster) {
  const single = [...clusters.values()].filter((one) => !one.combined);
  return cluster === COMBINED && single.length === 1 ? single[0] : clusters.get(cluster);
}

/** How to open a stream: shared by all windows that show the same cluster, if the browser supports that. */
function streamOpener() {
  if (!("EventSource" in window)) return null;
  /** @param {string} address */
  const open = (address) => new EventSource(address);
  if (!("BroadcastChannel" in window)) return open;
  const share = shareStreams({ open, channel: (name) => new BroadcastChannel(name) });
  return (/** @type {string} */ address) => share(new URL(address, document.baseURI).href);
}

/** @param {() => void} run */
function everySecond(run) {
  setInterval(() => {
    if (!document.hidden) run();
  }, 1000);
}

/** Keep the chosen cluster in the header's links. @param {Shell} shell */
function keepCluster({ href }) {
  for (const link of document.querySelectorAll("a[data-page-link]")) {
    if (link instanceof HTMLAnchorElement) link.setAttribute("href", href(link.dataset.pageLink ?? ""));
  }
}

/** @param {Shell} shell */
function startChooser({ config, cluster, store }) {
  const select = /** @type {HTMLSelectElement} */ (need("cluster"));
  const fill = () => setOptions(select, choices(clusterNames({ store, config }), config, cluster), cluster);

  select.addEventListener("change", () => {
    const query = new URLSearchParams(location.search);
    query.delete("cluster");
    if (select.value !== COMBINED) query.set("cluster", select.value);
    location.assign(location.pathname + queryString(query));
  });
  // When the user comes back to a page, the browser restores what was last chosen on it.
  window.addEventListener("pageshow", () => (select.value = cluster));
  store.onData(fill);
  fill();
}

/** A past run's name, of which the end stays: its time tells it from others. @param {string} name */
const withEnd = (name) => (name.length > 38 ? `${name.slice(0, 14)}…${name.slice(-23)}` : name);

/**
 * The choices: all combined first if there are several; else the only cluster.
 *
 * @param {string[]} known names of the clusters
 * @param {Config} config
 * @param {string} chosen stays in the list even when nothing is known of it
 * @returns {[string, string][]} value and label
 */
function choices(known, { past }, chosen) {
  const label = (/** @type {string} */ name) => (past ? withEnd(plain(name)) : plain(name));
  if (known.length === 1 && (chosen === COMBINED || chosen === known[0])) return [[chosen, label(known[0])]];
  const names = [COMBINED, ...known];
  if (!names.includes(chosen)) names.push(chosen);
  return names.map((name) => [name, label(clusterLabel(name))]);
}

/** @param {Shell} shell */
function startKeys({ keys, config, href, update }) {
  const help = createHelp(keys, config.version);
  /** @type {[string, string, string][]} */
  const pages = [
    ["g m", "Monitor", "monitor.html"],
    ["g n", "Node", "node.html"],
    ["g j", "Jobs", "jobs.html"],
    ["g t", "Timeline", "timeline.html"],
    ["g e", "Events", "events.html"],
    ["g a", "Manage", "manage.html"],
    ["g r", "Runs", "runs.html"],
  ];
  for (const [combination, name, page] of pages) {
    if ((config.past && page === "manage.html") || (!config.runs && page === "runs.html")) continue;
    keys.bind(combination, `Go to ${name}`, () => location.assign(href(page)));
  }
  if (!config.past) keys.bind("u", "Update now", update);
  keys.bind("?", "This help", help);
  keys.describe([["Esc", "Close what is open"]]);
  need("help").addEventListener("click", help);
}

/** The tab's title and picture, and the browser's notices. @param {Shell} shell @param {string} page */
function startHeadline(shell, page) {
  const { store, summary, everySecond } = shell;
  const link = /** @type {HTMLLinkElement} */ (need("favicon"));
  const resting = link.href;
  let picture = resting;
  const notices = new BrowserNotices(shell, (title, body, tag) => {
    new Notification(title, { body, icon: resting, tag });
  });

  function update() {
    const { title, favicon } = headline(page, summary(), resting);
    if (document.title !== title) document.title = title;
    picture = favicon;
    notices.update(summary(), Date.now() / 1000);
  }

  // At most once a second, because each picture is a document of its own to the browser.
  function paint() {
    if (link.href !== picture) link.href = picture;
  }

  store.onData(update);
  everySecond(() => {
    update();
    paint();
  });
  update();
}
