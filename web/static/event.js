// An event's page: its video appears when it is ready, its stages say where they stand.

import { fetched } from "./fetched.js";

const id = document.body.dataset.event;

export async function refresh(hint) {
  if (String(hint.id) !== id) return;
  const [stages, player] = await Promise.all([
    fetched(`/events/${id}/stages`),
    fetched(`/events/${id}/player`),
  ]);
  if (stages) swapStages(stages);
  const shown = document.getElementById("player");
  // A video that somebody is watching is never taken away. A copy is put in, made in this document:
  // a video that waited in the fragment's own has tried to load there, and was refused for good.
  if (player && !shown.querySelector("video")) shown.replaceWith(document.importNode(player, true));
}

function swapStages(fresh) {
  const old = document.getElementById("stages");
  const focused = document.activeElement?.closest?.(".stage")?.dataset.stage;
  for (const stage of old.querySelectorAll(".stage[open]")) {
    fresh.querySelector(`.stage[data-stage="${CSS.escape(stage.dataset.stage)}"]`)?.setAttribute("open", "");
  }
  old.replaceWith(fresh);
  if (focused) fresh.querySelector(`.stage[data-stage="${CSS.escape(focused)}"] summary`)?.focus();
}

export function start() {
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("#player video")) document.getElementById("broken").hidden = false;
  }, true);
  const video = document.querySelector("#player video");
  if (video?.error) document.getElementById("broken").hidden = false;
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#broken button")) return;
    document.getElementById("broken").hidden = true;
    document.querySelector("#player video").load();
  });
}
