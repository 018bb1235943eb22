/**
 * Whether a reader at one cursor has everything that a reader at another has. The server makes cursors of its
 * run, the view, and a growing version, in hexadecimal.
 *
 * @param {string|null} mine
 * @param {string|null} other
 * @returns {boolean|null} null: they can't be compared, being of two runs or views
 */
export function reaches(mine, other) {
  const [run, view, version] = (mine ?? "").split("-");
  const [otherRun, otherView, otherVersion] = (other ?? "").split("-");
  if (!version || !otherVersion || run !== otherRun || view !== otherView) return null;
  return parseInt(version, 16) >= parseInt(otherVersion, 16);
}
