import { count } from "../lib/format.js";

/**
 * How many CPUs of a node are at work. That may be more than it is to use, where these were made
 * fewer: what runs is left running.
 *
 * @param {{busy: number, cpus: number}} node
 */
export const busyText = ({ busy, cpus }) =>
  busy > cpus ? `${count(busy)} busy, ${count(cpus)} to be used` : `${count(Math.max(0, busy))} of ${count(cpus)} busy`;
