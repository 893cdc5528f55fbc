// The police's queue and one case's page, kept true; a new case makes a sound that can be silenced, the text cannot.

import { start } from "./ages.js";
import { announcer, fetcher, put } from "./listing.js";
import { beep } from "./sound.js";
import { connect } from "./stream.js";

const script = document.querySelector("script[data-live]");
const announce = announcer();
let showState = () => {};

function buttons(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      announce(button.dataset.copied);
      const words = button.innerHTML;
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.innerHTML = words; }, 1500);
    };
  }
}

const refresh = fetcher(script.dataset.from, script.dataset.part, 700, (html) => {
  const { changed, added } = put(html, "data-case");
  const fresh = added.filter((card) => card.dataset.state === "new");
  if (fresh.length) beep();
  for (const card of fresh) announce(`${script.dataset.new}: ${card.dataset.say}`);
  for (const card of changed) if (script.dataset.part === "case") announce(card.dataset.say);
  buttons(document);
  showState();
});

start();
buttons(document);
showState = connect(script, {
  open: (wasLost) => { if (wasLost) { announce(script.dataset.back); refresh(); } },
  events: { case: refresh, resync: refresh },
});
