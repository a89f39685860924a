// What people should know before they use the page, in plain words.

import { h } from "./page.js";

const PARTS = [
  ["Your Telegram account", [
    "Signing in gives this server full access to your account: it could read and send whatever you can. Sign in only where you trust who runs it.",
    "Telegram watches unofficial apps, and has banned accounts that signed in through one. An account that Telegram limits or freezes can do nothing here either.",
    "While a login code is on its way, this tab of your browser keeps your number for five minutes at most, so that you can look into Telegram and come back.",
    "You take the access back by signing out here, or in any Telegram app under Settings → Devices.",
    "When this browser forgets that you are signed in, because its data was cleared or you signed in a second time, the login stays at Telegram until you end it under Settings → Devices.",
  ]],
  ["Your files", [
    "What you see here stays in your Saved Messages, at Telegram. The server passes files on and keeps no copy.",
    "A large upload waits in the operator's storage until Telegram has it. What is never finished is deleted after five days at most.",
  ]],
  ["What it costs", [
    "You pay nothing here. Who runs this server pays Amazon: from five to fifty dollars for a million requests, by what they do, and roughly ten cents for each gigabyte that is streamed or uploaded.",
    "A film that you stop watching may still be paid for to its end: the server does not notice that you have left.",
  ]],
];

/** Shows it. */
export function show(view) {
  view.replaceChildren(h("div", { class: "narrow" }, h("h1", {}, "Good to know"),
    PARTS.map(([title, sentences]) => h("section", { class: "card prose" }, h("h2", {}, title),
      h("ul", {}, sentences.map((sentence) => h("li", {}, sentence)))))));
}
