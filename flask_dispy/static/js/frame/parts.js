/** @import {Api} from "../data/api.js" */
/** @import {Feed} from "../data/feed.js" */
/** @import {Keys} from "../lib/keys.js" */
/** @import {Notices} from "./notices.js" */
/** @import {Store} from "../data/store.js" */
/** @import {Config, Summary} from "../data/types.js" */
/** @import {UrlState} from "../lib/url.js" */

/**
 * The surroundings of a page and what its parts share, for the type checker only: no browser loads this
 * module.
 */

/**
 * @typedef {object} Shell the surroundings of every page
 * @property {Config} config
 * @property {string} cluster the chosen cluster; "*" for all combined
 * @property {Api} api
 * @property {Store} store
 * @property {Feed} feed not started yet: the page starts it when its widgets listen
 * @property {Keys} keys
 * @property {Notices} notices
 * @property {UrlState} url
 * @property {import("../lib/storage.js").Kept|null} storage null where the browser blocks it
 * @property {() => Summary|undefined} summary of the chosen cluster
 * @property {(page: string, params?: import("../lib/url.js").Params) => string} href of another page, same cluster
 * @property {() => void} update requests an update, because somebody wants one
 * @property {(run: () => void) => void} everySecond while the page is seen
 */

export {};
