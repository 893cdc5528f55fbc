// How long ago, in the words the page was made with; says the same as ages.py. Ticks every <time data-age>.

const words = document.documentElement.dataset;

export function lengthOf(seconds) {
  const whole = Math.max(1, Math.floor(seconds));
  if (whole < 60) return [whole, words.ageS];
  if (whole < 3600) return [Math.floor(whole / 60), words.ageMin];
  if (whole < 172800) return [Math.floor(whole / 3600), words.ageH];
  return [Math.floor(whole / 86400), words.ageDays];
}

// The server's clock counts, not the device's: ages are measured from the picture's own time.
const picture = document.querySelector("[data-picture]");
const ahead = picture ? Date.now() - Date.parse(picture.dateTime) : 0;
export const serverNow = () => Date.now() - Math.max(-86400000, Math.min(ahead, 86400000));

export function tick(root = document) {
  const now = serverNow();
  for (const element of root.querySelectorAll("time[data-age]")) {
    const text = lengthOf((now - Date.parse(element.dateTime)) / 1000).join("\u00a0");
    if (element.textContent !== text) element.textContent = text;
  }
}

export function start() {
  tick();
  setInterval(tick, 1000);
}
