// "Use my position": asks the browser only when the button is pressed.

export function locate(button, state, use) {
  if (!("geolocation" in navigator)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    state.textContent = button.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { state.textContent = ""; use(coords.longitude.toFixed(5), coords.latitude.toFixed(5)); },
      () => { state.textContent = button.dataset.failed; },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
    );
  });
}

const into = document.querySelector("[data-locate-into]");
if (into) {
  locate(into, document.querySelector("[data-locate-state]"), (lon, lat) => {
    document.getElementById("lon").value = lon;
    document.getElementById("lat").value = lat;
  });
}
