/** Links from a job to those like it. */

import { queryDuration } from "../data/durations.js";
import { formatQuery } from "../data/query.js";
import { h, setAttr, show } from "../lib/dom.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {JobDetail} from "../data/jobtext.js" */

/** What jobs may have in common, and the search for them; null where this one has nothing of it. */
const LIKE = /** @type {[string, (job: JobDetail) => string|null][]} */ ([
  ["same function", ({ cluster }) => formatQuery([{ field: "cluster", value: cluster }])],
  ["same node", ({ node }) => node && formatQuery([{ field: "node", value: node }])],
  ["same error", ({ error_kind: kind }) => kind && `error-kind:${kind}`],
  ["ran longer", ({ duration_sec: ran, ended_at: ended }) => (ended && ran ? `slower:${queryDuration(ran)}` : null)],
]);

/**
 * @param {HTMLElement} element
 * @param {Pick<Shell, "href">} shell
 */
export function createJobLike(element, { href }) {
  const links = LIKE.map(([text, searchFor]) => ({ searchFor, link: h("a", { class: "job-like-link" }, text) }));
  element.append(
    h("nav", { class: "job-like", "aria-label": "Jobs like it" }, "Jobs: ", ...links.map(({ link }) => link)),
  );
  return {
    /** @param {JobDetail} job */
    update(job) {
      for (const { link, searchFor } of links) {
        const q = searchFor(job);
        show(link, q !== null);
        setAttr(link, "href", q === null ? null : href("jobs.html", { q }));
      }
    },
  };
}
