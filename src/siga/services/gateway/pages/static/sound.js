// The police's sound for a new case, and the button that silences it; the text cannot be silenced.

const sound = document.querySelector("[data-sound]");
const KEY = "siga-sound";
let silent = false;
let audio = null;

function show() {
  sound.setAttribute("aria-pressed", String(!silent));
  sound.textContent = silent ? sound.dataset.off : sound.dataset.on;
}

if (sound) {
  try { silent = localStorage.getItem(KEY) === "off"; } catch { /* not kept then */ }
  sound.hidden = false;
  show();
  sound.addEventListener("click", () => {
    silent = !silent;
    try { localStorage.setItem(KEY, silent ? "off" : "on"); } catch { /* not kept then */ }
    show();
    if (!silent) beep();
  });
}

// Browsers let a page sound only after somebody touched it.
addEventListener("pointerdown", () => { audio ??= new AudioContext(); audio.resume(); }, { once: true });
addEventListener("keydown", () => { audio ??= new AudioContext(); audio.resume(); }, { once: true });

export function beep() {
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
