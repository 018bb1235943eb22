/** The five commonest kinds of errors, on Monitor; hidden if there are none. */

import { errorKindsFeed, kindTitle, searchOfKind } from "../data/errorkinds.js";
import { h, setAttr, setText, show } from "../lib/dom.js";
import { count, counted, exact, percent, relative } from "../lib/format.js";
import { KeyedList } from "../lib/keyedlist.js";
import { createCourse, createKindName } from "./errorcolumns.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {ErrorKind} from "../data/types.js" */

const MOST = 5;

/**
 * @param {HTMLElement} section  hidden while no job failed
 * @param {Shell} shell
 * @returns {() => void} reads them again if more jobs have failed
 */
export function createTopErrors(section, shell) {
  const { api, cluster, href, store, summary } = shell;
  const caption = h("span", { class: "table-count" });
  const list = h("ul", { class: "top-errors" });
  const all = h("a", { class: "end top-errors-all", href: href("jobs.html", { view: "errors" }), text: "All errors" });
  section.append(h("div", { class: "panel-head" }, h("h2", { text: "Errors" }), caption, all), list);
  const kinds = new KeyedList(
    list,
    (/** @type {ErrorKind} */ kind) => kind.id,
    () => createItem(shell),
  );
  const tick = () => kinds.entries.forEach((item) => item.tick(store.now()));
  const feed = errorKindsFeed({
    api,
    cluster,
    limit: () => MOST,
    onChange({ items, total, failed }) {
      setText(caption, `${counted(failed, "failed job")} of ${counted(total, "kind")}`);
      kinds.show(items);
      show(section, items.length > 0);
      tick();
    },
  });
  shell.everySecond(tick);
  return () => {
    const known = summary();
    if (known?.jobs.failed) feed.update(known);
    else show(section, false);
  };
}

/** @param {Shell} shell */
function createItem({ href }) {
  const name = createKindName();
  const link = h("a", { class: "kind-name" }, ...name.parts);
  const jobs = h("span", { class: "top-errors-count" });
  const share = h("span", { class: "top-errors-share muted" });
  const last = h("time", { class: "top-errors-last muted" });
  const course = createCourse();
  const element = h("li", {}, link, course.element, jobs, share, last);
  /** @type {ErrorKind|null} */
  let shown = null;
  return {
    element,
    /** @param {ErrorKind} kind */
    update(kind) {
      shown = kind;
      name.update(kind);
      setAttr(link, "href", href("jobs.html", { q: searchOfKind(kind) }));
      setAttr(link, "title", kindTitle(kind));
      setText(jobs, counted(kind.count, "job"));
      setText(share, percent(kind.share));
      setAttr(share, "title", `${count(kind.count)} of the jobs of ${kind.function} that ended`);
    },
    /** @param {number} now */
    tick(now) {
      if (!shown) return;
      course.update(shown, now);
      setText(last, relative(shown.last_at, now));
      setAttr(last, "title", `Last seen ${exact(shown.last_at)}`);
    },
  };
}
