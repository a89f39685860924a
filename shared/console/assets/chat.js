// The simulated chat: the bot's deeds, folded into the messages that they leave, and what a message looks like.

import { h } from "./page.js";

/**
 * The messages that the bot's deeds leave, in order: edits are in them, and those that were deleted are gone. `at` is the
 * number of the deed that a message came of.
 */
export function fold(deeds) {
  const messages = new Map();
  let album = { said: "", nth: 0 };
  deeds.forEach(({ message_id: id, method, params, file_url: file }, at) => {
    // What leaves no message, such as a menu button, is not in a chat.
    if (id === null || id === undefined) return;
    if (method === "deleteMessage") {
      messages.delete(id);
    } else if (method === "editMessageText") {
      const edited = messages.get(id);
      if (edited) messages.set(id, { ...edited, text: params.text, markup: params.reply_markup });
    } else if (method === "sendMediaGroup") {
      const said = JSON.stringify(params);
      const follows = album.said === said && album.nth + 1 < params.media.length;
      album = { said, nth: follows ? album.nth + 1 : 0 };
      const { type, media, caption } = params.media[album.nth];
      messages.set(id, { id, at, method, file, isPhoto: type === "photo", name: nameOf(media, params), text: caption });
    } else if (/^(send|answerWebAppQuery)/.test(method)) {
      const result = params.result?.input_message_content?.message_text ?? params.result?.title;
      messages.set(id, {
        id, at, method, file, isPhoto: method === "sendPhoto", name: nameOf(params.document, params),
        text: params.text ?? params.caption ?? result, markup: params.reply_markup,
      });
    }
  });
  return [...messages.values()];
}

/** A message as the chat shows it. `press` is called with a button that was pressed. */
export function bubble({ method, file, isPhoto, name, text, markup }, press) {
  const parts = [];
  if (file) {
    const shown = isPhoto ? h("img", { src: file, alt: text || "The picture", loading: "lazy" }) : name || "File";
    parts.push(h("a", { href: file, target: "_blank", rel: "noreferrer" }, shown));
  }
  if (text) parts.push(h("p", {}, text));
  if (parts.length === 0) parts.push(h("p", {}, h("code", {}, method)));
  const rows = markup?.inline_keyboard ?? [];
  if (rows.length > 0) parts.push(h("div", { class: "inline" }, inRows(rows, (button) => inline(button, press))));
  return h("li", { class: "theirs" }, parts);
}

/** The buttons of the keyboard that the bot has set last, in their rows. `write` is called with what a button says. */
export function keys(messages, write) {
  const markups = messages.map(({ markup }) => markup).filter((markup) => markup?.keyboard || markup?.remove_keyboard);
  return inRows(markups.at(-1)?.keyboard ?? [], (button) => key(button, write));
}

function inRows(rows, shown) {
  return rows.filter((row) => row.length > 0).map((row) => h("div", { class: "keys" }, row.map(shown)));
}

/** What a file is called that came with the request, under its own name or as `attach://name`. */
function nameOf(file, params) {
  const sent = typeof file === "string" ? params[file.replace(/^attach:\/\//, "")] : file;
  return sent?.file_name;
}

function inline(button, press) {
  const address = button.web_app?.url ?? button.url;
  if (address) return h("a", { class: "button quiet", href: isHere(address) ? "#camera" : address }, button.text);
  return h("button", { type: "button", class: "quiet", disabled: !button.callback_data, onclick: () => press(button) }, button.text);
}

function key(button, write) {
  // A button that says no more than its text may be that text alone.
  const text = button.text ?? button;
  if (button.web_app) return h("a", { class: "button quiet", href: "#camera" }, text);
  return h("button", { type: "button", class: "quiet", onclick: () => write(text) }, text);
}

function isHere(address) {
  try {
    return new URL(address).origin === location.origin;
  } catch {
    return false;
  }
}
