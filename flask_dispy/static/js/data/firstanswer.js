/**
 * The answer that early.js requested while the page was still loading.
 *
 * @typedef {object} FirstAnswer
 * @property {string} url absolute
 * @property {Promise<any>} answer the parts of a Response that are needed
 */

/**
 * A fetch that uses the answer requested early, once, for the first request with the same address.
 *
 * @param {FirstAnswer|undefined} first
 * @param {string} base the URL that addresses are relative to
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
