// Keeps a list made by the server true: fetches it anew as a part of its own page, and puts in place only what changed,
// without taking focus, scroll or an opened detail away from anybody.

import { tick } from "./ages.js";

const place = () => document.getElementById("results");

function isBusy(element) {
  const focus = document.activeElement;
  const typing = focus && element.contains(focus) && focus.matches("input, select, textarea");
  return typing || element.querySelector("details[open]") !== null;
}

function sameWords(a, b) {
  const plain = (element) => {
    const copy = element.cloneNode(true);
    for (const time of copy.querySelectorAll("time[data-age]")) time.textContent = "";
    for (const field of copy.querySelectorAll("input[name=csrf]")) field.remove();
    for (const button of copy.querySelectorAll("[data-copy]")) button.remove();
    for (const name of ["class", "data-stamp"]) copy.removeAttribute(name);
    return copy.outerHTML;
  };
  return plain(a) === plain(b);
}

function restoreFocus(key, name) {
  const item = document.querySelector(`[${name}="${CSS.escape(key)}"]`);
  item?.querySelector("a, button, summary")?.focus({ preventScroll: true });
}

// Replaces the old part by the new one; items (marked by the attribute `name`) that did not change stay as they are.
export function put(html, name) {
  const old = place();
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("results");
  if (!old || !fresh) return { changed: [], added: [] };
  const before = new Map([...old.querySelectorAll(`[${name}]`)].map((item) => [item.getAttribute(name), item]));
  const changed = [], added = [];
  const held = document.activeElement;
  const focused = held?.closest?.(`[${name}]`);
  const focusedKey = focused && old.contains(focused) ? focused.getAttribute(name) : null;
  for (const item of fresh.querySelectorAll(`[${name}]`)) {
    const key = item.getAttribute(name), known = before.get(key);
    if (!known) { added.push(item); continue; }
    if (sameWords(known, item) || isBusy(known)) {
      if (isBusy(known) && !sameWords(known, item)) changed.push(item.cloneNode(true));
      item.replaceWith(known);
    } else {
      item.classList.add("changed");
      changed.push(item);
    }
  }
  const top = scrollY;
  old.replaceWith(fresh);
  scrollTo({ top, behavior: "instant" });
  if (focusedKey && fresh.contains(held)) held.focus({ preventScroll: true });
  else if (focusedKey) restoreFocus(focusedKey, name);
  if (fresh.dataset.title) document.title = fresh.dataset.title;
  tick();
  return { changed, added, fresh };
}

// Fetches the part of the page at `from`, at most once at a time and once in `rest` ms; calls that come meanwhile lead to one more fetch.
export function fetcher(from, part, rest, use) {
  let running = false, again = false;
  async function fetchPart() {
    if (running) { again = true; return; }
    running = true;
    try {
      const address = new URL(from, location.href);
      address.searchParams.set("part", part);
      const answer = await fetch(address, { headers: { accept: "text/html" }, redirect: "error" });
      if (answer.ok) use(await answer.text());
    } catch { /* the stream says when the connection is lost */ }
    setTimeout(() => { running = false; if (again) { again = false; fetchPart(); } }, rest);
  }
  return fetchPart;
}

// Says things to screen readers, together and not more often than every five seconds.
export function announcer() {
  const region = document.querySelector("[data-announce]");
  let waiting = [], timer = null;
  return (text) => {
    if (!region) return;
    if (!waiting.includes(text)) waiting.push(text);
    timer ??= setTimeout(() => { region.textContent = waiting.join(". "); waiting = []; timer = null; }, 1200);
  };
}
