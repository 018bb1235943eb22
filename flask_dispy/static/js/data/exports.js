/** Requests for a list as a file, written as commands to copy. No access to the DOM. */

/** The formats, with the words for them. */
export const FORMATS = /** @type {const} */ ([
  ["csv", "CSV"],
  ["jsonl", "JSON lines"],
]);

/**
 * The command for a shell: it saves the file under the name that the server gives it.
 *
 * @param {string} url whole
 */
export const curlOf = (url) => `curl -fOJ '${url.replaceAll("'", "%27")}'`;

/**
 * A Python program that reads the rows.
 *
 * @param {string} url whole, of JSON lines
 * @param {string} what a name for the rows, used as a variable
 */
export function pythonOf(url, what) {
  return `import json
from urllib.request import urlopen

with urlopen(${JSON.stringify(url)}) as answer:
    ${what} = [json.loads(line) for line in answer]
print(len(${what}), "${what}")
`;
}
