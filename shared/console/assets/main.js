// The console: chooses what the page shows by the part of the address behind the #.

import * as about from "./about.js";
import { config } from "./config.js";
import * as camera from "./camera.js";
import * as commands from "./commands.js";
import { miniApp } from "./mini_app.js";
import { land } from "./page.js";
import { watchPolicy } from "./policy.js";
import * as saved from "./saved.js";
import * as simulator from "./simulator.js";

const VIEWS = { saved: saved.show, camera: camera.show, commands: commands.show, about: about.show };
const TITLES = { saved: "Saved Messages", camera: "Camera", commands: "Commands", about: "Good to know" };
const view = document.getElementById("view");
let leave = new AbortController();

function turn() {
  // In Telegram the part behind the # is Telegram's own, and the app is the camera.
  const wanted = location.hash.slice(1).split(/[/?]/)[0];
  const name = Object.hasOwn(VIEWS, wanted) ? wanted : miniApp.isInTelegram ? "camera" : "saved";
  leave.abort();
  leave = new AbortController();
  for (const link of document.querySelectorAll("a[data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.replaceChildren();
  view.dataset.view = name;
  document.title = `${TITLES[name]} – Lambdagram`;
  VIEWS[name](view, leave.signal);
}

function tellWhetherOnline() {
  document.getElementById("offline").hidden = navigator.onLine;
}

watchPolicy();
miniApp.begin();
if (config.simulator && !miniApp.isInTelegram) simulator.open(document.getElementById("simulator"));
// Each view begins at its top, whatever was shown before and however one comes to it.
history.scrollRestoration = "manual";
addEventListener("hashchange", () => {
  turn();
  land(view);
});
document.getElementById("skip").addEventListener("click", (event) => {
  // The part behind the # says what is shown.
  event.preventDefault();
  view.focus();
});
addEventListener("online", tellWhetherOnline);
addEventListener("offline", tellWhetherOnline);
tellWhetherOnline();
turn();
