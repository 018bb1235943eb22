import { need, setText, show } from "../lib/dom.js";
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
    new RunTable(need("runs"), shell);
  }
  shell.feed.start();
}
