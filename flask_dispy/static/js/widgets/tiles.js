/** @import {JobWord} from "../data/jobwords.js" */
/** @import {Cost, Summary} from "../data/types.js" */
import { h, setAttr, setStyle, setText, stateIcon } from "../lib/dom.js";
import { compact, count, counted, money, percent, rate, seconds } from "../lib/format.js";
import { countOf, END_WORDS } from "../data/jobwords.js";
import { notEnded } from "../frame/pastrun.js";

/**
 * @typedef {object} Tile
 * @property {string} label
 * @property {JobWord} [state] whose mark and jobs it shows
 * @property {(summary: Summary) => number} value
 * @property {(summary: Summary) => string} [text]
 * @property {(summary: Summary) => string} [of] smaller text beside the value
 * @property {(summary: Summary) => string} [title]
 * @property {(summary: Summary) => string} [named] its label, where that changes
 */

/** How much smaller the letters beside a figure are; see .tile-of. */
const OF_SIZE = 0.58;

/** Counts of more letters have all tiles stand in two lines, unless the window is wide: see .is-long. */
const LONG = 6;

/** Includes the jobs from before watching began, of which only the number is known. @type {Tile} */
const QUEUED = {
  state: "queued",
  label: "Queued",
  value: ({ jobs }) => jobs.queued + (jobs.before_watching ?? 0),
  title: ({ jobs }) =>
    jobs.before_watching
      ? `${counted(jobs.queued, "job")} queued, and ${count(jobs.before_watching)} from before watching began, which wait or run`
      : `${counted(jobs.queued, "job")} queued`,
};

/** @type {Tile[]} */
const TILES = [
  jobTile("running"),
  QUEUED,
  ...END_WORDS.map(jobTile),
  {
    label: "CPUs busy",
    value: ({ cpus }) => cpus.busy,
    text: ({ cpus }) => compact(cpus.busy),
    of: ({ cpus }) => (cpus.busy > cpus.total ? "" : compact(cpus.total)),
    title: ({ cpus }) =>
      cpus.busy > cpus.total
        ? `${count(cpus.busy)} CPUs busy, ${count(cpus.total)} to be used`
        : `${count(cpus.busy)} of ${count(cpus.total)} CPUs busy (${percent(cpus.total ? cpus.busy / cpus.total : null)})`,
  },
  {
    label: "Nodes up",
    value: ({ nodes }) => nodes.up,
    text: ({ nodes }) => compact(nodes.up),
    of: ({ nodes }) => compact(nodes.known),
    title: ({ nodes }) =>
      `${count(nodes.up)} up, ${count(nodes.silent)} silent, ${count(nodes.lost)} lost, ${count(nodes.closed)} closed`,
  },
  { label: "Jobs per second", value: (summary) => summary.jobs_per_sec, text: (summary) => rate(summary.jobs_per_sec) },
  {
    label: "CPU hours used",
    named: ({ cost, state }) => (isPriced(cost) ? (state === "open" ? "Cost so far" : "Cost") : "CPU hours used"),
    value: ({ cost }) => cost?.money ?? cost?.used_sec ?? 0,
    text: ({ cost }) => (isPriced(cost) ? amount(cost?.money) : hours(cost?.used_sec)),
    of: ({ cost }) => {
      if (!isPriced(cost)) return hours(cost?.offered_sec);
      return goesOn(cost) ? amount(cost?.end_money) : "";
    },
    title: ({ cost }) => (cost ? costInWords(cost) : ""),
  },
];

/** Whether it is known what will be paid in the end, and that it is more. @param {Cost|undefined} cost */
const goesOn = (cost) => typeof cost?.end_money === "number" && cost.end_money !== cost.money;

/** @param {Cost|undefined} cost */
const isPriced = (cost) => typeof cost?.money === "number";

/** @param {number|undefined} sec */
const hours = (sec) => ((sec ?? 0) < 3.6e7 ? rate : compact)((sec ?? 0) / 3600);

/** Money in little room. @param {number|null|undefined} n */
const amount = (n) => (typeof n === "number" && n >= 1000 ? compact(Math.round(n)) : money(n));

