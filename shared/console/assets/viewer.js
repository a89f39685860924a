// One file at full size: streams video and audio, shows pictures and PDFs, offers everything as a download.

import { call, isElsewhere, Refusal, refusal, url } from "./api.js";
import { canWrite, list, save as saveInRanges } from "./downloads.js";
import { lieOver } from "./over.js";
import { alertBox, duration, h, isAborted, notice, show, size } from "./page.js";
import { explain } from "./sentences.js";

/** Pictures that every browser shows. */
const PICTURES = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"];

/** Bytes of a PDF that is fetched whole to be shown; a larger one is offered as a download. */
const LARGEST_PDF = 50_000_000;

/** Bytes of a file that the server gives in one piece; a larger one it gives in ranges alone. */
const LARGEST_WHOLE = 200_000_000;

/** Statuses of answers that are the same at the next try. */
const LASTING = [403, 404, 413];

/** What is said of a file that is there, and fails nevertheless. */
const NOT_SHOWN = "Not shown.";

/** Shows `items[at]`; the arrow keys lead to its neighbours, and `more` gets further ones. */
export function view(items, at, { more, signal, lost }) {
  const title = h("h2", { id: "viewer-title", dir: "auto" });
  const stage = h("div", { class: "stage" });
  const facts = h("p", { class: "facts" });
  const caption = h("p", { class: "caption", dir: "auto" });
  const tooLarge = h("p", { class: "too-large" });
  const save = h("a", { class: "button quiet save", download: "", onclick: (event) => {
    if (!isElsewhere) return;
    // A link to another site may not bring the cookie along; a ticket needs none.
    event.preventDefault();
    saveByTicket(items[at], lost);
  } }, "Download");
  const saveLarge = h("button", { type: "button", class: "quiet save", onclick: async () => {
    try {
      await saveInRanges(items[at], lost, () => saveLarge.focus());
    } catch (error) {
      // Nothing is wrong when somebody chooses no place.
      if (!isAborted(error)) tellTooLarge(items[at]);
    }
  } }, "Download");
  const before = h("button", { type: "button", class: "quiet", "aria-label": "Newer file", onclick: () => go(-1) }, "←");
  const after = h("button", { type: "button", class: "quiet", "aria-label": "Older file", onclick: () => go(1) }, "→");
  const footer = h("footer", {}, h("div", { class: "about" }, caption, facts, tooLarge), h("div", { class: "actions" }, before, after, save, saveLarge));
  const dialog = h("dialog", { class: "viewer", "aria-labelledby": "viewer-title" },
    h("header", {}, title, h("button", { type: "button", class: "quiet", autofocus: true, onclick: () => dialog.close() }, "Close")),
    stage,
    footer,
    h("div", { class: "notices", role: "status", "aria-live": "polite" }));
  let shown = new AbortController();

  function tellTooLarge(item) {
    saveLarge.hidden = true;
    tooLarge.hidden = false;
    tooLarge.replaceChildren(`This file has ${size(item.size)}. Above ${size(LARGEST_WHOLE)}, this browser cannot save files from here: `,
      "use Chrome or Edge on a computer, take it from Telegram itself, or ", h("a", { href: "reference.html#streamMedia" }, "fetch it in ranges"), ".");
  }

  /** Shows the file, from this second on; again, if it has failed before. */
  function turn(from = 0, isAgain = false) {
    const item = items[at];
    shown.abort();
    shown = new AbortController();
    const { signal: mine } = shown;
    title.textContent = item.name;
    caption.textContent = item.caption ?? "";
    const sides = item.width && item.height ? `${item.width} × ${item.height}` : undefined;
    const length = item.duration ? duration(item.duration) : undefined;
    const when = new Date(item.timestamp).toLocaleString();
    facts.textContent = [item.mime_type, sides, length, size(item.size), when].filter(Boolean).join(" · ");
    save.href = url(`/stream_media/${item.id}?download=1`);
    const isLarge = item.size > LARGEST_WHOLE;
    save.hidden = isLarge;
    saveLarge.hidden = !isLarge;
    tooLarge.hidden = true;
    if (isLarge && !canWrite()) tellTooLarge(item);
    before.disabled = at === 0;
    after.disabled = at === items.length - 1;
    const loading = h("p", { class: "loading", role: "status" }, "Loading…");
    const fail = (error) => {
      // It may be another file's turn by now.
      if (mine.aborted || lost(error)) return;
      const reached = stage.querySelector("video, audio")?.currentTime || from;
      // What can be fetched now may have failed for a moment only.
      if (error.message === NOT_SHOWN && !isAgain) return turn(reached, true);
      const alert = alertBox();
      const again = h("button", { type: "button", hidden: LASTING.includes(error.status) || error.message === NOT_SHOWN, onclick: () => turn(reached) }, "Try again");
      stage.replaceChildren(h("div", { class: "trouble" }, alert, again));
      show(alert, explain(error), error.retryAfter, again, () => turn(reached));
    };
    stage.replaceChildren(loading);
    stage.append(content(item, mine, fail, () => loading.remove()));
    const played = stage.querySelector("video, audio");
    if (played && from > 0) played.currentTime = from;
    if (at >= items.length - 3) Promise.resolve(more()).then(() => { after.disabled = at === items.length - 1; });
  }

  function go(step) {
    if (items[at + step] === undefined) return;
    at += step;
    turn();
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLMediaElement) return;
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  const close = () => dialog.close();
  const home = list.parentNode;
  dialog.addEventListener("close", () => {
    shown.abort();
    closed();
    if (list.parentNode === footer) home?.append(list);
    signal.removeEventListener("abort", close);
    dialog.remove();
    document.body.classList.remove("covered");
  });
  signal.addEventListener("abort", close);
  const closed = lieOver(close);
  // What is saved is seen here and, afterwards, where it was.
  footer.prepend(list);
  document.body.append(dialog);
  document.body.classList.add("covered");
  dialog.showModal();
  turn();
}

