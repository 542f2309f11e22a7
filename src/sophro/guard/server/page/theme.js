// Runs before the first paint, so that a chosen scheme or language never flashes.
(() => {
  const root = document.documentElement;
  const read = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const theme = read("sophro-theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const wanted = read("sophro-language") || navigator.language || "en";
  root.lang = wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
})();
