// A file goes piece by piece to an address of its own (tus 1.0.0), and on where it stopped, also
// after a reload: a form's `data-send-to` opens it there, and then has its id in `upload`. The
// browser keeps the address alone; how much is there, the server is asked.
"use strict";
import { size } from "./sizes.js";

const PIECE = 8 << 20;
const PATIENCE = 8;
const LONGEST_MS = 15000;
// Chromium itself would wait for ever on a line that is dead.
const SILENCE_MS = 60000;
const LONGEST_KEPT_MS = 7 * 24 * 3600 * 1000;
const TUS = { "Tus-Resumable": "1.0.0" };
const CHUNK = "application/offset+octet-stream";
const KEPT = "holdfast-sending|";
const GONE = [404, 410];

// What asking again would not mend; its message is for the person.
class Refused extends Error {}
class Cancelled extends Error {}

// A browser that keeps nothing sends all the same.
function stored(touch) {
  try { return touch(localStorage); } catch { return null; }
}
const kept = {
  all: () => stored((store) => Object.keys(store).filter((key) => key.startsWith(KEPT))) ?? [],
  get: (key) => stored((store) => JSON.parse(store.getItem(key))),
  set: (key, value) => stored((store) => store.setItem(key, JSON.stringify(value))),
  drop: (key) => stored((store) => store.removeItem(key)),
};

function ask(method, where, { headers = {}, body = null, signal, moved } = {}) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    let silence = 0;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MS);
    };
    request.open(method, where);
    for (const [name, value] of Object.entries({ ...TUS, ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => { listen(); moved?.(event.loaded); };
    request.onload = () => done(request);
    request.onerror = () => fail(new Error("network"));
    request.onabort = () => fail(signal?.aborted ? new Cancelled() : new Error("silence"));
    request.onloadend = () => clearTimeout(silence);
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    listen();
    request.send(body);
  });
}

// The server's own sentence, when the answer is an error that stays.
function requireNoRefusal(answer) {
  const isForNow = [408, 409, 423, 425, 429].includes(answer.status) || answer.status >= 500;
  if (answer.status < 400 || (isForNow && answer.status !== 507)) return;
  let said = {};
  try { said = JSON.parse(answer.responseText); } catch { /* a proxy's page */ }
  throw new Refused([said.detail, said.cure].filter(Boolean).join(" ") || `HTTP ${answer.status}`);
}

async function standing(where, signal) {
  const answer = await ask("HEAD", where, { signal });
  if (GONE.includes(answer.status)) return null;
  requireNoRefusal(answer);
  if (answer.status !== 200) throw new Error(answer.status);
  return Number(answer.getResponseHeader("Upload-Offset"));
}

// What is seen of it: a part of the form, whose words are the server's.
class Shown {
  constructor(form) {
    this.box = form.querySelector("[data-sending]");
    this.bar = this.box.querySelector("progress");
    this.stop = this.box.querySelector("button");
    this.stop.onclick = () => this.cancel();
  }

  begin(name, cancel) {
    this.cancel = cancel;
    this.box.querySelector("[data-name]").textContent = name;
    this.bar.setAttribute("aria-label", name);
    this.failed("");
    this.say("");
    this.box.hidden = this.bar.hidden = this.stop.hidden = false;
  }

  move(there, all) {
    this.bar.max = all;
    this.bar.value = there;
    const percent = Math.floor((100 * there) / all);
    this.put("[data-numbers]", this.words("on", { sent: size(there), size: size(all), percent }));
  }

  words(name, values) {
    return this.box.dataset[name].replace(/\{(\w+)\}/g, (_all, key) => values[key]);
  }

  put(place, text) {
    const part = this.box.querySelector(place);
    if (part.textContent !== text) part.textContent = text;
  }

  say(name, values = {}) { this.put("[data-said]", name && this.words(name, values)); }

  failed(why) {
    this.put("[data-why]", why);
    this.box.querySelector("[data-failed]").hidden = !why;
  }

  end() { this.bar.hidden = this.stop.hidden = true; this.put("[data-numbers]", ""); }
}

class Sending {
  constructor(form, file) {
    Object.assign(this, { form, file, at: null, failures: 0, stopped: new AbortController() });
    this.key = KEPT + [file.name, file.size, file.lastModified].join("|");
    this.where = kept.get(this.key)?.where;
    this.shown = new Shown(form);
    this.shown.begin(file.name, () => this.stopped.abort());
    this.shown.move(0, file.size);
  }

  get signal() { return this.stopped.signal; }

  // The received file's id. Raises Refused, Cancelled.
  async run() {
    while (true) {
      try {
        if (this.at === null) await this.find();
        if (this.at === this.file.size) return await this.id();
        await this.piece();
        this.failures = 0;
      } catch (error) {
        await this.bear(error);
      }
    }
  }

