// Keeps the parts of a page marked `data-live` as the server has them, while one of them
// carries `data-poll` (something is running). The server renders; nothing is built here.
"use strict";
(() => {
  const EVERY_MS = 1000;
  const SLOWEST_MS = 15000;
  const said = () => document.getElementById("said");
  let failures = 0;

  function polls() {
    return document.querySelector("[data-poll]") !== null;
  }

  function say(text) {
    if (text && said() && said().textContent !== text) said().textContent = text;
  }

  // Put the new form of every live part in place, when it differs; keep the focus.
  function take(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-live][id]")) {
      const old = document.getElementById(part.id);
      if (!old || old.isEqualNode(part)) continue;
      if (old.dataset.state !== part.dataset.state) say(part.dataset.said);
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      moveBars(old, part);
      old.replaceWith(part);
      if (focused) document.getElementById(focused)?.focus();
    }
  }

  // A new bar starts where the old one stands, and then grows: no jump.
  function moveBars(old, part) {
    for (const bar of part.querySelectorAll("progress[id]")) {
      const before = old.querySelector(`#${CSS.escape(bar.id)}`);
      if (!before || before.value >= bar.value) continue;
      const value = bar.value;
      bar.value = before.value;
      requestAnimationFrame(() => requestAnimationFrame(() => { bar.value = value; }));
    }
  }

  async function ask() {
    const response = await fetch(location.href, { headers: { "X-Live": "1" }, redirect: "manual" });
    // Logged out, or moved: let the browser show why.
    if (response.type === "opaqueredirect" || response.status === 403) return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    take(await response.text());
  }

  async function round() {
    if (!polls()) return;
    if (!document.hidden) {
      try {
        await ask();
        failures = 0;
        document.documentElement.removeAttribute("data-offline");
      } catch {
        failures += 1;
        if (failures === 3) say(document.body.dataset.offlineText);
        document.documentElement.toggleAttribute("data-offline", failures >= 3);
      }
    }
    setTimeout(round, Math.min(EVERY_MS * 2 ** failures, SLOWEST_MS));
  }

  setTimeout(round, EVERY_MS);
})();
