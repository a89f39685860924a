// Whom the page may speak to. Its host says so in a header when the page is opened; a local stack that was started again has
// its files and the pictures of the simulated chat at other addresses than the page knows.

import { h } from "./page.js";

/** Origins that the browser kept the page from. */
const refused = new Set();

/** Whether the browser keeps the page from this address. It is known a moment after the address was tried. */
export function isRefused(address) {
  return refused.has(new URL(address, document.baseURI).origin);
}

/** Watches what the browser keeps the page from, and says once what to do. */
export function watchPolicy() {
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    if (!["connect-src", "img-src"].includes(effectiveDirective) || !/^https?:/.test(blockedURI)) return;
    const { origin } = new URL(blockedURI);
    if (refused.size === 0) tell(origin);
    refused.add(origin);
  });
}

function tell(origin) {
  const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname);
  const text = isLocal
    ? "The server was started again since this page was opened. Reload the page to go on."
    : `This page may not speak to ${origin}. Reload it; if that does not help, its host's policy leaves this out.`;
  const note = h("div", { class: "notice bad" }, h("p", {}, text), h("button", { type: "button", onclick: () => location.reload() }, "Reload the page"));
  document.getElementById("notices").append(note);
}