function content(item, signal, fail, onload) {
  const address = url(`/stream_media/${item.id}`);
  const crossorigin = isElsewhere ? "use-credentials" : undefined;
  // An element does not tell why it failed; a request of one byte does.
  const onerror = () => why(address, signal).then(fail);
  if (PICTURES.includes(item.mime_type)) {
    const image = h("img", { src: address, alt: item.caption || item.name, crossorigin, onerror, onload });
    // Ends the request, too.
    signal.addEventListener("abort", () => image.removeAttribute("src"));
    return image;
  }
  if (item.mime_type.startsWith("video/")) {
    return media(h("video", { src: address, controls: true, playsinline: true, preload: "metadata", crossorigin, onerror, onloadedmetadata: onload }), item, signal);
  }
  if (item.mime_type.startsWith("audio/")) {
    return media(h("audio", { src: address, controls: true, preload: "metadata", crossorigin, onerror, onloadedmetadata: onload }), item, signal);
  }
  if (item.mime_type === "application/pdf" && item.size <= LARGEST_PDF && navigator.pdfViewerEnabled) return pdf(address, item, signal, fail, onload);
  onload();
  const canSave = item.size <= LARGEST_WHOLE || canWrite();
  return h("p", { class: "empty" }, "This kind of file is not shown here.", canSave && " Download it to open it.");
}

function media(element, item, signal) {
  element.setAttribute("aria-label", item.name);
  signal.addEventListener("abort", () => {
    // Ends the request, too.
    element.pause();
    element.removeAttribute("src");
    element.load();
  });
  return element;
}

/** A PDF comes with a policy that lets nothing run, the browser's own viewer included: it is shown from a copy. */
function pdf(address, item, signal, fail, onload) {
  const frame = h("iframe", { title: item.name });
  fetch(address, { credentials: "include", signal })
    .then(async (response) => {
      if (!response.ok) throw await refusal(response);
      const copy = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: "application/pdf" }));
      signal.addEventListener("abort", () => URL.revokeObjectURL(copy));
      onload();
      frame.src = copy;
    })
    .catch((error) => {
      if (!isAborted(error)) fail(error instanceof Refusal ? error : new Refusal(0));
    });
  return frame;
}

async function saveByTicket(item, lost) {
  try {
    const { body } = await call("POST", "/media-tickets", { json: { message_id: item.id } });
    location.assign(`${body.url}&download=1`);
  } catch (error) {
    if (!lost(error)) notice(explain(error), "bad");
  }
}

async function why(address, signal) {
  try {
    const response = await fetch(address, { credentials: "include", headers: { Range: "bytes=0-0" }, signal });
    return response.ok ? new Error(NOT_SHOWN) : await refusal(response);
  } catch {
    return new Refusal(0);
  }
}
