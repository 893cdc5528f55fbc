// The driver's list and a bay's own page, kept true while they are open. Without this script they are whole all the same.

import { start, tick } from "./ages.js";
import { announcer, fetcher, put } from "./listing.js";
import { locate } from "./locate.js";
import { connect } from "./stream.js";

const script = document.querySelector("script[data-live]");
const part = script.dataset.part ?? "list";
const announce = announcer();
const SPOKEN = 3; // only what changes among the first three is said aloud

const shown = (bayId) => document.querySelector(`[data-bay="${CSS.escape(bayId)}"]`);
let showState = () => {};

const refresh = fetcher(script.dataset.from, part, 1500, (html) => {
  const { changed, added } = put(html, "data-bay");
  for (const card of [...changed, ...added]) {
    if (Number(card.dataset.number) <= SPOKEN) announce(card.dataset.say);
  }
  showState();
});

// The last age of a card is that of the sensor's last word.
function heardAt(card, at) {
  const times = card.querySelectorAll("[data-ages] time");
  if (times.length && at) { times[times.length - 1].dateTime = at; tick(card); }
}

function hear(bay) {
  const card = shown(bay.bay_id);
  if (!card) { if (bay.occupancy === "free") refresh(); return; }
  if (card.dataset.occupancy !== bay.occupancy) { refresh(); return; }
  heardAt(card, bay.heard_at);
}

function hearAll(bays) {
  for (const bay of bays) {
    const card = shown(bay.bay_id);
    if (card && card.dataset.occupancy !== bay.occupancy) { refresh(); return; }
    if (card) heardAt(card, bay.heard_at);
  }
}

start();
showState = connect(script, {
  open: (wasLost) => { if (wasLost) { announce(script.dataset.back); refresh(); } },
  events: {
    snapshot: ({ bays }) => hearAll(bays),
    bay: hear,
    heard: ({ bay_id, heard_at }) => { const card = shown(bay_id); if (card) heardAt(card, heard_at); },
    gone: ({ bay_id }) => { if (shown(bay_id)) refresh(); },
  },
});

const button = document.querySelector("[data-locate]");
if (button) {
  locate(button, document.querySelector("[data-locate-state]"), (lon, lat) => {
    const address = new URL("/", location.href);
    for (const name of ["category", "any"]) {
      const field = document.getElementById(name);
      if (field && (field.type !== "checkbox" || field.checked)) address.searchParams.set(name, field.value);
    }
    address.searchParams.set("lon", lon);
    address.searchParams.set("lat", lat);
    location.assign(address);
  });
}
