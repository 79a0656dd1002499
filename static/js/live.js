// Keeps the parts of a page marked `data-live` as the server has them, while something runs.
// Elements with `data-watch` name the files that run: each is followed by a feed, which moves
// the bars and numbers in it; words are rendered by the server alone and fetched when they change.
// Lists (`data-begins`) also follow the queue: what begins while nothing runs is shown, too.
"use strict";
import { Feed } from "./feed.js";
import "./notices.js";
import { size } from "./sizes.js";

// Followed at once: browsers open few connections to one server.
const MOST_FEEDS = 4;
const LEAST_MS = 200;
const AFTER_PROGRESS_MS = 1000;
const AFTER_END_MS = 1000;
const SAFETY_MS = 5000;
const WITHOUT_FEED_MS = 2000;
const LONGEST_MS = 15000;
// A fetch that hangs would be the last: an answer later than this counts as none.
const ANSWER_MS = 10000;

// Beside the files, which are called by their ids.
const QUEUE = "queue";

const feeds = new Map();
const places = new Map();
let queue = "";
let failures = 0;
// A page is made by several questions: around an end some of its parts are from before it.
let hasJustEnded = false;
let fetchedAt = 0;
let dueAt = Infinity;
let timer = 0;

function hasPoll() {
  return Boolean(document.querySelector("[data-poll]"));
}

function isLive() {
  return hasJustEnded || Boolean(document.querySelector("[data-poll], [data-begins]"));
}

function say(text) {
  const said = document.getElementById("said");
  if (text && said && said.textContent !== text) said.textContent = text;
}

function showOffline(offline) {
  const root = document.documentElement;
  if (offline && !root.hasAttribute("data-offline")) say(document.body.dataset.offlineText);
  if (!offline && root.hasAttribute("data-offline")) say(document.body.dataset.onlineText);
  root.toggleAttribute("data-offline", offline);
}

// ---- the server's own words -------------------------------------------------------------

// Put the new form of every live part in place, when it differs; keep the focus.
function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of fresh.querySelectorAll("[data-live][id]")) {
    const old = document.getElementById(part.id);
    if (!old || old.isEqualNode(part)) continue;
    if (old.dataset.state !== part.dataset.state) say(part.dataset.said);
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    keepOpen(old, part);
    moveBars(old, part);
    const scrolled = scrollsOf(old);
    old.replaceWith(part);
    for (const [id, top] of scrolled) document.getElementById(id)?.scrollTo({ top });
    if (focused) document.getElementById(focused)?.focus();
  }
}

// What somebody has opened stays open.
function keepOpen(old, part) {
  for (const details of part.querySelectorAll("details[id]")) {
    const before = old.querySelector(`details[id="${CSS.escape(details.id)}"]`);
    if (before) details.open = before.open;
  }
}

