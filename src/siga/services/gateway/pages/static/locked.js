// The locked police screen: its count is kept true and a new case sounds, without a word about any case.

import { announcer, fetcher, put } from "./listing.js";
import { beep } from "./sound.js";
import { connect } from "./stream.js";

const script = document.querySelector("script[data-live]");
const announce = announcer();
const count = () => Number(document.getElementById("results").dataset.open);
let showState = () => {};

// Only now that it is locked: a tab that came earlier would be led back to the queue.
new BroadcastChannel("siga-lock").postMessage("locked");

const refresh = fetcher(script.dataset.from, script.dataset.part, 700, (html) => {
  const before = count();
  put(html, "data-case");
  if (count() > before) beep();
  if (count() !== before) announce(document.querySelector(".lock-count").textContent);
  showState();
});

showState = connect(script, {
  open: (wasLost) => { if (wasLost) refresh(); },
  events: { case: refresh, resync: refresh },
});
