// One connection that follows one thing: a WebSocket, or an event stream where sockets do not
// pass. Comes back by itself, and goes on where it was. Knows nothing of the page.
"use strict";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15000;
const REFUSED = [4401, 4403, 4404];
const ENDS = ["completed", "failed"];

// What was never connected is tried as a socket twice, then as a stream, and so on.
const TURNS = ["socket", "socket", "stream"];

export class Feed {
  #paths;
  #hear;
  #tell;
  #link = null;
  #timer = 0;
  #attempt = 0;
  #failures = 0;
  #since = "";
  #way = "";
  isOver = false;
  isConnected = false;

  // `paths` are { socket, stream }; without a stream there is only the one way.
  // `hear(message)` gets every message in the form of a WebSocket's; `tell(word)` gets
  // connected, lost (it comes back by itself) or refused (it does not).
  constructor(paths, hear, tell) {
    this.#paths = paths;
    this.#hear = hear;
    this.#tell = tell;
    this.#connect();
  }

  stop() {
    this.isOver = true;
    this.#drop();
  }

  // The network is back, or somebody looks again: do not wait any longer.
  hurry() {
    if (this.isOver || this.#link) return;
    this.#failures = 0;
    this.#connect();
  }

  #drop() {
    clearTimeout(this.#timer);
    const link = this.#link;
    this.#link = null;
    this.isConnected = false;
    link?.close();
  }

  #connect() {
    clearTimeout(this.#timer);
    const turn = TURNS[this.#attempt % TURNS.length];
    const way = this.#paths.stream ? this.#way || turn : "socket";
    this.#attempt += 1;
    try {
      if (way === "socket") this.#openSocket();
      else this.#openStream();
    } catch {
      this.#lost();
    }
  }

  #openSocket() {
    const url = new URL(this.#paths.socket, location.href);
    if (this.#since) url.searchParams.set("since", this.#since);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const link = new WebSocket(url);
    this.#link = link;
    link.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.id) this.#since = message.id;
      this.#take(message, link, "socket");
    };
    link.onclose = (event) => {
      if (this.#link !== link) return;
      this.#link = null;
      this.isConnected = false;
      if (REFUSED.includes(event.code)) this.#refused();
      else if (!this.isOver) this.#lost();
    };
  }

  #openStream() {
    const since = this.#since ? `?since=${encodeURIComponent(this.#since)}` : "";
    const link = new EventSource(`${this.#paths.stream}${since}`);
    this.#link = link;
    link.onmessage = (event) => {
      const data = JSON.parse(event.data);
      if (event.lastEventId) this.#since = event.lastEventId;
      const type = data.status ? "download_update" : data.type;
      if (type === "error") this.#refused();
      else this.#take({ ...data, type, data }, link, "stream");
    };
    // It would come back by itself, but at one pace for ever: ours knows when to wait.
    link.onerror = () => {
      if (this.#link !== link) return;
      this.#drop();
      if (!this.isOver) this.#lost();
    };
  }

  #take(message, link, way) {
    if (this.#link !== link) return;
    if (message.type === "connection_established") {
      this.#way = way;
      this.#failures = 0;
      this.isConnected = true;
      this.#tell("connected");
      return;
    }
    if (message.type === "download_update" && ENDS.includes(message.data.status)) {
      this.isOver = true;
      this.#drop();
    }
    this.#hear(message);
  }

  #refused() {
    this.stop();
    this.#tell("refused");
  }

  #lost() {
    this.#failures += 1;
    // What worked once is tried once more before the other is.
    if (this.#failures > 1) this.#way = "";
    const pause = Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), LONGEST_DELAY_MS);
    // Not all browsers at the same moment, when a server comes back.
    this.#timer = setTimeout(() => this.#connect(), pause * (0.75 + Math.random() / 2));
    this.#tell("lost");
  }
}
