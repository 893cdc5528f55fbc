// Street, live: the part with bays and log is asked for again and again, and commands go without leaving the page.

import { start, tick } from "./ages.js";

const script = document.querySelector("script[data-part]");
const form = document.getElementById("play");
const announce = document.querySelector("[data-announce]");
const EVERY_MS = 1500;
let asking = null;
let last = "";

function keyOf(element) {
  if (element?.matches("section[tabindex]")) return "log";
  return element?.matches("button[name=act], summary, a[href]") ? element.value || element.getAttribute("href") || "summary" : null;
}

function put(html) {
  const old = document.getElementById("street-part");
  const box = document.createElement("template");
  box.innerHTML = html;
  const fresh = box.content.getElementById("street-part");
  if (!fresh) return;
  const open = old.querySelector(".plan")?.open;
  const focused = keyOf(document.activeElement);
  const code = document.activeElement?.closest?.(".spot")?.dataset.code;
  const scroll = old.querySelector(".street-log")?.scrollTop ?? 0;
  const plan = fresh.querySelector(".plan");
  if (plan && open !== undefined) plan.open = open;
  const before = new Map([...old.querySelectorAll(".spot")].map((spot) => [spot.dataset.code, spot.dataset.occupancy]));
  for (const spot of fresh.querySelectorAll(".spot")) {
    if (before.has(spot.dataset.code) && before.get(spot.dataset.code) !== spot.dataset.occupancy) spot.classList.add("changed");
  }
  old.replaceWith(fresh);
  fresh.querySelector(".street-log").scrollTop = scroll;
  tick();
  if (focused) {
    const all = [...fresh.querySelectorAll("button[name=act], summary, a[href], section[tabindex]")];
    const same = all.find((one) => keyOf(one) === focused) ?? (code && fresh.querySelector(`.spot[data-code="${CSS.escape(code)}"] button`));
    same?.focus({ preventScroll: true });
  }
  const newest = fresh.querySelector("[data-mine] .story")?.textContent.replace(/\s+/g, " ").trim() ?? "";
  if (newest && newest !== last && last !== "") announce.textContent = newest;
  last = newest || " ";
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const state = () => document.querySelector("[data-live-state]");
  try {
    const answer = await fetch(script.dataset.part, { signal: asking.signal, headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    put(await answer.text());
  } catch (fault) {
    if (fault.name === "AbortError" || !state()) return;
    state().textContent = script.dataset.off;
    state().className = "live-off";
  }
}

form.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!button || button.name !== "act") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, button));
  button.disabled = true;
  announce.textContent = script.dataset.sent;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "x-part": "1" } });
    if (!answer.ok) throw new Error(String(answer.status));
    await new Promise((done) => setTimeout(done, 350));
    await ask();
  } catch {
    announce.textContent = script.dataset.off;
    if (button.isConnected) button.disabled = false;
  }
});

start();
setInterval(() => { if (!document.hidden) ask(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