  async find() {
    if (this.where) this.at = await standing(this.where, this.signal);
    if (this.at === null) await this.open();
    else if (this.at && !this.failures) this.shown.say("onward", { percent: this.percent });
    this.shown.move(this.at, this.file.size);
  }

  get percent() { return Math.floor((100 * this.at) / this.file.size); }

  async open() {
    const asked = { name: this.file.name };
    const server = this.form.elements.server?.value;
    if (server) asked.server = server;
    const address = `${this.form.dataset.sendTo}?${new URLSearchParams(asked)}`;
    const headers = { "Upload-Length": this.file.size };
    const answer = await ask("POST", address, { headers, signal: this.signal });
    requireNoRefusal(answer);
    if (answer.status !== 201) throw new Error(answer.status);
    // Only the path: this page may be reached by another name than the server's own.
    this.where = new URL(answer.getResponseHeader("Location"), location.href).pathname;
    this.at = 0;
    const { name, size } = this.file;
    kept.set(this.key, { where: this.where, name, size, since: Date.now() });
  }

  async piece() {
    const answer = await ask("PATCH", this.where, {
      headers: { "Upload-Offset": this.at, "Content-Type": CHUNK },
      body: this.file.slice(this.at, this.at + PIECE),
      signal: this.signal,
      moved: (sent) => this.shown.move(Math.min(this.at + sent, this.file.size), this.file.size),
    });
    if (!GONE.includes(answer.status)) requireNoRefusal(answer);
    const there = Number(answer.getResponseHeader("Upload-Offset") ?? NaN);
    if (answer.status !== 204 || !(there > this.at)) throw new Error(answer.status);
    this.at = there;
    this.shown.move(there, this.file.size);
    this.shown.say("");
  }

  async id() {
    const status = this.where.replace("/uploads/tus/", "/uploads/") + "/status";
    const answer = await ask("GET", status, { signal: this.signal });
    requireNoRefusal(answer);
    const said = JSON.parse(answer.responseText);
    if (said.error) throw new Refused(said.error);
    if (!said.server_file_id) throw new Error(said.status);
    return said.server_file_id;
  }

  // Wait a while and look again where it stands; or give up.
  async bear(error) {
    if (error instanceof Refused || error instanceof Cancelled) throw error;
    const { words } = this.shown;
    try { await this.file.slice(0, 1).arrayBuffer(); } catch {
      throw new Refused(words.call(this.shown, "changed"));
    }
    if (++this.failures > PATIENCE) throw new Refused(words.call(this.shown, "lost"));
    this.at = null;
    this.shown.say("waiting");
    await this.rest(Math.min(250 * 2 ** this.failures, LONGEST_MS));
  }

  rest(ms) {
    return new Promise((done, fail) => {
      const timer = setTimeout(done, ms);
      addEventListener("online", done, { once: true });
      this.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        fail(new Cancelled());
      }, { once: true });
    });
  }
}

function forget(key, where) {
  kept.drop(key);
  if (where) ask("DELETE", where).catch(() => { /* it expires */ });
}

// Pressed again, the same file is not sent again.
const sent = new Map();

// Puts the id of the file in its place in the form's body. False when it did not get there.
window.sendFile = async (form, body) => {
  const file = body.get("file");
  if (!(file instanceof File) || !file.size) return true;
  const sending = new Sending(form, file);
  try {
    const id = sent.get(sending.key) ?? (await sending.run());
    sent.set(sending.key, id);
    kept.drop(sending.key);
    body.delete("file");
    body.set("upload", id);
    sending.shown.box.hidden = true;
    return true;
  } catch (error) {
    sending.shown.end();
    if (error instanceof Cancelled) {
      forget(sending.key, sending.where);
      sending.shown.say("cancelled");
    } else {
      sending.shown.say("");
      sending.shown.failed(error.message);
    }
    return false;
  }
};

// Before the page was loaded, something was half sent: say what, and how far.
async function remember(form) {
  for (const key of kept.all()) {
    const { where, name, size: all, since } = kept.get(key);
    const at = await standing(where).catch(() => undefined);
    // It may also be another person's, who will be back.
    if (at === null && Date.now() - since > LONGEST_KEPT_MS) kept.drop(key);
    const shown = at ? new Shown(form) : null;
    if (!shown || !shown.box.hidden) continue;
    shown.begin(name, () => { forget(key, where); shown.box.hidden = true; });
    shown.move(at, all);
    shown.say("half");
  }
}
for (const form of document.querySelectorAll("[data-send-to]")) remember(form);
