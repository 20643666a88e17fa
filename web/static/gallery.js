// The gallery: puts cards at their place, by time and day, without moving what is being looked at.

import { fetched } from "./fetched.js";

const gallery = document.getElementById("gallery");
const pill = document.querySelector(".pill");
let unseen = 0;

// Makes one card true again; `hint` is what the hub said of it.
export async function refresh(hint) {
  const { camera, day, older } = document.body.dataset;
  const shown = document.getElementById(`event-${hint.id}`);
  if (!shown && (hint.verb !== "new" || older === "yes")) return; // not loaded, or filtered out
  if (!shown && camera && hint.camera && hint.camera !== camera) return;
  const found = await fetched(`/events/${hint.id}/card`);
  const old = document.getElementById(`event-${hint.id}`);
  const card = found?.querySelector(".card");
  if (!card) return old && remove(old);
  if ((camera && camera !== found.dataset.camera) || (day && day !== card.dataset.day)) return;
  if (old) replace(old, card);
  else insert(card);
}

function replace(old, card) {
  const focused = old.contains(document.activeElement);
  const picture = old.querySelector("img");
  const fresh = card.querySelector("img");
  // The same picture stays: a new element would flash.
  if (picture && fresh && picture.getAttribute("src") === fresh.getAttribute("src")) fresh.replaceWith(picture);
  old.replaceWith(card);
  mend(card);
  if (focused) card.querySelector("a").focus({ preventScroll: true });
}

function remove(card) {
  const mine = gallery.querySelectorAll(`.card[data-day="${CSS.escape(card.dataset.day)}"]`);
  if (mine.length === 1) headingOf(card.dataset.day)?.remove();
  card.remove();
  document.getElementById("empty").hidden = gallery.querySelector(".card") !== null;
}

function insert(card) {
  const cards = [...gallery.querySelectorAll(".card")];
  const older = cards.find((other) => other.dataset.startedAt < card.dataset.startedAt);
  if (!older && gallery.querySelector(".more")) return; // older than what is loaded
  card.classList.add("fresh");
  const looked = window.scrollY > 200 ? cards.find((other) => other.getBoundingClientRect().bottom > 0) : null;
  const top = looked?.getBoundingClientRect().top;
  place(card, older);
  mend(card);
  document.getElementById("empty").hidden = true;
  document.getElementById("said").textContent = `New event: ${card.querySelector(".where").textContent}`;
  if (!looked) return;
  window.scrollBy({ top: looked.getBoundingClientRect().top - top, behavior: "instant" });
  unseen += 1;
  pill.textContent = `${unseen} new ${unseen === 1 ? "event" : "events"}`;
  pill.hidden = false;
}

function place(card, older) {
  const heading = headingOf(card.dataset.day) ?? addHeading(card, older);
  const mine = [...gallery.querySelectorAll(`.card[data-day="${CSS.escape(card.dataset.day)}"]`)];
  const next = mine.find((other) => other.dataset.startedAt < card.dataset.startedAt);
  if (next) next.before(card);
  else (mine.at(-1) ?? heading).after(card);
}

function addHeading(card, older) {
  const heading = document.createElement("h2");
  heading.className = "day";
  heading.dataset.day = card.dataset.day;
  heading.textContent = card.dataset.dayLabel;
  const before = older ? headingOf(older.dataset.day) : gallery.querySelector(".more, .end");
  gallery.insertBefore(heading, before);
  return heading;
}

function headingOf(day) {
  return gallery.querySelector(`h2[data-day="${CSS.escape(day)}"]`);
}

// A picture that cannot be loaded gives way to the camera drawn beneath it.
function mend(root) {
  for (const picture of root.querySelectorAll(".picture img")) {
    if (picture.complete && picture.naturalWidth === 0 && picture.src) lose(picture);
  }
}

function lose(picture) {
  picture.hidden = true;
}

function troubled(event) {
  const more = event.target.closest?.(".more");
  if (!more) return;
  const status = event.detail.xhr?.status;
  if (status === 401) document.dispatchEvent(new Event("gatehouse:logged-out"));
  more.classList.add("failed");
  more.querySelector(".trouble").textContent = "Older events could not be loaded.";
  more.querySelector("a").textContent = "Try again";
}

export function start() {
  pill.addEventListener("click", () => window.scrollTo({ top: 0 }));
  window.addEventListener("scroll", () => {
    if (window.scrollY > 100 || !unseen) return;
    unseen = 0;
    pill.hidden = true;
  }, { passive: true });
  gallery.addEventListener("error", (event) => event.target.matches?.(".picture img") && lose(event.target), true);
  mend(gallery);
  for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(kind, troubled);
  }
  gallery.addEventListener("click", (event) => {
    const more = event.target.closest(".more.failed");
    if (!more || !event.target.closest("a")) return;
    event.preventDefault();
    more.classList.remove("failed");
    more.querySelector(".trouble").textContent = "";
    window.htmx.trigger(more, "again");
  });
  const chips = document.querySelector(".chips");
  const chosen = chips?.querySelector("[aria-current]");
  if (chosen) chips.scrollLeft = chosen.offsetLeft - (chips.clientWidth - chosen.offsetWidth) / 2;
  const day = document.getElementById("day");
  document.getElementById("show-day").hidden = true;
  day.addEventListener("change", () => day.form.requestSubmit());
}