// Who reads further up in a log is left there.
function scrollsOf(old) {
  const boxes = [...old.querySelectorAll("[tabindex][id]")].filter((box) => box.scrollTop);
  return boxes.map((box) => [box.id, box.scrollTop]);
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
  const response = await fetch(location.href, {
    headers: { "X-Live": "1" },
    redirect: "manual",
    // Not even the browser's lock on a stored answer may hold it up.
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  // Logged out, or moved, or gone: let the browser show why. What somebody sends (a logout, say)
  // answers with a page of its own, which nothing may overtake.
  if (response.type === "opaqueredirect" || [401, 403, 404].includes(response.status)) {
    if (!document.querySelector("form[data-sent]")) location.reload();
    return;
  }
  if (!response.ok) throw new Error(String(response.status));
  take(await response.text());
}

// Fetch after so many milliseconds, unless it will be sooner; never twice within `least`.
function fetchIn(pause, least = LEAST_MS) {
  const now = performance.now();
  const at = Math.max(now + pause, fetchedAt + least);
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = setTimeout(round, at - now);
}

async function round() {
  dueAt = Infinity;
  if (!isLive()) return stop();
  // Nobody looks: `visibilitychange` goes on.
  if (document.hidden) return;
  fetchedAt = performance.now();
  const hasRun = hasPoll();
  try {
    await ask();
    failures = 0;
    hasJustEnded = hasRun && !hasPoll();
  } catch {
    failures += 1;
  }
  showOffline(failures > 1 || (failures > 0 && !isConnected()));
  watch();
  rest();
}

// Until something is heard. A list in which nothing runs is told; it asks only where no feed passes.
function rest() {
  if (!isLive()) return;
  if (failures) fetchIn(Math.min(WITHOUT_FEED_MS * 2 ** (failures - 1), LONGEST_MS));
  else if (hasJustEnded) fetchIn(AFTER_END_MS);
  else if (hasPoll()) fetchIn(isConnected() ? SAFETY_MS : WITHOUT_FEED_MS);
  else if (!isConnected()) fetchIn(LONGEST_MS);
}

// ---- what runs --------------------------------------------------------------------------

function isConnected() {
  return [...feeds.values()].some((feed) => feed.isConnected);
}

// One feed for each file that runs, and for a list one more; none where nothing moves.
function watch() {
  const lists = document.querySelector("[data-begins]") ? [QUEUE] : [];
  const files = [...document.querySelectorAll("[data-watch]")].map((each) => each.dataset.watch);
  const wanted = new Set([...new Set([...lists, ...files])].slice(0, MOST_FEEDS));
  for (const [id, feed] of feeds) {
    if (wanted.has(id)) continue;
    feed.stop();
    feeds.delete(id);
    places.delete(id);
  }
  for (const id of wanted) {
    if (!feeds.has(id)) feeds.set(id, id === QUEUE ? followQueue() : followFile(id));
  }
}

function followFile(id) {
  const paths = { socket: `/ws/downloads/${id}`, stream: `/downloads/${id}/stream` };
  return new Feed(paths, (message) => hear(id, message), hearState);
}

function followQueue() {
  const paths = { socket: "/ws/queue", stream: "/downloads/queue/stream" };
  return new Feed(paths, hearQueue, hearState);
}

function hearQueue(message) {
  if (message.type !== "queue_update") return;
  const { pending, downloading } = message.data;
  const before = queue;
  queue = JSON.stringify(message.data);
  // What began between the page's making and the first word of the queue.
  const isNews = before ? queue !== before : pending + downloading > 0 !== hasPoll();
  if (isNews) fetchIn(0);
}

function hear(id, message) {
  if (message.type !== "download_update") return fetchIn(0);
  move(id, message.data);
  const place = `${message.data.status} ${message.data.stage}`;
  const isNews = places.has(id) && places.get(id) !== place;
  places.set(id, place);
  if (isNews || feeds.get(id)?.isOver) fetchIn(0);
  else fetchIn(AFTER_PROGRESS_MS, AFTER_PROGRESS_MS);
}

function hearState(word) {
  // A page that was away must catch up; one that lost its feed must know whether it is offline.
  if (word !== "connected" || failures) fetchIn(0);
}

function move(id, data) {
  for (const place of document.querySelectorAll(`[data-watch="${CSS.escape(id)}"]`)) {
    for (const bar of place.querySelectorAll("progress[data-whole]")) raise(bar, data.progress);
    const now = place.querySelector("[data-now]");
    if (now?.dataset.now !== data.stage || !data.bytes_done) continue;
    if (data.bytes_total) {
      const percent = Math.min(99, (100 * data.bytes_done) / data.bytes_total);
      raise(now, percent);
      write(place, "percent", { percent: Math.floor(now.value) });
    }
    write(place, "bytes", { done: size(data.bytes_done), total: size(data.bytes_total ?? 0) });
    if (data.rate) write(place, "rate", { rate: size(data.rate) });
  }
}

function raise(bar, value) {
  if (value > bar.value) bar.value = value;
}

// The words are the server's; only the numbers in them are put in here.
function write(place, name, numbers) {
  const part = place.querySelector(`[data-number="${name}"]`);
  if (part) part.textContent = part.dataset.text.replace(/\{(\w+)\}/g, (_all, key) => numbers[key]);
}

// ---- coming and going -------------------------------------------------------------------

function start() {
  if (!isLive()) return;
  watch();
  rest();
}

function stop() {
  clearTimeout(timer);
  dueAt = Infinity;
  for (const feed of feeds.values()) feed.stop();
  feeds.clear();
  places.clear();
  queue = "";
}

function lookAgain() {
  if (document.hidden || !isLive()) return;
  for (const feed of feeds.values()) feed.hurry();
  fetchIn(0);
}

document.addEventListener("visibilitychange", lookAgain);
addEventListener("online", lookAgain);
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && start());
start();
