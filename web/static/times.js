// "5 min ago" grows older while a page stays open. The words are those of web/wording.py.

const MINUTE_MS = 60_000;
const RECENT_MS = 12 * 60 * MINUTE_MS;
// A phone's clock may be wrong; so only the time that passes here is added to what the hub says.
const born = new WeakMap();

export function ago(passedMs) {
  const minutes = Math.floor(passedMs / MINUTE_MS);
  if (passedMs < -MINUTE_MS || passedMs >= RECENT_MS) return "";
  if (minutes < 1) return "just now";
  return minutes < 60 ? `${minutes}\u00a0min ago` : `${Math.floor(minutes / 60)}\u00a0h ago`;
}

function tick() {
  for (const place of document.querySelectorAll(".ago")) {
    if (!born.has(place)) born.set(place, performance.now() - 1000 * Number(place.dataset.passedS));
    const fresh = ago(performance.now() - born.get(place));
    if (fresh !== place.textContent) place.textContent = fresh;
  }
}

export function keepTime() {
  tick();
  setInterval(tick, 20_000);
}
