// The simulated Telegram beside the page, where there is one: the codes it sends, and a person's chat with the bot.
// Nothing here exists when the stack works with the real Telegram.

import { Refusal } from "./api.js";
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
  const chat = { messages, nothing, keyboard, mine: [], seen: 0, last: "" };
  const write = async (words) => {
    chat.mine.push({ after: chat.seen, text: words });
    chat.last = "";
    await control("POST", "/_sim/bot/updates", { chat_id: person.id, text: words, from: person });
    look(chat, write);
  };
  look(chat, write);
  setInterval(() => {
    if (!document.hidden) look(chat, write);
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

async function look(chat, write) {
  let sent;
  try {
    sent = await control("GET", `/_sim/bot/chats/${person.id}/messages`);
    // What leaves no message, such as a menu button, is not in a chat.
    sent = sent.filter(({ message_id: id }) => id !== null && id !== undefined);
  } catch {
    return;
  }
  const now = JSON.stringify(sent);
  if (now === chat.last) return;
  chat.last = now;
  chat.seen = sent.length;
  // What the person wrote stands where it was written: after that many of the bot's messages.
  const lines = [];
  for (let at = 0; at <= sent.length; at += 1) {
    lines.push(...chat.mine.filter(({ after }) => after === at).map(({ text }) => ({ key: text, make: () => h("li", { class: "mine" }, text) })));
    if (at < sent.length) lines.push({ key: JSON.stringify(sent[at]), make: () => bubble(sent[at]) });
  }
  // What is there already stays, so that only what is new is read out.
  const same = lines.findIndex(({ key }, at) => chat.messages.children[at]?.line !== key);
  const kept = same < 0 ? lines.length : same;
  while (chat.messages.children.length > kept) chat.messages.lastChild.remove();
  for (const { key, make } of lines.slice(kept)) chat.messages.append(Object.assign(make(), { line: key }));
  chat.nothing.hidden = lines.length > 0;
  chat.messages.scrollTop = chat.messages.scrollHeight;
  const markup = sent.map(({ params }) => params.reply_markup).filter((markup) => markup?.keyboard).at(-1);
  const buttons = markup?.keyboard.flat() ?? [];
  chat.keyboard.replaceChildren(...buttons.map((button) => key(button, write)));
}

function bubble({ method, params, file_url: file }) {
  const parts = [];
  if (method === "sendPhoto" && file) {
    parts.push(h("a", { href: file, target: "_blank", rel: "noreferrer" }, h("img", { src: file, alt: params.caption || "The picture", loading: "lazy" })));
  } else if (file) {
    parts.push(h("a", { href: file, target: "_blank", rel: "noreferrer" }, "File"));
  }
  const text = params.text ?? params.caption;
  if (text) parts.push(h("p", {}, text));
  if (parts.length === 0) parts.push(h("p", {}, h("code", {}, method)));
  const rows = params.reply_markup?.inline_keyboard ?? [];
  if (rows.length > 0) parts.push(h("div", { class: "inline" }, rows.flat().map((button) => inline(button))));
  return h("li", { class: "theirs" }, parts);
}

function inline(button) {
  const address = button.web_app?.url ?? button.url;
  if (address) return h("a", { class: "button quiet", href: isHere(address) ? "#camera" : address }, button.text);
  return h("button", { type: "button", class: "quiet", disabled: !button.callback_data, onclick: () => press(button) }, button.text);
}

async function press(button) {
  await control("POST", "/_sim/bot/updates", {
    callback_query: {
      id: crypto.randomUUID(), from: { ...person, is_bot: false }, chat_instance: "1", data: button.callback_data,
      message: { message_id: 1, date: Math.floor(Date.now() / 1000), chat: { id: person.id, type: "private", first_name: person.first_name } },
    },
  }).catch(() => {});
}

function key(button, write) {
  if (button.web_app) return h("a", { class: "button quiet", href: "#camera" }, button.text);
  return h("button", { type: "button", class: "quiet", onclick: () => write(button.text) }, button.text);
}

function isHere(address) {
  try {
    return new URL(address).origin === location.origin;
  } catch {
    return false;
  }
}
