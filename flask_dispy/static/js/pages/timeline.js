import { followEvents } from "../data/events.js";
import { need } from "../lib/dom.js";
import { EVENT_KEYS, LANE_KEYS, PANEL_KEYS, RUN_KEYS } from "../frame/keymap.js";
import { startShell } from "../frame/shell.js";
import { choicesFrom } from "../widgets/timeline-classes.js";
import { viewFromParams, viewToParams } from "../widgets/timeline-layout.js";
import { JobPanel } from "../widgets/jobdetail.js";
import { Timeline } from "../widgets/timeline.js";

/** Where this browser keeps what was chosen last. */
const STORED = { color: "dispy.timeline.color", sort: "dispy.timeline.sort" };

export function start(shell = startShell("Timeline")) {
  const { api, cluster, config, feed, keys, storage, store, url } = shell;
  /** What the address says of the timeline, which Back and Forward don't change. @type {import("../lib/url.js").Params} */
  let shown = {};
  const remember = (/** @type {import("../lib/url.js").Params} */ params) => url.set((shown = { ...shown, ...params }));
  const wanted = viewFromParams(new URLSearchParams(location.search));
  const detail = new JobPanel(/** @type {HTMLDialogElement} */ (need("job")), { shell, onClose: closeJob });
  const timeline = new Timeline(need("timeline"), {
    api,
    cluster,
    node: url.get("node") || undefined,
    view: wanted?.view ?? null,
    span: wanted?.span ?? null,
    choices: choicesFrom(
      url.get("color") || (storage?.getItem(STORED.color) ?? null),
      url.get("sort") || (storage?.getItem(STORED.sort) ?? null),
    ),
    onChoices({ color, sort }) {
      storage?.setItem(STORED.color, color);
      storage?.setItem(STORED.sort, sort);
      // The usual ones are named as well, where this browser's memory might say otherwise.
      remember({ color, sort });
    },
    onView: (view, following, whole) => remember(viewToParams(view, following, whole)),
    onOpen(serial) {
      if (serial !== detail.serial) url.open("job", serial);
      detail.open(serial);
    },
  });

  function closeJob() {
    url.close("job");
    hideJob();
  }

  function hideJob() {
    detail.close();
    timeline.focus();
  }

  followEvents(shell, (events) => timeline.mark(events));
  const fromAddress = () => {
    const asked = Number(url.get("job"));
    if (Number.isInteger(asked) && asked > 0) detail.open(asked);
    else if (detail.serial !== null) hideJob();
  };
  window.addEventListener("popstate", () => {
    url.set(shown);
    fromAddress();
  });
  fromAddress();
  if (!config.past) keys.bind("f", "Follow now", () => timeline.follow());
  keys.describe([...LANE_KEYS, ...EVENT_KEYS, ...RUN_KEYS, ...PANEL_KEYS]);
  store.onData(() => {
    timeline.update();
    detail.refresh();
  });
  shell.everySecond(() => detail.tick());
  feed.start();
}
