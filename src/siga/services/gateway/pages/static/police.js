// The police's queue and one case's page, kept true; a new case makes a sound that can be silenced, the text cannot.

import { start } from "./ages.js";
import { announcer, fetcher, put } from "./listing.js";
import { connect } from "./stream.js";

const script = document.querySelector("script[data-live]");
const announce = announcer();
let showState = () => {};

const sound = document.querySelector("[data-sound]");
const KEY = "siga-sound";
let silent = false;
let audio = null;

function showSound() {
  sound.setAttribute("aria-pressed", String(!silent));
  sound.textContent = silent ? sound.dataset.off : sound.dataset.on;
}

if (sound) {
  try { silent = localStorage.getItem(KEY) === "off"; } catch { /* not kept then */ }
  sound.hidden = false;
  showSound();
  sound.addEventListener("click", () => {
    silent = !silent;
    try { localStorage.setItem(KEY, silent ? "off" : "on"); } catch { /* not kept then */ }
    showSound();
    if (!silent) beep();
  });
}

// Browsers let a page sound only after somebody touched it.
addEventListener("pointerdown", () => { audio ??= new AudioContext(); audio.resume(); }, { once: true });
addEventListener("keydown", () => { audio ??= new AudioContext(); audio.resume(); }, { once: true });

function beep() {
  document.documentElement.dataset.beeps = String(Number(document.documentElement.dataset.beeps ?? 0) + 1);
  if (silent) return;
  audio ??= new AudioContext();
  if (audio.state !== "running") return;
  [[880, 0], [1175, 0.18]].forEach(([pitch, after]) => {
    const at = audio.currentTime + after;
    const tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  });
}

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
