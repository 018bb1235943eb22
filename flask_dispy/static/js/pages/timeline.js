import { need } from "../dom.js";
import { startShell } from "../shell.js";
import { viewFromParams, viewToParams } from "../timeline-layout.js";
import { createJobDetail } from "../widgets/jobdetail.js";
import { createTimeline } from "../widgets/timeline.js";

/** What the lanes listen to while they have the focus; see timeline-gestures.js. @type {[string, string][]} */
const LANE_KEYS = [
  ["← →", "Lanes: earlier, later"],
  ["+ -", "Lanes: zoom"],
  ["Home End", "Lanes: oldest, now"],
  ["0", "Lanes: everything"],
];

const shell = startShell("Timeline");
const { api, cluster, feed, keys, store, url } = shell;
const wanted = viewFromParams(new URLSearchParams(location.search));

const detail = createJobDetail(/** @type {HTMLDialogElement} */ (need("job")), { shell, onClose: closeJob });
const timeline = createTimeline(need("timeline"), {
  api,
  cluster,
  node: url.get("node") || undefined,
  view: wanted?.view ?? null,
  span: wanted?.span ?? null,
  onView: (view, following, whole) => url.set(viewToParams(view, following, whole)),
  onOpen: openJob,
});

/** @param {number} serial */
function openJob(serial) {
  url.set({ job: serial });
  detail.open(serial);
}

function closeJob() {
  url.set({ job: null });
  detail.close();
  timeline.focus();
}

const asked = Number(url.get("job"));
if (Number.isInteger(asked) && asked > 0) detail.open(asked);

keys.bind("f", "Follow now", () => timeline.follow());
for (const [combination, label] of LANE_KEYS) keys.tell(combination, label);
store.subscribe((event) => {
  if (event.kind !== "data") return;
  timeline.update();
  detail.refresh();
});
shell.everySecond(detail.tick);
feed.start();
