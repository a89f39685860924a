// The files in Saved Messages: a grid that grows as one scrolls, previews first, then thumbnails.

import { call, isElsewhere, url } from "./api.js";
import { alertBox, duration, h, isAborted, show, size } from "./page.js";
import { explain } from "./sentences.js";
import { view } from "./viewer.js";

/** Files asked for at a time: a few screens of them. */
const PAGE = 60;

const TYPES = {
  "": "Everything", photo: "Photos", video: "Videos", audio: "Music", voice: "Voice messages", document: "Files",
  animation: "GIFs", video_note: "Round videos", sticker: "Stickers",
};

/** Seconds that a list is waited for without asking: another request of the same person had the session. */
const SHORT_WAIT_S = 10;

/** Tries of a small picture, with growing pauses between them. */
const TRIES = 4;

/** Places that are kept for files that are still on their way. */
const PLACES = 12;

/** Letters of a name's ending that are shown in place of a picture. */
const LONGEST_ENDING = 5;

/**
 * The gallery of the account with this id. `lost` is told of errors, and says whether it has dealt with them. Gives
 * `{element, add}`.
 */
export function gallery(signal, lost, account) {
  const filter = h("select", { "aria-label": "Show", onchange: () => start(true) },
    Object.entries(TYPES).map(([value, label]) => h("option", { value }, label)));
  const grid = h("ul", { class: "grid", "aria-label": "Files" });
  const end = h("p", { class: "loading", role: "status" });
  const alert = alertBox();
  const retry = h("button", { type: "button", hidden: true, onclick: () => more() }, "Try again");
  const sentinel = h("div", { class: "sentinel", "aria-hidden": "true" });
  const element = h("section", { "aria-label": "Your files" },
    h("div", { class: "toolbar" }, filter, h("button", { type: "button", class: "quiet", onclick: () => start() }, "Refresh")),
    grid, alert, retry, end, sentinel);

  let items = [];
  let next = null;
  let loading = null;
  /** Whether what is shown is of an earlier list. */
  let isOld = false;

  /** From the beginning. What is shown stays until the new list is there, unless it is a list of something else. */
  function start(anew) {
    loading?.abort();
    loading = null;
    isOld = true;
    if (anew || items.length === 0) {
      items = [];
      grid.replaceChildren(...Array.from({ length: PLACES }, place));
    }
    next = first();
    more();
  }

  /** Where the list begins. */
  function first() {
    const type = filter.value ? `&type=${filter.value}` : "";
    return `/get-saved-messages-media?limit=${PAGE}${type}`;
  }

  /** Puts what is new before what is shown: whoever has scrolled far keeps their place. */
  async function add() {
    const from = first();
    try {
      const { body } = await call("GET", from, { signal });
      if (from !== first()) return;
      const known = new Set(items.map(({ id }) => id));
      const fresh = body.filter(({ id }) => !known.has(id));
      if (fresh.length === body.length) return start();
      items = [...fresh, ...items];
      grid.prepend(...fresh.map(shown));
      if (!next) end.replaceChildren(...ending(items.length, filter.value));
    } catch (error) {
      if (!isAborted(error)) start();
    }
  }

  function shown(item) {
    return tile(item, account, () => view(items, items.indexOf(item), { more, signal, lost }));
  }

  async function more() {
    if (loading || !next || signal.aborted) return;
    const mine = new AbortController();
    loading = mine;
    signal.addEventListener("abort", () => mine.abort(), { once: true });
    retry.hidden = true;
    show(alert);
    end.textContent = "Loading…";
    grid.setAttribute("aria-busy", "true");
    try {
      const { body, headers } = await call("GET", next, { signal: mine.signal });
      next = following(headers.get("Link"));
      if (isOld) {
        items = [];
        grid.replaceChildren();
        isOld = false;
      }
      items.push(...body);
      grid.append(...body.map(shown));
      end.replaceChildren(...(next ? [] : ending(items.length, filter.value)));
    } catch (error) {
      if (isAborted(error)) return;
      end.textContent = "";
      grid.querySelectorAll(".place").forEach((it) => it.remove());
      if (lost(error)) return;
      const comesBack = error.retryAfter <= SHORT_WAIT_S;
      retry.hidden = comesBack;
      // Where it was asked for: at the end of what is shown, or above it.
      if (isOld) grid.before(alert, retry);
      else grid.after(alert, retry);
      show(alert, explain(error), error.retryAfter, retry, comesBack ? more : undefined);
      return;
    } finally {
      if (loading === mine) {
        loading = null;
        grid.removeAttribute("aria-busy");
      }
    }
    // The end of the list may be in sight still, or again: whoever scrolls fast is there before anybody has noticed that it
    // was gone. What is watched anew is told of in any case.
    watch.unobserve(sentinel);
    if (next) watch.observe(sentinel);
  }

  const watch = new IntersectionObserver((seen) => {
    if (seen.some((entry) => entry.isIntersecting) && retry.hidden) more();
  }, { rootMargin: "600px" });
  signal.addEventListener("abort", () => watch.disconnect());
  addEventListener("online", () => {
    if (!retry.hidden && !retry.disabled) more();
  }, { signal });
  start();
  return { element, add };
}

