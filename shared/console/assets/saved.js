// Saved Messages: signing in, then the files.

import { call, Refusal } from "./api.js";
import { endDownloads, list as downloads } from "./downloads.js";
import { gallery } from "./gallery.js";
import { alertBox, h, isAborted, land, notice, show as tell } from "./page.js";
import { explain } from "./sentences.js";
import { forgetCode, signIn } from "./sign_in.js";
import { forgetUploads, uploads } from "./uploads.js";

const who = document.getElementById("who");

/** What ends when those who are signed in are so no more, or look at something else. */
let stay = new AbortController();

/** Shows the files of who is signed in, or the way in. */
export async function show(view, signal) {
  view.replaceChildren(h("p", { class: "loading", role: "status" }, "Looking whether you are signed in…"));
  try {
    const { body } = await call("GET", "/is-authenticated", { signal });
    if (body.authenticated) enter(view, signal, body.user);
    else ask(view, signal);
  } catch (error) {
    if (isAborted(error)) return;
    const again = () => {
      removeEventListener("online", again);
      show(view, signal);
    };
    const alert = alertBox();
    const button = h("button", { type: "button", onclick: again }, "Try again");
    view.replaceChildren(h("section", { class: "empty" }, alert, button));
    tell(alert, explain(error), error.retryAfter, button, again);
    if (error.status === 0) addEventListener("online", again, { signal });
  }
}

function ask(view, signal) {
  stay.abort();
  endDownloads();
  who.replaceChildren();
  view.classList.remove("signed-in");
  signIn(view, signal, (user) => {
    if (signal.aborted) return;
    enter(view, signal, user);
    // What had the focus is gone.
    land(view);
  });
}

function enter(view, signal, user) {
  forgetCode();
  const name = [user?.first_name, user?.last_name].filter(Boolean).join(" ") || "You";
  const out = h("button", { type: "button", class: "quiet", onclick: () => leave(view, signal, out) }, "Sign out");
  who.replaceChildren(h("span", { class: "name" }, name), out);
  stay.abort();
  const mine = new AbortController();
  stay = mine;
  const lost = (error) => {
    if (!(error instanceof Refusal) || error.status !== 401) return false;
    if (mine.signal.aborted) return true;
    ask(view, signal);
    notice(explain(error), "bad");
    return true;
  };
  view.classList.add("signed-in");
  signal.addEventListener("abort", () => {
    view.classList.remove("signed-in");
    mine.abort();
  });
  const files = gallery(mine.signal, lost, user?.id);
  const isFresh = document.activeElement === view;
  view.replaceChildren(h("h1", {}, "Saved Messages"), uploads(mine.signal, () => files.add(), lost), h("div", {}, downloads), files.element);
  if (isFresh) land(view);
}

async function leave(view, signal, button) {
  button.disabled = true;
  try {
    await call("POST", "/logout");
    forgetUploads();
    notice("You are signed out, here and at Telegram.");
    begin(view, signal);
  } catch (error) {
    if (error.status === 401) {
      forgetUploads();
      return begin(view, signal);
    }
    notice(explain(error), "bad");
    button.disabled = false;
  }
}

/** Shows the way in, unless something else is shown by now. */
function begin(view, signal) {
  who.replaceChildren();
  if (!signal.aborted) ask(view, signal);
  else if (view.dataset.view === "saved") dispatchEvent(new Event("hashchange"));
}
