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

  // A file goes piece by piece to an address of its own (tus 1.0.0), and on where it stopped:
  // `data-send-to` opens it there, and the form is sent with its id in `upload`.
  const PIECE = 8 << 20, PATIENCE = 8;
  const TUS = { "Tus-Resumable": "1.0.0" };

  // Pressed again, the same file is not sent again.
  const sent = new Map();

  async function sendFile(form, body) {
    const file = body.get("file");
    if (!(file instanceof File) || !file.size) return;
    const key = [file.name, file.size, file.lastModified].join("|");
    const id = sent.get(key) ?? (await sendAs(file, form));
    if (!id) return;
    sent.set(key, id);
    body.delete("file");
    body.set("upload", id);
  }

  async function sendAs(file, form) {
    const bar = form.querySelector("progress") ?? document.createElement("progress");
    bar.max = file.size;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    form.querySelector("[data-in-place]").after(bar);
    try {
      const name = new URLSearchParams({ name: file.name });
      const opened = await fetch(`${form.dataset.sendTo}?${name}`, {
        method: "POST", headers: { ...TUS, "Upload-Length": file.size } });
      const where = opened.headers.get("Location");
      // What is refused here, the form's own answer says in words.
      if (opened.status !== 201 || !where) return null;
      await sendPieces(file, where, bar);
      const status = where.replace("/uploads/tus/", "/uploads/") + "/status";
      return (await (await fetch(status)).json()).server_file_id;
    } finally {
      bar.remove();
    }
  }

  async function sendPieces(file, where, bar) {
    let tries = 0;
    while (bar.value < file.size) {
      try {
        const response = await fetch(where, {
          method: "PATCH", body: file.slice(bar.value, bar.value + PIECE),
          headers: { ...TUS, "Upload-Offset": bar.value,
            "Content-Type": "application/offset+octet-stream" } });
        const there = Number(response.headers.get("Upload-Offset") ?? NaN);
        if (!response.ok || !(there > bar.value)) throw new Error(response.status);
        bar.value = there;
        tries = 0;
      } catch (error) {
        if (++tries > PATIENCE) throw error;
        await new Promise((done) => setTimeout(done, Math.min(500 * 2 ** tries, 15000)));
        const asked = await fetch(where, { method: "HEAD", headers: TUS }).catch(() => null);
        if (asked?.ok) bar.value = Number(asked.headers.get("Upload-Offset"));
      }
    }
  }

  async function send(form, button) {
    const body = new FormData(form, button);
    button.setAttribute("aria-busy", "true");
    try {
      if (form.dataset.sendTo) await sendFile(form, body);
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

  // A form with `data-preview` shows what it would mean while it is filled in.
  let typing;
  async function preview(form) {
    const given = new FormData(form);
    given.delete("csrfmiddlewaretoken");
    try {
      const response = await fetch(`${form.dataset.preview}?${new URLSearchParams(given)}`);
      if (!response.ok) return;
      const into = form.dataset.previewInto;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
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
