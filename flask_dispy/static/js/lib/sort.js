/** Orders: of addresses, of values that may be missing, and of long lists in which little has changed. */

/** Keys of addresses other than IPv4, whose keys are made as fast as they could be looked up. @type {Map<string, string>} */
const addressKeys = new Map();

/**
 * A key that sorts addresses by `compareValues`: IPv4 by number, then IPv6 by number, then names.
 *
 * @param {string} address
 * @returns {string|number}
 */
export function addressKey(address) {
  const number = ipv4Key(address);
  if (number !== null) return number;
  let key = addressKeys.get(address);
  if (key === undefined) {
    key = ipv6Key(address) ?? `7${address.toLowerCase()}`;
    addressKeys.set(address, key);
  }
  return key;
}

/**
 * Letter by letter, for speed: 10,000 of them must be read before the first row can be shown.
 *
 * @param {string} address
 * @returns {number|null}
 */
function ipv4Key(address) {
  let key = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < address.length; i += 1) {
    const code = address.charCodeAt(i);
    if (code >= 48 && code <= 57 && digits < 3) {
      part = part * 10 + code - 48;
      digits += 1;
    } else if (code === 46 && digits > 0 && dots < 3) {
      key = key * 1000 + part;
      part = digits = 0;
      dots += 1;
    } else {
      return null;
    }
  }
  return dots === 3 && digits > 0 ? key * 1000 + part : null;
}

/** @param {string} address */
function ipv6Key(address) {
  if (!address.includes(":")) return null;
  const [bare] = address.split("%");
  const [head, tail] = bare.split("::");
  const before = head ? head.split(":") : [];
  const after = tail ? tail.split(":") : [];
  const missing = bare.includes("::") ? Math.max(0, 8 - before.length - after.length) : 0;
  const groups = [...before, ...Array(missing).fill("0"), ...after];
  return `6${groups.map((group) => group.toLowerCase().padStart(4, "0")).join("")}`;
}

/** @typedef {string|number|null|undefined} Sortable */
/** @typedef {{key: string, order: "asc"|"desc"}} Sort */

/** The order that an address names: `jobs`, or `-jobs` for the largest first. @param {string} text @returns {Sort} */
export const readSort = (text) => ({ key: text.replace(/^-/, ""), order: text.startsWith("-") ? "desc" : "asc" });

/** An order as an address names it. @param {Sort} sort */
export const sortText = ({ key, order }) => (order === "desc" ? "-" : "") + key;

/**
 * Ascending: numbers before text, unknown values last.
 *
 * @param {Sortable} a
 * @param {Sortable} b
 * @returns {number}
 */
export function compareValues(a, b) {
  if (a === b) return 0;
  const aMissing = a === null || a === undefined || a !== a;
  const bMissing = b === null || b === undefined || b !== b;
  if (aMissing || bMissing) return aMissing && bMissing ? 0 : aMissing ? 1 : -1;
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

/**
 * A total order of rows by one value, ties by a key, so that equal rows never trade places.
 * Unknown values come last in both directions.
 *
 * @template Row
 * @param {(row: Row) => Sortable} value
 * @param {(row: Row) => Sortable} tie
 * @param {"asc"|"desc"} order
 * @returns {(a: Row, b: Row) => number}
 */
export function rowOrder(value, tie, order) {
  const sign = order === "desc" ? -1 : 1;
  return (a, b) => {
    const x = value(a);
    const y = value(b);
    const missing = Number(x === null || x === undefined) - Number(y === null || y === undefined);
    return missing || sign * compareValues(x, y) || sign * compareValues(tie(a), tie(b));
  };
}

/**
 * Put the moved items back into a sorted list: sorts only them, and walks the list once.
 *
 * @template Item
 * @param {readonly Item[]} sorted without the moved ones it is in order
 * @param {readonly Item[]} moved items to (re)insert
 * @param {(item: Item) => boolean} dropped which items of `sorted` to leave out
 * @param {(a: Item, b: Item) => number} compare
 * @returns {Item[]}
 */
export function mergeMoved(sorted, moved, dropped, compare) {
  const coming = [...moved].sort(compare);
  /** @type {Item[]} */
  const merged = [];
  let next = 0;
  for (const item of sorted) {
    if (dropped(item)) continue;
    while (next < coming.length && compare(coming[next], item) < 0) merged.push(coming[next++]);
    merged.push(item);
  }
  while (next < coming.length) merged.push(coming[next++]);
  return merged;
}

/**
 * The default order of nodes: the highest address first, as in dispy's own page and documentation.
 *
 * @param {{ip_addr: string}} a
 * @param {{ip_addr: string}} b
 */
export const lastFirst = (a, b) => compareValues(addressKey(b.ip_addr), addressKey(a.ip_addr));
