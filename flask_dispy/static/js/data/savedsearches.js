/** Searches that are kept in this browser under a name. */

import { readKept } from "../lib/storage.js";

/** @typedef {{name: string, q: string}} SavedSearch */

const STORED = "dispy.searches";
/** Searches that are kept; letters of a name. */
export const MOST = 30;
export const LONGEST_NAME = 60;

/**
 * The searches, in the order of their names; what is no list of ours is none.
 * @param {Pick<Storage, "getItem">|null} storage
 * @returns {SavedSearch[]}
 */
export function readSearches(storage) {
  const found = readKept(storage, STORED);
  if (!Array.isArray(found)) return [];
  return found
    .filter((one) => typeof one?.name === "string" && typeof one.q === "string" && one.name.trim() !== "")
    .slice(0, MOST)
    .map(({ name, q }) => ({ name: name.slice(0, LONGEST_NAME), q }));
}

/**
 * The searches with one more, which takes the place of another of that name; null if there is no room.
 * @param {readonly SavedSearch[]} searches
 * @param {SavedSearch} one
 * @returns {SavedSearch[]|null}
 */
export function withSearch(searches, { name, q }) {
  const others = withoutSearch(searches, name);
  if (others.length >= MOST) return null;
  const all = [...others, { name: name.trim().slice(0, LONGEST_NAME), q }];
  return all.sort((one, other) => one.name.localeCompare(other.name));
}

/** @param {readonly SavedSearch[]} searches @param {string} name */
export const withoutSearch = (searches, name) =>
  searches.filter((one) => one.name !== name.trim().slice(0, LONGEST_NAME));

/**
 * Whether they could be kept: a browser may refuse, as in private windows.
 * @param {Pick<Storage, "getItem"|"setItem">|null} storage
 * @param {readonly SavedSearch[]} searches
 */
export function writeSearches(storage, searches) {
  const text = JSON.stringify(searches);
  storage?.setItem(STORED, text);
  return storage?.getItem(STORED) === text;
}
