/** @typedef {Pick<Storage, "getItem"|"setItem"|"removeItem">} Kept what a browser keeps of a page, between visits */

/**
 * What is kept under a name; null if that is nothing, or no JSON.
 *
 * @param {Pick<Storage, "getItem">|null} storage
 * @param {string} name
 * @returns {any}
 */
export function readKept(storage, name) {
  try {
    return JSON.parse(storage?.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * The storage of this browser, null where it has none. What it refuses to keep, because it is full for example, is
 * not kept: that is no error.
 *
 * @param {{localStorage: Storage}} where
 * @returns {Kept|null}
 */
export function openStorage(where) {
  try {
    const storage = where.localStorage;
    return {
      getItem: (key) => storage.getItem(key),
      setItem(key, text) {
        try {
          storage.setItem(key, text);
        } catch {
          // The page does without, as on the first visit.
        }
      },
      removeItem: (key) => storage.removeItem(key),
    };
  } catch {
    return null;
  }
}