/** @param {Cost} cost */
function costInWords(cost) {
  const { end_money: end, end_early_money: early, end_late_money: late } = cost;
  const time = `Of ${seconds(cost.offered_sec)} of CPU time that nodes offered, jobs used ${seconds(cost.used_sec)}; ${seconds(cost.idle_sec)} were idle, and ${seconds(cost.lost_sec)} were lost to failures.`;
  if (!isPriced(cost)) return time;
  const range = early === late ? "" : ` (${money(early)} to ${money(late)})`;
  const rest = !goesOn(cost) ? "" : `, about ${money(end)}${range} when all jobs are done`;
  return `${money(cost.money)} so far${rest}; ${money(cost.money_per_hour)} an hour as it is now. ${time}`;
}

/** The tiles of a run that is over. @type {Tile[]} */
const PAST_TILES = [
  {
    label: "Not ended",
    value: ({ jobs }) => notEnded(jobs),
    title: ({ jobs, cut_off }) =>
      `${count(jobs.running)} ran and ${count(jobs.queued)} waited when it was ${cut_off ? "cut off" : "closed"}; the history does not keep them`,
  },
  ...END_WORDS.map(jobTile),
  {
    label: "CPUs",
    value: ({ cpus }) => cpus.total,
    text: ({ cpus }) => compact(cpus.total),
    title: ({ cpus }) => `${count(cpus.total)} CPUs at the most`,
  },
  { label: "Nodes", value: ({ nodes }) => nodes.known, text: ({ nodes }) => compact(nodes.known) },
  { label: "Took", value: tookSec, text: (summary) => seconds(tookSec(summary)) },
  {
    label: "Jobs per second",
    value: meanRate,
    text: (summary) => rate(meanRate(summary)),
    title: () => "On average over the whole run",
  },
  ...TILES.slice(-1),
];

/** @param {Summary} summary */
function tookSec({ started_at, closed_at }) {
  return started_at && closed_at ? closed_at - started_at : 0;
}

/** @param {Summary} summary */
function meanRate(summary) {
  return tookSec(summary) > 0 ? summary.jobs.done / tookSec(summary) : 0;
}

/** @param {JobWord} state @returns {Tile} */
function jobTile(state) {
  return { state, label: state[0].toUpperCase() + state.slice(1), value: ({ jobs }) => countOf(jobs, state) };
}

/**
 * The figures that can be read from two metres: jobs by state, CPUs, nodes, rate, CPU time.
 *
 * @param {HTMLElement} element
 * @param {{jobsHref: (state: string) => string, past?: boolean}} options
 * @returns {{update: (summary: Summary) => void}}
 */
export function createTiles(element, { jobsHref, past = false }) {
  const tiles = (past ? PAST_TILES : TILES).map((tile) => createTile(tile, jobsHref));
  element.classList.add("tiles");
  element.replaceChildren(...tiles.map((tile) => tile.element));
  return {
    update(summary) {
      const letters = tiles.map((tile) => tile.update(summary));
      element.classList.toggle("is-long", Math.max(...letters) > LONG);
    },
  };
}

/** @param {Tile} tile @param {(state: string) => string} jobsHref */
function createTile(tile, jobsHref) {
  const value = h("span", { text: "–" });
  const of = h("span", { class: "tile-of" });
  const figure = h("span", { class: "tile-value" }, value, of);
  const name = h("span", { text: tile.label });
  const label = h("span", { class: "tile-label" }, tile.state ? stateIcon(tile.state) : null, name);
  const element = tile.state
    ? h("a", { class: "tile", href: jobsHref(tile.state) }, figure, label)
    : h("div", { class: "tile" }, figure, label);
  element.dataset.tile = tile.state ?? tile.label;
  return {
    element,
    /** @param {Summary} summary @returns {number} the letters of its figure */
    update(summary) {
      const number = tile.value(summary);
      const text = tile.text?.(summary) ?? count(number);
      const most = tile.of?.(summary);
      const rest = most ? ` / ${most}` : "";
      if (tile.named) setText(name, tile.named(summary));
      setText(value, text);
      setText(of, rest);
      const letters = text.length + rest.length * OF_SIZE;
      setStyle(figure, "--letters", String(letters));
      if (tile.title) setAttr(element, "title", tile.title(summary));
      setAttr(element, "data-zero", number === 0);
      setAttr(element, "data-alert", tile.state === "failed" && number > 0);
      return tile.state ? letters : 0;
    },
  };
}
