// A letter's link carries its code behind "#", which browsers send to nobody: put it into the form, then out of sight.

const field = document.getElementById("code");
const code = decodeURIComponent(window.location.hash.slice(1));
if (field && code && /^[0-9A-Za-z-]{8,80}$/.test(code)) {
  field.value = code;
  window.history.replaceState(null, "", window.location.pathname);
}
