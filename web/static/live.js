// Keeps an open page true: listens to the hub's hints and fetches what they name.
// Hints carry no data; what a person may see is decided when the card is fetched.

const page = document.body.dataset.page;
const SETTLE_MS = 150; // hints that come together are answered together

let position = document.body.dataset.position;
let stream = null;
let timer = null;
const pending = new Set();

function listen() {
  if (stream || document.hidden) return;
  stream = new EventSource(`/api/v1/stream?after=${position}`);
  stream.addEventListener("event", (message) => {
    if (message.lastEventId) position = message.lastEventId;
    pending.add(JSON.parse(message.data).id);
    timer ??= setTimeout(answer, SETTLE_MS);
  });
  stream.addEventListener("reset", () => location.reload());
  stream.addEventListener("open", () => offline(false));
  stream.addEventListener("error", () => offline(true));
}

function rest() {
  stream?.close();
  stream = null;
}

function offline(yes) {
  document.querySelector(".offline").hidden = !yes;
}

async function answer() {
  timer = null;
  const ids = [...pending];
  pending.clear();
  if (page === "gallery") await Promise.all(ids.map(refreshCard));
  if (page === "event" && ids.includes(Number(document.body.dataset.event))) await refreshEvent();
}

async function fetched(path) {
  try {
    const reply = await fetch(path, { headers: { Accept: "text/html" } });
    if (!reply.ok || reply.redirected) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await reply.text();
    return holder.content.firstElementChild;
  } catch {
    offline(true);
    return null;
  }
}

// --- the gallery -------------------------------------------------------------------------------

const gallery = document.getElementById("gallery");
let unseen = 0;

async function refreshCard(id) {
  const found = await fetched(`/events/${id}/card`);
  const card = found?.querySelector(".card");
  if (!card) return;
  const { camera, day } = document.body.dataset;
  if ((camera && camera !== found.dataset.camera) || (day && day !== card.dataset.day)) return;
  const old = document.getElementById(card.id);
  if (old) {
    const focused = old.contains(document.activeElement);
    old.replaceWith(card);
    if (focused) card.querySelector("a").focus();
    return;
  }
  insert(card);
}

function insert(card) {
  const cards = [...gallery.querySelectorAll(".card")];
  const older = cards.find((other) => other.dataset.started < card.dataset.started);
  if (!older && cards.length && gallery.querySelector(".more")) return; // older than what is loaded
  card.classList.add("fresh");
  const scrolled = window.scrollY > 200;
  const looked = scrolled && cards.find((other) => other.getBoundingClientRect().bottom > 0);
  const top = looked && looked.getBoundingClientRect().top;
  place(card, older);
  document.getElementById("empty").hidden = true;
  document.getElementById("said").textContent = `New event: ${card.querySelector(".where").textContent}`;
  if (scrolled) {
    // What is being looked at stays where it is.
    window.scrollBy({ top: looked.getBoundingClientRect().top - top, behavior: "instant" });
    unseen += 1;
    pill(`${unseen} new ${unseen === 1 ? "event" : "events"}`);
  }
}

function place(card, older) {
  const heading = gallery.querySelector(`h2[data-day="${CSS.escape(card.dataset.day)}"]`);
  if (!heading) {
    const fresh = document.createElement("h2");
    fresh.className = "day";
    fresh.dataset.day = card.dataset.day;
    fresh.textContent = card.dataset.dayLabel;
    const before = older ? gallery.querySelector(`h2[data-day="${CSS.escape(older.dataset.day)}"]`) : null;
    gallery.insertBefore(fresh, before ?? gallery.querySelector(".more"));
    fresh.after(card);
  } else if (older && older.dataset.day === card.dataset.day) {
    older.before(card);
  } else {
    const mine = gallery.querySelectorAll(`.card[data-day="${CSS.escape(card.dataset.day)}"]`);
    (mine.length ? mine[mine.length - 1] : heading).after(card);
  }
}

function pill(text) {
  const button = document.querySelector(".pill");
  button.textContent = text;
  button.hidden = false;
  button.onclick = () => window.scrollTo({ top: 0 });
}

window.addEventListener("scroll", () => {
  if (page === "gallery" && window.scrollY < 100 && unseen) {
    unseen = 0;
    document.querySelector(".pill").hidden = true;
  }
}, { passive: true });

// --- an event ----------------------------------------------------------------------------------

async function refreshEvent() {
  const id = document.body.dataset.event;
  const [stages, player] = await Promise.all([fetched(`/events/${id}/stages`), fetched(`/events/${id}/player`)]);
  if (stages) document.getElementById("stages").replaceWith(stages);
  const shown = document.getElementById("player");
  // A video that somebody is watching is never taken away.
  if (player && !shown.querySelector("video")) shown.replaceWith(player);
}

// --- life of the page --------------------------------------------------------------------------

if (page === "gallery" || page === "event") {
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", listen);
  listen();
}
