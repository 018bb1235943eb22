/** @import {Look} from "./nodecolumns.js" */
/** @import {NodeRow} from "../data/types.js" */
import { h, setAttr, setText, show } from "../lib/dom.js";
import { count } from "../lib/format.js";

/**
 * The CPUs of a node, changed in place: a number field whose button appears once it differs.
 * An update never overwrites what is being typed.
 *
 * @param {HTMLElement} element
 * @param {(row: NodeRow, cpus: number) => void} save
 * @returns {(row: NodeRow) => void} shows a row
 */
export function createCpusEdit(element, save) {
  /** @type {NodeRow|null} */
  let row = null;
  const input = h("input", { class: "input", type: "number", step: "1", oninput: typed });
  const button = h("button", { type: "submit", class: "button small primary", text: "Set", hidden: true });
  const of = h("span", { class: "muted" });
  element.append(h("form", { class: "cpus-edit", onsubmit: submit, onkeydown: keys }, input, of, button));

  const changed = () => row !== null && input.value.trim() !== "" && Number(input.value) !== row.cpus;
  const valid = () => Number.isInteger(Number(input.value));

  function typed() {
    show(button, changed());
    setAttr(input, "aria-invalid", changed() && !valid() ? "true" : null);
  }

  function reset() {
    if (row) input.value = String(row.cpus);
    typed();
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (!row || !changed() || !valid()) return;
    save(row, Number(input.value));
    show(button, false);
    input.focus();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (event.key === "Escape") reset();
  }

  return (next) => {
    const another = row?.ip_addr !== next.ip_addr;
    const untouched = another || !changed() || document.activeElement !== input;
    const arrived = row !== null && !another && row.cpus !== next.cpus;
    const edited = !another && changed();
    row = next;
    if (another) setAttr(input, "aria-label", `CPUs of ${next.ip_addr}; negative: that many left out`);
    setText(of, `of ${count(next.avail_cpus)}`);
    if (another || !edited || (arrived && untouched)) reset();
  };
}

/**
 * The CPUs of each node, to be changed in its row.
 *
 * @param {(row: NodeRow, cpus: number) => void} save
 * @returns {Look}
 */
export const cpusEditColumn = (save) => ({
  key: "cpus",
  hint: "CPUs that dispy may use, of those the node offers; negative: that many left out",
  width: [190, 0.8],
  first: "desc",
  value: (row) => row.cpus,
  text: (row) => count(row.cpus),
  render: (cell) => createCpusEdit(cell, save),
});
