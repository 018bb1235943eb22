/** The table of the Jobs page: its columns, which of them are shown, and the row whose detail is open. */

import { COMBINED } from "../data/config.js";
import { sortOf } from "../data/joborder.js";
import { jobTitle } from "../data/jobwords.js";
import { h } from "../lib/dom.js";
import { createColumnChooser } from "../table/columnchooser.js";
import { Table } from "../table/table.js";
import {
  argumentsColumn,
  attemptsColumn,
  clusterColumn,
  durationColumn,
  errorColumn,
  idColumn,
  jobColumns,
  jobNodeColumn,
  jobStateColumn,
  waitedColumn,
  whenColumn,
} from "./jobcolumns.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {Sort} from "../table/columns.js" */
/** @import {JobRow} from "../data/types.js" */

/** While the panel is open, the list keeps what distinguishes jobs. */
const KEPT_BESIDE_DETAIL = ["id", "state", "node", "args", "error", "duration_sec"];

/** Pixels of the list beside the panel from which on the arguments fit in beside an error. */
const ROOM_FOR_ARGUMENTS = 900;

export class JobTable {
  element = h("div", { class: "table-jobs" });
  #shell;
  #columns;
  /** Columns that the reader has chosen not to see. @type {string[]} */
  #unchosen;
  /** @type {JobRow[]} */
  #rows = [];
  /** The key of the job whose detail is open. @type {string|null} */
  #open = null;
  /** @type {Table<JobRow>} */
  table;

  /**
   * @param {HTMLElement} tools  where columns are chosen
   * @param {object} options
   * @param {Shell} options.shell
   * @param {(serial: number) => string} options.href  of a job's detail
   * @param {Sort} options.sort
   * @param {HTMLElement} options.empty  in place of rows
   * @param {(next: Sort) => void} options.onSort
   * @param {() => void} options.onSelect
   * @param {(serial: number, following: boolean) => void} options.onOpen  following: the rows keep the focus
   * @param {() => void} options.onEnd
   */
  constructor(tools, { shell, href, sort, empty, onSort, onSelect, onOpen, onEnd }) {
    this.#shell = shell;
    this.#columns = this.#makeColumns(href);
    const { hidden, widths } = createColumnChooser(tools, {
      columns: this.#columns,
      name: "jobs",
      storage: shell.storage,
      onChange: (keys) => {
        this.#unchosen = keys;
        this.arrange();
      },
    });
    this.#unchosen = hidden;
    this.table = new Table(this.element, {
      label: "Jobs",
      columns: this.#columns,
      hidden,
      widths,
      sort,
      onSort,
      keyOf: (/** @type {JobRow} */ job) => String(job.serial),
      name: (job) => `job ${jobTitle(job)}`,
      selectable: shell.config.permissions.cancel_jobs || shell.config.permissions.rerun_jobs,
      now: shell.store.now,
      empty,
      onSelect,
      onOpen: (job) => onOpen(job.serial, false),
      clickable: true,
      onActive: (job) => this.#open !== null && onOpen(job.serial, true),
      onEnd,
    });
  }

  /** @param {(serial: number) => string} href */
  #makeColumns(href) {
    const { cluster, config, store } = this.#shell;
    const onCards = matchMedia("(max-width: 700px)").matches; // each would be a line more
    const looks = [
      idColumn((job) => href(job.serial)),
      jobStateColumn,
      errorColumn, // so far in front that it is in view at every width
      { ...jobNodeColumn((ip) => this.#shell.href("node.html", { host: ip })), optional: true },
      ...(cluster === COMBINED ? [clusterColumn] : []),
      { ...argumentsColumn, optional: true },
      { ...whenColumn("submitted_at"), optional: true },
      { ...whenColumn("started_at"), optional: true, hidden: true },
      { ...whenColumn("ended_at"), optional: true, hidden: onCards },
      { ...waitedColumn, hidden: onCards },
      attemptsColumn,
      durationColumn(store.now),
    ];
    // The order is the server's.
    return jobColumns(config.job_fields, looks).map((column) => ({
      ...column,
      value: undefined,
      sorts: sortOf(column.key, config.job_fields) !== undefined,
    }));
  }

  /** @param {JobRow[]} rows */
  setRows(rows) {
    this.#rows = rows;
    this.arrange();
    this.table.setRows(rows);
  }

  /** Mark the job whose detail is open. @param {number|null} serial */
  mark(serial) {
    this.#open = serial === null ? null : String(serial);
    this.arrange();
    this.table.setOpen(this.#open);
  }

  /**
   * Hide the columns that say nothing: clusters while there is one, errors where no job shown has one. Where one
   * has, its column is always there.
   */
  arrange() {
    const one = [...this.#shell.store.clusters.values()].filter(({ combined }) => !combined).length === 1;
    const anyError = this.#rows.some(({ error }) => error);
    const beside =
      this.#open === null ? [] : this.#columns.map(({ key }) => key).filter((key) => !KEPT_BESIDE_DETAIL.includes(key));
    // Where there is little room beside the detail, the arguments leave theirs to the error.
    if (anyError && beside.length > 0 && this.element.clientWidth < ROOM_FOR_ARGUMENTS) beside.push("args");
    const unchosen = this.#unchosen.filter((key) => key !== "error");
    this.table.setHidden([...unchosen, ...(one ? ["cluster"] : []), ...(anyError ? [] : ["error"]), ...beside]);
  }

  /** Whether rows must keep their places: someone reads further down, points at them or has chosen some. */
  get isRead() {
    const grid = this.element.querySelector(".table");
    const away = (grid?.scrollTop ?? 0) > 4 || this.element.getBoundingClientRect().top < 0;
    return away || this.element.matches(":hover, :focus-within") || this.table.selected().length > 0;
  }

  get selectedJobs() {
    const chosen = new Set(this.table.selected());
    return this.#rows.filter((job) => chosen.has(String(job.serial)));
  }

  /** While a detail is open, from the row of its job. @param {number} step */
  move(step) {
    this.table.move(step, this.#open);
  }

  scrollToTop() {
    this.element.querySelector(".table")?.scrollTo(0, 0);
  }
}
