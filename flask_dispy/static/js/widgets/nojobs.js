/** The words in place of rows, where a list of jobs has none. */

import { ApiError } from "../data/api.js";
import { h, setText, show } from "../lib/dom.js";

/** @import {JobListState} from "../data/joblist.js" */

/** Whether the server found something wrong with the search itself. @param {Error|null} error */
export function isRefused(error) {
  return error instanceof ApiError && error.field === "q";
}

/** @param {{past: boolean, clear: () => void, again: () => void}} options */
export function emptyMessage({ past, clear, again }) {
  const title = h("strong", {});
  const text = h("p", {});
  const clearing = h("button", { type: "button", class: "button", onclick: clear }, "Clear the search");
  const retry = h("button", { type: "button", class: "button", onclick: again }, "Try again");
  const element = h("div", { class: "empty", role: "status" }, title, text, clearing, retry);
  return {
    element,
    /** @param {JobListState} state @param {string} query */
    update({ phase, error }, query) {
      const refused = isRefused(error);
      const [head, body] = emptyWords({ phase, error }, query !== "", past);
      setText(title, head);
      setText(text, body);
      show(clearing, refused || (phase === "ready" && query !== ""));
      show(retry, phase === "failed" && !refused);
    },
  };
}

/** @param {Pick<JobListState, "phase"|"error">} state @param {boolean} searched @param {boolean} past */
function emptyWords({ phase, error }, searched, past) {
  if (phase === "failed")
    return [isRefused(error) ? "This can't be searched for" : "The jobs can't be read", error?.message ?? ""];
  if (phase === "loading") return ["Loading jobs …", ""];
  if (searched)
    return [
      "No job matches",
      "Words look in id, arguments, node and error; qualifiers such as state:failed or node:10.0.0.7 in one of them.",
    ];
  if (past) return ["No job", "None of this run had ended, or none is loaded."];
  return ["No job yet", "Jobs appear here as soon as a program submits one with cluster.submit(…)."];
}
