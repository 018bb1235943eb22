/** @import {KeyList} from "../lib/keys.js" */

/** The keys that parts of a page handle while they have the focus, as listed in the help. */

/** See table/table.js. @type {KeyList} */
export const TABLE_KEYS = [
  ["↑ ↓", "Rows: previous, next"],
  ["PgUp PgDn", "Rows: ten back, ten on"],
  ["Home End", "Rows: first, last"],
  ["Enter", "Rows: open"],
];

/** See table/columnwidths.js. @type {KeyList} */
export const EDGE_KEYS = [
  ["← →", "Edge of a column: narrower, wider; in large steps with Shift"],
  ["↑ ↓", "Edge of a column: that of the column before, after"],
  ["Enter", "Edge of a column: the usual width"],
];

/** See widgets/searchbox.js. @type {KeyList} */
export const SEARCH_KEYS = [
  ["↑ ↓", "Search: choose a suggestion"],
  ["Tab", "Search: complete the word"],
  ["Enter", "Search: take the suggestion, or search"],
  ["Esc", "Search: close the suggestions, then leave"],
];

/** See widgets/chart.js. @type {KeyList} */
export const CHART_KEYS = [
  ["← →", "Charts: earlier, later; ten at a time with Shift"],
  ["PgUp PgDn", "Charts: sixty points later, earlier"],
  ["Home End", "Charts: oldest, newest"],
  [", .", "Charts: the event before, the event after"],
  ["Esc", "Charts: leave the point"],
];

/** See widgets/nodemap-layout.js. @type {KeyList} */
export const MAP_KEYS = [
  ["← → ↑ ↓", "Node map: another node"],
  ["PgUp PgDn", "Node map: ten lines up, down"],
  ["Home End", "Node map: first, last"],
  ["Enter", "Node map: open the node"],
];

/** See widgets/timeline-gestures.js. @type {KeyList} */
export const LANE_KEYS = [
  ["← →", "Lanes: earlier, later; in large steps with Shift"],
  ["↑ ↓", "Lanes: scroll"],
  ["PgUp PgDn", "Lanes: scroll by pages"],
  ["+ -", "Lanes: zoom"],
  ["Home End", "Lanes: oldest, now"],
  ["0", "Lanes: everything"],
];

/** See widgets/timeline-events.js. @type {KeyList} */
export const EVENT_KEYS = [
  ["← →", "Events over the lanes: previous, next"],
  ["Home End", "Events over the lanes: oldest, newest"],
];

/** See widgets/timeline-map.js. @type {KeyList} */
export const RUN_KEYS = [
  ["← →", "Map of the run: earlier, later; in large steps with Shift"],
  ["+ -", "Map of the run: a shorter window, a longer one"],
  ["Home End", "Map of the run: oldest, newest"],
];

/** See widgets/jobdetail.js. @type {KeyList} */
export const PANEL_KEYS = [["Esc", "Close the job"]];
