/** @import {Shell} from "../frame/parts.js" */
/** @import {Event, Events} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { byWhom, EVENT_KINDS, eventHref, eventsFeed, eventText, lineText, linesOf, lookOf } from "../data/events.js";
import { showWithFigures } from "../frame/firstpaint.js";
import { startShell } from "../frame/shell.js";
import { h, need, setAttr, setChildren, setText, show, stateIcon } from "../lib/dom.js";
import { clock, count, day, exact, plain } from "../lib/format.js";
import { createExportMenu } from "../widgets/exportmenu.js";

const PAGE = 100;

/** What may be shown alone. */
const GROUPS = [
  { name: "", label: "All" },
  { name: "problems", label: "Problems" },
  { name: "nodes", label: "Nodes" },
  { name: "jobs", label: "Jobs" },
  { name: "changes", label: "Changes" },
];

export function start(shell = startShell("Events")) {
  showWithFigures(shell.store);
  new EventsPage(shell);
  shell.feed.start();
}

class EventsPage {
  #shell;
  #list = need("list");
  #more = h("button", { type: "button", class: "button", hidden: true, text: "Show earlier events" });
  #group;
  #feed;
  /** @type {Event[]} */
  #items = [];
  #wanted = PAGE;

  /** @param {Shell} shell */
  constructor(shell) {
    this.#shell = shell;
    const { api, cluster, store, summary, url } = shell;
    this.#group = GROUPS.find(({ name }) => name === url.get("show")) ?? GROUPS[0];
    need("groups").append(...GROUPS.map((group) => this.#groupButton(group)));
    need("list").after(this.#more);
    this.#more.addEventListener("click", () => {
      this.#wanted += PAGE;
      void this.#feed.read();
    });
    this.#feed = eventsFeed({
      api,
      cluster,
      asked: () => ({ kind: this.#kinds(), limit: Math.min(this.#wanted, 1000) }),
      onChange: (events) => this.#show(events),
    });
    store.onData(() => this.#feed.update(summary()));
    const request = () => ({ path: clusterPath(cluster, "events"), params: { kind: this.#kinds() } });
    need("export").append(createExportMenu({ api, what: "events", request }));
  }

  /** The kinds of events that are shown; none: all. @returns {string[]} */
  #kinds() {
    return EVENT_KINDS.filter(({ groups }) => groups.includes(this.#group.name)).map(({ kind }) => kind);
  }

  /** @param {typeof GROUPS[number]} group */
  #groupButton(group) {
    const button = h("button", { type: "button", "aria-pressed": String(group === this.#group), text: group.label });
    button.addEventListener("click", () => {
      for (const other of need("groups").children) other.setAttribute("aria-pressed", String(other === button));
      this.#group = group;
      this.#wanted = PAGE;
      this.#shell.url.set({ show: group.name || null });
      void this.#feed.read();
    });
    return button;
  }

  /** @param {Events} events */
  #show({ items, total, counts }) {
    this.#items = items;
    const shown = this.#group.name ? this.#kinds() : Object.keys(counts);
    const gone = shown.reduce((sum, kind) => sum + (counts[kind] ? counts[kind].happened - counts[kind].kept : 0), 0);
    const older = gone ? `; ${count(gone)} older ones are not kept` : "";
    setText(need("shown"), total ? `Showing ${count(items.length)} of ${count(total)}${older}` : "");
    show(need("none"), items.length === 0);
    show(this.#list, items.length > 0);
    show(this.#more, items.length < total && items.length < 1000);
    this.#draw();
  }

  /** Elements that stay keep their place and the focus. */
  #draw() {
    const before = new Map([...this.#list.children].map((element) => [element.getAttribute("data-key"), element]));
    let shownDay = "";
    /** @type {Element[]} */
    const elements = [];
    for (const line of linesOf(this.#items)) {
      const today = day(line[0].at);
      if (today !== shownDay) {
        const key = `day ${today}`;
        elements.push(before.get(key) ?? h("li", { class: "event-day", "data-key": key, text: today }));
        shownDay = today;
      }
      const key = line.map(({ serial }) => serial).join();
      elements.push(before.get(key) ?? this.#line(line, key));
    }
    setChildren(this.#list, elements);
  }

  /** @param {Event[]} line @param {string} key */
  #line(line, key) {
    const { href, summary } = this.#shell;
    const [event] = line;
    const to = line.length === 1 ? eventHref(event, href) : href("monitor.html");
    const text = lineText(line);
    const what = to ? h("a", { href: to, text }) : h("span", { text });
    if (line.length > 1) setAttr(what, "title", line.slice(0, 30).map(eventText).join("\n"));
    const where = summary()?.combined && event.cluster ? plain(event.cluster) : "";
    return h(
      "li",
      { class: "event", "data-key": key, "data-kind": event.kind },
      stateIcon(lookOf(event.kind)),
      h("time", { class: "event-time muted", title: exact(event.at), text: clock(event.at) }),
      h("span", { class: "event-what" }, what),
      h("span", { class: "event-who muted", text: [byWhom(event), where].filter(Boolean).join(" · ") }),
    );
  }
}
