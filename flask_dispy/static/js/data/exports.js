/** Requests of a list as a file, written as commands to take elsewhere. Nothing here touches the document. */

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
 * A program that reads the rows.
 *
 * @param {string} url whole, of JSON lines
 * @param {string} what the rows are, in a word that can name a variable
 */
export function pythonOf(url, what) {
  return `import json
from urllib.request import urlopen

with urlopen(${JSON.stringify(url)}) as answer:
    ${what} = [json.loads(line) for line in answer]
print(len(${what}), "${what}")
`;
}
