// The simulated Telegram beside the page, where there is one: the codes it sends, and a person's chat with the bot.
// Nothing here exists when the stack works with the real Telegram.

import { Refusal } from "./api.js";
import { bubble, fold, keys } from "./chat.js";
import { config } from "./config.js";
import { field, h } from "./page.js";

/** Who writes to the bot, and takes pictures. */
export const person = { id: 1, first_name: "Ada" };

/** How often the chat is looked at. */
const LOOK_MS = 1000;

const code = h("p", { class: "sim-code", role: "status" }, "No code was asked for yet.");
const qr = h("div", {});

/** Opens the panel. */
export function open(panel) {
  const messages = h("ol", { class: "chat", "aria-label": "Messages", "aria-live": "polite", tabindex: "0" });
  const nothing = h("p", { class: "empty" }, "Nothing yet. Write /start, or take a picture.");
  const keyboard = h("div", { class: "keyboard" });
  const text = h("input", { type: "text", "aria-label": "Message to the bot", placeholder: "/start", autocomplete: "off" });
  const form = h("form", { class: "write", onsubmit: (event) => {
    event.preventDefault();
    if (text.value.trim()) write(text.value.trim());
    text.value = "";
  } }, text, h("button", {}, "Send"));
  panel.replaceChildren(
    h("h2", {}, "Simulated Telegram"),
    h("section", { class: "codes", "aria-label": "Login code" }, h("h3", {}, "Login code"), code, qr),
    h("section", { class: "chat-box", "aria-label": "Chat with the bot" },
      h("h3", {}, `${person.first_name}'s chat with the bot`), nothing, messages, keyboard, form));
  panel.hidden = false;
  const write = async (words) => {
    chat.mine.push({ after: chat.seen, text: words });
    chat.last = "";
    await control("POST", "/_sim/bot/updates", { chat_id: person.id, text: words, from: person });
    look(chat);
  };
  const chat = { messages, nothing, keyboard, toEnd: stayAtEnd(messages), write, mine: [], seen: 0, last: "" };
  look(chat);
  setInterval(() => {
    if (!document.hidden) look(chat);
  }, LOOK_MS);
}

/** Shows the code that was just sent to a number. */
export async function tellCode(phone) {
  if (!config.simulator) return;
  try {
    const found = await control("GET", `/_sim/login-codes?phone=${encodeURIComponent(phone)}`);
    code.replaceChildren(`For ${phone}: `, h("strong", {}, found.code));
  } catch {
    code.textContent = `No code was sent to ${phone}.`;
  }
}

/** Offers to scan a QR code as the person's phone would; with nothing to scan, takes the offer back. */
export function tellQr(link) {
  if (!config.simulator || !link) return qr.replaceChildren();
  const phone = h("input", { type: "tel", value: qr.querySelector("input")?.value ?? config.simulator.phone });
  const scan = h("button", { type: "button", class: "quiet", onclick: async () => {
    scan.disabled = true;
    const token = new URL(link).searchParams.get("token");
    await control("POST", `/_sim/accounts/${encodeURIComponent(phone.value)}/accept-login`, { token }).catch(() => {});
    scan.disabled = false;
  } }, "Scan the QR code");
  qr.replaceChildren(field("The phone that scans", phone), scan);
}

/** Init data for a person, as Telegram signs it when they open the Mini App. */
export async function signedInitData(id) {
  const { init } = await control("POST", "/_sim/init-data", { user: { ...person, id } });
  return init;
}

async function control(method, path, json) {
  const response = await fetch(path, {
    method,
    headers: json ? { "Content-Type": "application/json" } : {},
    body: json ? JSON.stringify(json) : undefined,
  }).catch(() => {
    throw new Refusal(0);
  });
  if (!response.ok) throw new Error(`the simulator answered ${response.status}`);
  return response.json();
}

async function look(chat) {
  let deeds;
  try {
    deeds = await control("GET", `/_sim/bot/chats/${person.id}/messages`);
  } catch {
    return;
  }
  const now = JSON.stringify(deeds);
  if (now === chat.last) return;
  chat.last = now;
  chat.seen = deeds.length;
  const messages = fold(deeds);
  const theirs = messages.map((message) => ({
    at: message.at, key: JSON.stringify(message), make: () => bubble(message, (button) => press(button, message)),
  }));
  // What the person wrote stands where it was written: before what the bot did next.
  const mine = chat.mine.map(({ after, text }, nth) => ({ at: after - 0.5, key: `${nth} ${text}`, make: () => h("li", { class: "mine" }, text) }));
  draw(chat, [...theirs, ...mine].sort((one, other) => one.at - other.at));
  const keyboard = keys(messages, chat.write);
  // A button keeps the focus when its keyboard is still the same.
  if (keyboard.map(({ outerHTML }) => outerHTML).join("") !== chat.keyboard.innerHTML) chat.keyboard.replaceChildren(...keyboard);
}

/** Shows the lines of a chat. What is there already stays, so that only what is new is read out. */
function draw({ messages, nothing, toEnd }, lines) {
  const there = new Map([...messages.children].map((it) => [it.line, it]));
  const wanted = new Set(lines.map(({ key }) => key));
  for (const [key, it] of there) {
    if (wanted.has(key)) continue;
    // What has the focus is about to go.
    if (it.contains(document.activeElement)) messages.focus({ preventScroll: true });
    it.remove();
  }
  lines.forEach(({ key, make }, at) => {
    if (messages.children[at]?.line !== key) messages.insertBefore(Object.assign(make(), { line: key }), messages.children[at] ?? null);
  });
  nothing.hidden = lines.length > 0;
  toEnd();
}

/**
 * Keeps a list at its end for as long as whoever reads it is there, also while pictures in it come to their height. Gives
 * what scrolls there.
 */
function stayAtEnd(list) {
  let isAtEnd = true;
  let top = 0;
  const toEnd = () => {
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  };
  list.addEventListener("scroll", () => {
    // What grows or shrinks below moves nobody up.
    if (list.scrollTop < top) isAtEnd = false;
    if (list.scrollTop + list.clientHeight >= list.scrollHeight - 8) isAtEnd = true;
    top = list.scrollTop;
  });
  list.addEventListener("load", toEnd, true);
  new ResizeObserver(toEnd).observe(list);
  return toEnd;
}

async function press(button, { id, text }) {
  const chat = { id: person.id, type: "private", first_name: person.first_name };
  await control("POST", "/_sim/bot/updates", {
    callback_query: {
      id: crypto.randomUUID(), from: { ...person, is_bot: false }, chat_instance: "1", data: button.callback_data,
      message: { message_id: id, date: Math.floor(Date.now() / 1000), chat, text },
    },
  }).catch(() => {});
}
