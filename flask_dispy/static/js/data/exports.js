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
 * @param {string|null} [user] whose password curl asks for
 */
export function curlOf(url, user = null) {
  const login = user === null ? "" : ` -u '${user.replaceAll("'", "'\\''")}'`;
  return `curl -fOJ${login} '${url.replaceAll("'", "%27")}'`;
}

/**
 * A Python program that reads the rows.
 *
 * @param {string} url whole, of JSON lines
 * @param {string} what a name for the rows, used as a variable
 * @param {string|null} [user] whose password the program asks for
 */
export function pythonOf(url, what, user = null) {
  const text = JSON.stringify(url);
  const opened =
    user === null
      ? `import json
from urllib.request import urlopen

with urlopen(${text}) as answer:`
      : `import json
from base64 import b64encode
from getpass import getpass
from urllib.request import Request, urlopen

login = b64encode((${JSON.stringify(`${user}:`)} + getpass()).encode()).decode()
request = Request(${text}, headers={"Authorization": "Basic " + login})
with urlopen(request) as answer:`;
  return `${opened}
    ${what} = [json.loads(line) for line in answer]
print(len(${what}), "${what}")
`;
}
