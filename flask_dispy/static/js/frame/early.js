// Runs before the first paint, so that a chosen theme never flashes. Everything else is in modules.
(() => {
  try {
    const theme = localStorage.getItem("dispy.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // storage is blocked: use the system's theme
  }
})();

// It also requests the first data, so that it has arrived when the modules run: see firstanswer.js.
(() => {
  const preload = document.querySelector("link[rel=preload][as=fetch]");
  if (!(preload instanceof HTMLLinkElement)) return;
  const read = async () => {
    const response = await fetch(preload.href, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
    });
    const body = await response.arrayBuffer();
    const { ok, status, type, headers } = response;
    return { ok, status, type, headers, arrayBuffer: async () => body };
  };
  const first = { url: preload.href, answer: read() };
  first.answer.catch(() => {}); // reported where the answer is awaited
  Object.assign(window, { dispyFirst: first });
})();
