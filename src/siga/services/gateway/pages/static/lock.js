// Locks the police's screen when nobody has touched it for a while, in all its tabs at once: sends the form of the button.

const form = document.querySelector("form[data-lock]");
const idleMs = Number(form.dataset.lock) * 60000;
const tabs = new BroadcastChannel("siga-lock");
let touched = Date.now(), told = 0;

function touch() {
  touched = Date.now();
  if (touched - told > 1000) { told = touched; tabs.postMessage("touched"); }
}

for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(name, touch, { passive: true, capture: true });
}
tabs.onmessage = (event) => {
  if (event.data === "touched") touched = Date.now();
  else location.replace("/police/locked");
};

// By the clock, not by one long timer: a computer that slept locks as soon as it wakes.
setInterval(() => {
  if (Date.now() - touched >= idleMs) { touched = Infinity; form.requestSubmit(); }
}, 1000);
