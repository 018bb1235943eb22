/** @import {Api, QueryParams} from "../data/api.js" */
import { curlOf, FORMATS, pythonOf } from "../data/exports.js";
import { h, setAttr, setText } from "../lib/dom.js";
import { createPopover } from "../lib/popover.js";
import { copies } from "./clipboard.js";

/**
 * A button whose panel exports the list that is shown: as a complete file, or as a command.
 *
 * @param {object} options
 * @param {Pick<Api, "url"|"user">} options.api
 * @param {string} options.what a word for the rows
 * @param {string} [options.which] which of them are exported
 * @param {() => {path: string, params: QueryParams, ordered?: boolean}} options.request the request for what the
 *   list shows now; `ordered` false: the server can't sort as the list does
 * @returns {HTMLElement}
 */
export function createExportMenu({ api, what, which = `All ${what} found`, request }) {
  const button = h("button", { type: "button", class: "button small" }, "Export");
  const links = FORMATS.map(([format, word]) => ({
    format,
    element: h("a", { class: "button", download: "" }, word),
  }));
  /** @param {string} format */
  const address = (format) => {
    const { path, params } = request();
    return api.url(path, { ...params, format });
  };
  /** @param {string} format */
  const whole = (format) => new URL(address(format), location.href).href;
  const caption = h("p", { class: "caption" });
  const panel = h(
    "div",
    { class: "export-menu" },
    caption,
    ...links.map(({ element }) => element),
    copyButton("Copy as curl", () => curlOf(whole("csv"), api.user)),
    copyButton("Copy as Python", () => pythonOf(whole("jsonl"), what, api.user)),
  );
  const popover = createPopover(button, panel, {
    onOpen: () => {
      setText(caption, which + (request().ordered === false ? "" : ", in this order"));
      for (const { format, element } of links) setAttr(element, "href", address(format));
    },
  });
  for (const { element } of links) element.addEventListener("click", () => popover.close({ refocus: true }));
  return popover.element;
}

/** @param {string} word @param {() => string} text */
function copyButton(word, text) {
  const button = h("button", { type: "button", class: "button" }, word);
  copies(button, text, "Can't copy here");
  return button;
}
