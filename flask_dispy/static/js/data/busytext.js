import { count } from "../lib/format.js";

/**
 * How many CPUs of a node are busy. That may be more than the node is set to use, because running jobs
 * go on when its CPUs are reduced.
 *
 * @param {{busy: number, cpus: number}} node
 */
export const busyText = ({ busy, cpus }) =>
  busy > cpus ? `${count(busy)} busy, ${count(cpus)} to be used` : `${count(Math.max(0, busy))} of ${count(cpus)} busy`;
