import { coursePath } from "../data/errorkinds.js";
import { setAttr } from "../lib/dom.js";
import { svg } from "./svg.js";

export const SPARK_WIDTH = 96;

/**
 * A small chart in a line of text: how much happened when.
 *
 * @param {number} height
 * @param {string} [look] a class of its own
 */
export function createSpark(height, look = "") {
  const path = svg("path", {});
  const element = svg(
    "svg",
    { class: `spark ${look}`, viewBox: `0 0 ${SPARK_WIDTH} ${height}`, width: SPARK_WIDTH, height, role: "img" },
    svg("path", { class: "spark-base", d: `M0 ${height - 0.5}h${SPARK_WIDTH}` }),
    path,
  );
  return {
    element,
    /**
     * @param {import("../data/types.js").ErrorKind["course"]|null} course
     * @param {number} from the time at the left
     * @param {number} to
     * @param {string} label
     */
    draw(course, from, to, label) {
      setAttr(path, "d", course ? coursePath(course, { from, to, width: SPARK_WIDTH, height }) : "");
      setAttr(element, "aria-label", label);
    },
  };
}
