// One event stream with its state in words: live, or since when there is no connection.

export function connect(script, handlers) {
  const words = script.dataset;
  let lostAt = null, source = null, retry = null;
  const show = () => {
    for (const place of document.querySelectorAll("[data-live-state]")) {
      place.className = lostAt ? "live-off" : "live-on";
      const line = place.parentElement.querySelector("[data-picture-line]");
      if (line) line.hidden = !lostAt; // while it is live the time of the first picture says nothing
      place.textContent = lostAt ? words.off.replace("{clock}", lostAt) : words.on;
    }
  };
  function open() {
    clearTimeout(retry);
    source = new EventSource(words.live);
    source.onopen = () => {
      const wasLost = lostAt !== null;
      lostAt = null;
      show();
      handlers.open?.(wasLost);
    };
    source.onerror = () => {
      lostAt ??= new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
      show();
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 5000); // refused: the browser does not try again
    };
    for (const [name, handle] of Object.entries(handlers.events)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  }
  open();
  addEventListener("pagehide", () => { source.close(); clearTimeout(retry); });
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  return show;
}
