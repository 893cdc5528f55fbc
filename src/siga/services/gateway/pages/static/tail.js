// The newest log records on top as they come; the rows look as the server made them.

import { connect } from "./stream.js";

const script = document.querySelector("script[data-most]");
const { zone, most, labels } = script.dataset;
const heads = labels.split("|");
const body = document.querySelector(".logs tbody");
const levels = document.querySelector("template[data-levels]");
const clock = new Intl.DateTimeFormat("es", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const waiting = [];
let paused = false;

function cell(tag, role, label) {
  const made = document.createElement(tag);
  made.setAttribute("role", role);
  if (tag === "th") made.scope = "row";
  if (label) made.dataset.th = label;
  return made;
}

function add(parent, tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function eventCell(record) {
  const outer = cell("td", "cell", heads[2]);
  outer.className = "fields";
  const made = add(outer, "div", "");
  add(made, "strong", record.event, "under");
  for (const [name, value] of Object.entries(record.fields ?? {})) {
    if (name === "exception" || value === null) continue;
    made.append(" ");
    const field = add(made, "span", "");
    add(field, "b", name);
    field.append(" " + (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 200));
  }
  return outer;
}

function row(record) {
  const made = cell("tr", "row");
  const when = cell("th", "rowheader");
  const time = add(when, "time", clock.format(new Date(record.at)));
  time.dateTime = record.at;
  const level = cell("td", "cell", heads[0]);
  const word = levels.content.querySelector(`[data-level="${record.level}"]`)?.textContent ?? record.level;
  add(level, "span", word, `level level-${record.level}`);
  const service = cell("td", "cell", heads[1]);
  service.textContent = record.service;
  const request = cell("td", "cell", heads[3]);
  const trace = record.traceparent?.split("-")[1];
  if (trace) {
    const link = add(request, "a", "");
    link.href = `/admin/logs?trace=${trace}`;
    add(link, "code", record.request_id ?? trace.slice(0, 8));
  } else {
    request.textContent = record.request_id ?? "–";
  }
  made.append(when, level, service, eventCell(record), request);
  made.className = "changed";
  return made;
}

function show(record) {
  if (paused) {
    waiting.push(record);
    if (waiting.length > most) waiting.shift();
    return;
  }
  body.prepend(row(record));
  while (body.rows.length > most) body.lastElementChild.remove();
}

const pause = document.querySelector("[data-pause]");
pause.hidden = false;
const stop = pause.textContent;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? pause.dataset.goOn : stop;
  if (!paused) for (const record of waiting.splice(0)) show(record);
});

connect(script, {
  events: {
    record: show,
    dropped: (told) => {
      const place = document.querySelector("[data-dropped]");
      place.textContent = place.dataset.words.replace("{n}", told.dropped ?? told);
    },
  },
});
