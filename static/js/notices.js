// What administrators say to everyone: shown on every page while it holds, as soon as it is said.
// And how many alerts wait, beside their place in the navigation. The page comes with what holds;
// a socket tells the rest, and where none passes it asks.
"use strict";
import { Feed } from "./feed.js";

const ASK_MS = 30000;
const MOST_COUNTED = 99;
// The socket tells who comes what ended within the last minute; an older page has to ask.
const NEW_PAGE_MS = 45000;

const place = document.getElementById("notices");
const badge = document.getElementById("alerts-waiting");
const blank = document.getElementById("notice");
let feed = null;
let timer = 0;
let wasConnected = false;

function shown(id) {
  return place.querySelector(`[data-notice="${CSS.escape(String(id))}"]`);
}

function show(notice) {
  const fresh = blank.content.firstElementChild.cloneNode(true);
  fresh.dataset.notice = notice.id;
  fresh.classList.add(["info", "warning", "error"].includes(notice.level) ? notice.level : "info");
  fresh.querySelector(notice.level === "info" ? ".loud" : ".calm").remove();
  fresh.querySelector("strong").textContent = notice.title;
  const text = fresh.querySelector("p");
  if (notice.message) text.textContent = notice.message;
  else text.remove();
  const old = shown(notice.id);
  if (!old) place.append(fresh);
  else if (old.textContent.trim() !== fresh.textContent.trim()) old.replaceWith(fresh);
}

// The number beside Alerts; without that place there is nothing to count for.
function count(waiting) {
  if (!badge) return;
  badge.querySelector("[data-count]").textContent = waiting;
  badge.hidden = waiting === 0;
}

function hear(message) {
  if (message.type === "alerts_update") return count(message.data.waiting);
  if (message.type !== "general_message") return;
  const notice = message.data;
  // By the server's clock, whatever this one says.
  const isOver = notice.ends_at && notice.ends_at <= message.timestamp;
  if (isOver) shown(notice.id)?.remove();
  else show(notice);
}

async function asked(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).results;
}

// What was said and taken back while nobody listened.
async function ask() {
  try {
    const results = await asked("/api/notices");
    const ids = results.map((notice) => String(notice.id));
    for (const old of place.querySelectorAll("[data-notice]")) {
      if (!ids.includes(old.dataset.notice)) old.remove();
    }
    results.reverse().forEach(show);
    if (badge) count((await asked(`/api/alerts?state=waiting&limit=${MOST_COUNTED}`)).length);
  } catch {
    // The server is away: the page says so where something runs.
  }
}

function hearState(word) {
  clearInterval(timer);
  if (word === "connected") {
    if (wasConnected || performance.now() > NEW_PAGE_MS) ask();
    wasConnected = true;
  } else if (word === "lost") {
    timer = setInterval(ask, ASK_MS);
  }
}

function start() {
  if (place) feed = new Feed({ socket: badge ? "/ws/general?alerts=1" : "/ws/general" }, hear, hearState);
}

function stop() {
  clearInterval(timer);
  feed?.stop();
}

addEventListener("online", () => feed?.hurry());
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && start());
start();
