// Keeps an open page true: listens to the hub's hints and lets the page fetch what they name.
// Hints carry no data; what a person may see is decided when the card is fetched.

import * as event from "./event.js";
import { isLoggedIn, LoggedOut } from "./fetched.js";
import * as gallery from "./gallery.js";
import { keepTime } from "./times.js";

const SETTLE_MS = 150; // hints that come together are answered together
const AT_ONCE = 4; // browsers allow six connections to a host; pictures need some
const TROUBLE_MS = 2500; // shorter gaps are nobody's business
const LONG_AWAY_MS = 3_600_000;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

const page = { gallery, event }[document.body.dataset.page];
const pending = new Map(); // event id → hint
let position = document.body.dataset.position;
let stream = null;
let waitMs = SHORTEST_WAIT_MS;
let hiddenAt = null;
let answering = false;
const timers = {};

function later(name, what, ms) {
  timers[name] ??= setTimeout(() => {
    timers[name] = null;
    what();
  }, ms);
}

function never(name) {
  clearTimeout(timers[name]);
  timers[name] = null;
}

// --- the stream --------------------------------------------------------------------------------

function listen() {
  never("listen");
  if (stream || document.hidden) return;
  stream = new EventSource(`/api/v1/stream?after=${position}`);
  stream.addEventListener("event", take);
  stream.addEventListener("reset", () => location.reload());
  stream.addEventListener("open", () => {
    waitMs = SHORTEST_WAIT_MS;
    calm();
    if (pending.size) later("answer", answer, SETTLE_MS);
  });
  stream.addEventListener("error", broken);
}

function rest() {
  stream?.close();
  stream = null;
  never("listen");
  never("trouble");
}

function take(message) {
  if (message.lastEventId) position = message.lastEventId;
  const hint = JSON.parse(message.data);
  // An event that is new stays new, however many updates follow in the same breath.
  if (pending.get(hint.id)?.verb !== "new") pending.set(hint.id, hint);
  later("answer", answer, SETTLE_MS);
}

async function broken() {
  later("trouble", () => show("offline"), TROUBLE_MS);
  if (stream?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
  rest();
  later("trouble", () => show("offline"), TROUBLE_MS);
  try {
    if (!(await isLoggedIn())) return loggedOut();
  } catch {
    // nobody answers: try again below
  }
  again();
}

function again() {
  later("listen", listen, waitMs);
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

// --- what hints ask for ------------------------------------------------------------------------

async function answer() {
  if (answering) return;
  answering = true;
  try {
    while (pending.size) {
      const batch = [...pending.values()].slice(0, AT_ONCE);
      for (const hint of batch) pending.delete(hint.id);
      const done = await Promise.allSettled(batch.map((hint) => page.refresh(hint)));
      const failed = batch.filter((_, place) => done[place].status === "rejected");
      for (const hint of failed) if (!pending.has(hint.id)) pending.set(hint.id, hint);
      if (done.some(({ reason }) => reason instanceof LoggedOut)) return loggedOut();
      if (!failed.length) continue;
      later("trouble", () => show("offline"), TROUBLE_MS);
      later("answer", answer, waitMs); // nothing that was announced is forgotten
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      return;
    }
    if (stream?.readyState === EventSource.OPEN) calm();
  } finally {
    answering = false;
  }
}

// --- what the person is told -------------------------------------------------------------------

function show(which) {
  for (const id of ["offline", "logged-out"]) document.getElementById(id).hidden = id !== which;
}

function calm() {
  never("trouble");
  show(null);
}

function loggedOut() {
  rest();
  never("answer");
  const back = encodeURIComponent(location.pathname + location.search);
  document.querySelector("#logged-out a").href = `/login?next=${back}`;
  show("logged-out");
}

// --- life of the page --------------------------------------------------------------------------

function seen() {
  const away = hiddenAt === null ? 0 : Date.now() - hiddenAt;
  hiddenAt = null;
  // "Today" may be yesterday by now.
  if (away > LONG_AWAY_MS && window.scrollY < 200 && !document.querySelector("video")) location.reload();
  else listen();
}

if (page) {
  page.start();
  keepTime();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return seen();
    hiddenAt = Date.now();
    rest();
  });
  document.addEventListener("gatehouse:logged-out", loggedOut);
  window.addEventListener("online", listen);
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", listen);
  listen();
}