/** A place where a file will be. */
function place() {
  return h("li", { class: "place", "aria-hidden": "true" }, h("span", { class: "picture" }), h("span", { class: "name" }), h("span", { class: "facts" }));
}

/** What stands at the end of the list. */
function ending(count, type) {
  if (count > 0) return [count === 1 ? "That is your only file." : `That is all: ${count} files.`];
  const title = type ? `No ${TYPES[type].toLowerCase()} here.` : "There is nothing here yet.";
  const way = type ? "Choose another kind above." : "Choose a file above, or forward something to your Saved Messages in Telegram.";
  return [h("strong", {}, title), h("br"), way];
}

/** Where the Link header leads on to. */
function following(link) {
  const found = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? "");
  if (!found) return null;
  // With the path of the API's stage or without: what counts is what follows it.
  const at = found[1].indexOf("/get-saved-messages-media");
  return at < 0 ? null : found[1].slice(at);
}

function tile(item, account, open) {
  const facts = [item.duration ? duration(item.duration) : undefined, size(item.size)].filter(Boolean).join(" · ");
  const picture = h("span", { class: "picture" });
  if (item.preview) picture.append(h("img", { src: item.preview, alt: "", class: "preview" }));
  else picture.append(h("span", { class: "sign", "aria-hidden": "true" }, sign(item)));
  if (item.has_thumbnail) picture.append(thumbnail(item, account));
  if (item.type === "video" || item.type === "video_note") picture.append(h("span", { class: "play", "aria-hidden": "true" }, "▶"));
  return h("li", {},
    h("button", { type: "button", class: "tile", "data-name": item.name, onclick: open },
      picture, h("span", { class: "name", dir: "auto" }, item.caption || item.name), h("span", { class: "facts" }, facts)));
}

/** What stands where there is no picture: music's note, or the ending of the name. */
function sign(item) {
  if (item.type === "audio" || item.type === "voice") return "♪";
  const ending = /\.([a-z0-9]+)$/i.exec(item.name)?.[1] ?? "";
  return ending.length <= LONGEST_ENDING && ending ? ending.toUpperCase() : "FILE";
}

function thumbnail(item, account) {
  const image = h("img", {
    alt: "", loading: "lazy", class: "thumbnail", crossorigin: isElsewhere ? "use-credentials" : undefined,
    onload: () => image.classList.add("here"), onerror: () => again(),
  });
  // The browser keeps it for long, and every account counts its messages from one: each has addresses of its own.
  const address = url(`/stream_thumbnail/${item.id}?size=m&account=${account}`);
  let tried = 1;
  // Many at once may be too many for the session; a moment later they are not.
  const again = () => {
    if (tried === TRIES) return image.remove();
    setTimeout(() => { if (image.isConnected) image.src = address; }, 1000 * 2 ** tried);
    tried += 1;
  };
  image.src = address;
  return image;
}
