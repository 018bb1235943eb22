/**
 * The answer that early.js asked for while the page was still loading.
 *
 * @typedef {object} FirstAnswer
 * @property {string} url absolute
 * @property {Promise<any>} answer what of a Response is needed
 */

/**
 * A fetch that gives the answer that was requested already, once, to the first request for the same.
 *
 * @param {FirstAnswer|undefined} first
 * @param {string} base what addresses are relative to
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {typeof globalThis.fetch}
 */
export function fetchAfter(first, base, fetch = globalThis.fetch) {
  let left = first;
  return (address, init) => {
    if (left && new URL(String(address), base).href === left.url) {
      const { answer } = left;
      left = undefined;
      return answer;
    }
    return fetch(address, init);
  };
}
