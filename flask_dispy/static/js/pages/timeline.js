import { need } from "../lib/dom.js";
import { LANE_KEYS, PANEL_KEYS } from "../frame/keymap.js";
import { startShell } from "../frame/shell.js";
import { viewFromParams, viewToParams } from "../widgets/timeline-layout.js";
import { JobPanel } from "../widgets/jobdetail.js";
import { Timeline } from "../widgets/timeline.js";

export function start(shell = startShell("Timeline")) {
  const { api, cluster, config, feed, keys, store, url } = shell;
  const wanted = viewFromParams(new URLSearchParams(location.search));
  const detail = new JobPanel(/** @type {HTMLDialogElement} */ (need("job")), { shell, onClose: closeJob });
  const timeline = new Timeline(need("timeline"), {
    api,
    cluster,
    node: url.get("node") || undefined,
    view: wanted?.view ?? null,
    span: wanted?.span ?? null,
    onView: (view, following, whole) => url.set(viewToParams(view, following, whole)),
    onOpen(serial) {
      url.set({ job: serial });
      detail.open(serial);
    },
  });

  function closeJob() {
    url.set({ job: null });
    detail.close();
    timeline.focus();
  }

  const asked = Number(url.get("job"));
  if (Number.isInteger(asked) && asked > 0) detail.open(asked);
  if (!config.past) keys.bind("f", "Follow now", () => timeline.follow());
  keys.describe([...LANE_KEYS, ...PANEL_KEYS]);
  store.subscribe((event) => {
    if (event.kind !== "data") return;
    timeline.update();
    detail.refresh();
  });
  shell.everySecond(() => detail.tick());
  feed.start();
}
