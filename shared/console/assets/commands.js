// Telegram behind REST: sends a command with an API key, and watches what becomes of it.

import { call } from "./api.js";
import { config } from "./config.js";
import { alertBox, field, h, isAborted, pause, show as showAlert } from "./page.js";
import { explain } from "./sentences.js";
import { person } from "./simulator.js";

/** A picture of a few stripes. */
const PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAAAkAQMAAAADwq7RAAAABlBMVEUaY9jw9PqiJEiyAAAAGElEQVR42mNgYPj/H4IpY1DHFAaGIegeALt6j3HYUM8AAAAAAElFTkSuQmCC";

/** The message that was sent last from here: what can be changed, pinned and deleted. */
let latest = 1;

/** A few commands to begin with; the field takes every method of the Bot API that acts. */
const EXAMPLES = {
  send_message: () => ({ text: "Hello from the console" }),
  send_photo: () => ({ photo: PICTURE, caption: "A picture that comes along" }),
  send_document: () => ({ document: "data:text/plain;name=hello.txt,Hello", caption: "A file that comes along" }),
  edit_message_text: () => ({ message_id: latest, text: "Changed" }),
  pin_chat_message: () => ({ message_id: latest }),
  delete_message: () => ({ message_id: latest }),
};

/** Those that the simulated Telegram does not know. */
const REAL_EXAMPLES = {
  send_dice: () => ({ emoji: "🎲" }),
  send_poll: () => ({ question: "Tea or coffee?", options: [{ text: "Tea" }, { text: "Coffee" }] }),
};

/** Seconds that a request waits for its result. */
const WAIT_S = 5;

/** The key, for as long as the page is there: it is stored nowhere. */
let key = "";

/** The last command, where nobody knows what became of it: sent again under the same name, it is not done twice. */
let unanswered;

/** Shows the commands. */
export function show(view, signal) {
  const secret = h("input", { type: "password", name: "key", autocomplete: "off", required: true, value: key, oninput: () => { key = secret.value.trim(); } });
  const command = h("input", { type: "text", name: "command", list: "examples", required: true, autocomplete: "off", spellcheck: "false", value: "send_message", onchange: () => fill() });
  const data = h("textarea", { name: "data", rows: "7", spellcheck: "false", required: true });
  const wait = h("input", { type: "checkbox", id: "wait", checked: true });
  const button = h("button", {}, "Send command");
  const alert = alertBox();
  const log = h("ol", { class: "log", "aria-label": "Commands sent" });
  const none = h("p", { class: "empty" }, "What you send appears here, with its result.");
  const examples = { ...EXAMPLES, ...(config.simulator ? {} : REAL_EXAMPLES) };
  const fill = () => {
    const example = Object.hasOwn(examples, command.value) && examples[command.value]();
    if (example) data.value = JSON.stringify({ chat_id: person.id, ...example }, null, 2);
  };
  const form = h("form", { class: "card", onsubmit: submit },
    h("input", { type: "text", autocomplete: "username", value: "API key", hidden: true, readOnly: true }),
    field("API key", secret, "Made with: ", h("code", {}, "cargo run -- keys add console --role admin")),
    field("Command", command), h("datalist", { id: "examples" }, Object.keys(examples).map((name) => h("option", { value: name }))),
    field("Data", data, "Its parameters as the Bot API documents them, in JSON."),
    h("label", { class: "check", for: "wait" }, wait, `Wait up to ${WAIT_S} seconds for the result`),
    alert, h("div", { class: "actions" }, button));
  view.replaceChildren(h("h1", {}, "Commands"),
    h("div", { class: "split" }, form, h("section", { "aria-labelledby": "sent" }, h("h2", { id: "sent" }, "Sent"), none, log)));
  fill();

  async function submit(event) {
    event.preventDefault();
    showAlert(alert);
    let parameters;
    try {
      parameters = JSON.parse(data.value);
    } catch (error) {
      return showAlert(alert, `The data is no JSON: ${error.message}`);
    }
    button.disabled = true;
    const entry = new Entry(command.value, log);
    none.hidden = true;
    const json = { command: command.value, data: parameters };
    const sent = { text: JSON.stringify([key, json]), name: crypto.randomUUID() };
    if (unanswered?.text === sent.text) sent.name = unanswered.name;
    let isAccepted = false;
    try {
      const headers = { ...authorization(), "Idempotency-Key": `"${sent.name}"` };
      if (wait.checked) headers.Prefer = `wait=${WAIT_S}`;
      const { status, body } = await call("POST", "/enqueue_command", { json, headers, signal });
      unanswered = undefined;
      isAccepted = true;
      button.disabled = false;
      if (status === 200) entry.end("done", body.result);
      else await watch(body.id, authorization(), entry, signal);
    } catch (error) {
      button.disabled = false;
      if (isAborted(error)) return;
      const isOver = error.status === 502 && error.body.status === "error";
      if (!isAccepted) unanswered = isUnknown(error) && !isOver ? sent : undefined;
      if (isOver) return entry.end("failed", { error: error.body.error, details: error.details });
      if (!isAccepted) entry.element.remove();
      none.hidden = log.children.length > 0;
      showAlert(alert, explain(error), error.retryAfter, button);
    }
  }
}

async function watch(id, headers, entry, signal) {
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 1.6, 3000)) {
    const { body, retryAfter = 0 } = await call("GET", `/commands/${id}`, { headers, signal }).catch(untilLater);
    if (body.state) entry.state(body.state);
    if (body.state === "done") return entry.end("done", body.result);
    if (body.state === "failed") return entry.end("failed", { error: body.error });
    await pause(Math.max(pauseMs, retryAfter * 1000), signal);
  }
}

/** What was accepted goes on, whether it can be looked at or not. */
function untilLater(error) {
  if (error.status === 0 || error.status === 429 || error.status >= 500) return error;
  throw error;
}

/** Whether nobody has said what became of a command. */
function isUnknown(error) {
  return error.status === 0 || error.status === 409 || error.status >= 500;
}

function authorization() {
  return { Authorization: `Bearer ${key}` };
}

/** A command in the list of those sent. */
class Entry {
  constructor(name, log) {
    this.badge = h("span", { class: "badge", role: "status" }, "queued");
    this.element = h("li", {}, h("code", {}, name), this.badge, h("time", {}, new Date().toLocaleTimeString()));
    log.prepend(this.element);
  }

  state(name) {
    // Read out when it changes, not whenever it is looked at.
    if (this.badge.textContent !== name) this.badge.textContent = name;
    this.badge.dataset.state = name;
  }

  end(state, result) {
    this.state(state);
    if (result?.text) latest = result.message_id;
    if (result?.error) this.element.append(h("p", { class: "bad" }, [result.error, result.details].filter(Boolean).join(" – ")));
    this.element.append(h("details", {}, h("summary", {}, "Result"), h("pre", { tabindex: "0", role: "region", "aria-label": "Result" }, JSON.stringify(result, null, 2))));
  }
}
