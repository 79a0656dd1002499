// Forms: a button with `data-in-place` sends its form and shows the answer without leaving
// the page, so that what was typed (a password too) stays. Without this script it still works.
"use strict";
(() => {
  function show(html, target) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(target);
    const old = document.getElementById(target);
    if (!fresh || !old) return location.reload();
    old.replaceWith(fresh);
    fresh.focus();
  }

  async function send(form, button) {
    const body = new FormData(form, button);
    button.setAttribute("aria-busy", "true");
    try {
      // A file goes first (`sending.js`); where it did not get there, that says why.
      if (form.dataset.sendTo && window.sendFile && !(await window.sendFile(form, body))) return;
      const response = await fetch(form.action, { method: "POST", body });
      show(await response.text(), button.dataset.inPlace);
    } catch {
      form.submit();
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.dataset.inPlace) {
      event.preventDefault();
      if (button.getAttribute("aria-busy") !== "true") send(event.target, button);
    } else if (event.target.method === "post" && !("again" in event.target.dataset)) {
      // A second click must not ask for a second backup. `data-again`: its answer is a file.
      if (event.target.dataset.sent) event.preventDefault();
      event.target.dataset.sent = "1";
    }
  });
  // A page that comes back from the browser's cache may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // Filters answer at once.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-filters] select, [data-filters] input[type=date]")) {
      event.target.form.requestSubmit();
    }
  });

  // A form with `data-preview` shows what it would mean while it is filled in, at the named places.
  let typing;
  async function preview(form) {
    const given = new FormData(form);
    given.delete("csrfmiddlewaretoken");
    try {
      const response = await fetch(`${form.dataset.preview}?${new URLSearchParams(given)}`);
      if (!response.ok) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const into of form.dataset.previewInto.split(" "))
        document.getElementById(into).replaceWith(fresh.getElementById(into));
    } catch {
      // The next key asks again.
    }
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-preview]");
    clearTimeout(typing);
    if (form) typing = setTimeout(preview, 250, form);
  });
  for (const form of document.querySelectorAll("[data-preview]")) preview(form);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const said = document.getElementById("said");
    if (said) said.textContent = button.dataset.copied;
    button.querySelector("span").textContent = button.dataset.copied;
  });
})();
