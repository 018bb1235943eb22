import { need, setText, show } from "../lib/dom.js";
import { TABLE_KEYS } from "../frame/keymap.js";
import { startShell } from "../frame/shell.js";
import { showPair } from "../widgets/runpair.js";
import { RunTable } from "../widgets/runtable.js";

export function start(shell = startShell("Runs")) {
  const { keys, url } = shell;
  const [a, b] = [url.get("a"), url.get("b")];
  if (a && b) {
    setText(need("runs-title"), "Two runs");
    show(need("all-runs"), true);
    show(need("compare"), true);
    void showPair(need("compare"), { api: shell.api, a, b });
    keys.bind("Escape", "Back to all runs", () => need("all-runs").click());
  } else {
    startTable(shell);
  }
  shell.feed.start();
}

/** @param {import("../frame/parts.js").Shell} shell */
function startTable(shell) {
  const { keys, store } = shell;
  const table = new RunTable(need("runs"), shell);
  store.subscribe((event) => event.kind === "update" && table.update());
  shell.everySecond(() => table.tick());
  keys.bind("/", "Search runs", () => table.focusSearch());
  keys.bind("j", "Next run", () => table.move(1));
  keys.bind("k", "Previous run", () => table.move(-1));
  keys.bind("c", "Compare the two that are ticked", () => table.compare());
  keys.describe(TABLE_KEYS);
}
