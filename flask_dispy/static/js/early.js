// Runs before the first paint, so that a chosen theme never flashes; all else is in modules.
(() => {
  try {
    const theme = localStorage.getItem("dispy.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // storage is blocked: the system's theme holds
  }
})();
