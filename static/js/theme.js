// Runs before the first paint: puts the chosen theme on the page, so that nothing flashes.
// The key and its JSON form are those of the admin: one choice for both.
"use strict";
(() => {
  const KEY = "adminTheme";
  const ORDER = ["auto", "light", "dark"];

  function chosen() {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY) ?? '"auto"');
      return ORDER.includes(stored) ? stored : "auto";
    } catch {
      return "auto";
    }
  }

  function apply(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      const word = button.dataset[theme];
      button.title = word;
      button.querySelector(".hidden").textContent = word;
    }
  }

  apply(chosen());
  addEventListener("storage", (event) => event.key === KEY && apply(chosen()));
  addEventListener("DOMContentLoaded", () => {
    apply(chosen());
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.addEventListener("click", () => {
        const next = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
        try {
          localStorage.setItem(KEY, JSON.stringify(next));
        } catch {
          // Storage is off: the choice holds for this page.
        }
        apply(next);
      });
    }
  });
})();
