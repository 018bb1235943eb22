import { need } from "../dom.js";
import { startShell } from "../shell.js";
import { viewFromParams, viewToParams } from "../timeline-layout.js";
import { createTimeline } from "../widgets/timeline.js";

const shell = startShell("Timeline");
const { api, cluster, feed, keys, store, url } = shell;
const wanted = viewFromParams(new URLSearchParams(location.search));

const timeline = createTimeline(need("timeline"), {
  api,
  cluster,
  node: url.get("node") || undefined,
  view: wanted?.view ?? null,
  span: wanted?.span ?? null,
  onView: (view, following) => url.set(viewToParams(view, following)),
});

keys.bind("f", "Follow now", () => timeline.follow());
store.subscribe((event) => {
  if (event.kind === "data") timeline.update();
});
feed.start();
