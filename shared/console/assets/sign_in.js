// The way in: phone number, code, perhaps a password; or a QR code that the person's phone scans.

import { call, isElsewhere } from "./api.js";
import { config } from "./config.js";
import { alertBox, announce, duration, field, h, isAborted, notice, pause, show } from "./page.js";
import { explain } from "./sentences.js";
import { tellCode, tellQr } from "./simulator.js";

/** How long a code is certainly good for. */
const FRESH_MS = 60_000;

/** How long a code is good for at most, about. */
const CODE_LIFE_MS = 300_000;

/** Seconds before another code is offered where Telegram names no time: most codes have come by then. */
const PATIENCE_S = 60;

/** Where the tab keeps the step that a login is at: phones forget a page whose person looks for the code in another app. */
const STEP = "lambdagram code";

const NO_COOKIE = "Your browser keeps the server's cookie away from this page. Allow cookies of other sites for it, or open "
  + "the page at the server's own address.";

/** Shows the way in, and calls `done` with the user behind it. */
export function signIn(view, signal, done) {
  const card = h("section", { class: "card sign-in", "aria-labelledby": "sign-in-title" });
  const warning = h("section", { class: "note prose", "aria-labelledby": "before" },
    h("h2", { id: "before" }, "Before you sign in"),
    h("ul", {},
      h("li", {}, "This server gets full access to your Telegram account, until you sign out."),
      h("li", {}, "Telegram watches unofficial apps, and has banned accounts that signed in through one."),
      h("li", {}, "In any Telegram app, Settings → Devices takes the access back.")),
    h("p", {}, h("a", { href: "#about" }, "More about this, and what it costs")));
  view.replaceChildren(h("div", { class: "narrow" }, h("h1", { id: "sign-in-title" }, "Sign in to Telegram"), card, warning));
  const way = { card, signal, done };
  const step = keptStep();
  if (!step) return askPhone(way);
  tellCode(step.phone);
  if (step.needsPassword) askPassword(way, step.hint, step.phone);
  else askCode(way, step.phone, step.sent, step.sentAt);
}

/** Forgets the step that a login was at. */
export function forgetCode() {
  inTab((tab) => tab.removeItem(STEP));
}

function keepStep(step) {
  inTab((tab) => tab.setItem(STEP, JSON.stringify(step)));
}

/** The step that a login of this tab was at, as long as its code may be good. */
function keptStep() {
  const step = inTab((tab) => JSON.parse(tab.getItem(STEP)));
  if (step && Date.now() - step.sentAt < CODE_LIFE_MS) return step;
  forgetCode();
}

/** What the tab keeps; nothing where the browser has it keep nothing. */
function inTab(work) {
  try {
    return work(sessionStorage);
  } catch {
    return undefined;
  }
}

function askPhone(way) {
  forgetCode();
  const phone = h("input", {
    type: "tel", name: "phone", autocomplete: "tel", inputmode: "tel", required: true, placeholder: "+15551234567",
    value: config.simulator?.phone ?? "",
  });
  const button = h("button", {}, "Send code");
  const alert = alertBox();
  const form = h("form", { onsubmit: (event) => submit(event, button, alert, async () => {
    const { body } = await call("POST", "/send-code", { json: { phone: phone.value }, signal: way.signal });
    if (!form.isConnected) return;
    tellCode(phone.value);
    askCode(way, phone.value, body);
  }) },
  field("Phone number", phone, "With your country's code. Telegram sends a login code to it."), alert,
  h("div", { class: "actions" }, button,
    h("button", { type: "button", class: "quiet", onclick: () => askQr(way) }, "Use a QR code")));
  way.card.replaceChildren(form);
  phone.focus();
}

const WAYS = {
  app: "Telegram sent a code to your other devices.", sms: "Telegram sent you a code by SMS.", call: "Telegram calls you and says a code.",
  flash_call: "Telegram calls you: the code is the number that calls.", missed_call: "Telegram calls you: the code is the end of the number that calls.",
  email: "Telegram sent a code to your email address.",
};

function askCode(way, phone, sent, sentAt = Date.now()) {
  const length = sent.code_length ?? 5;
  keepStep({ phone, sent, sentAt });
  const code = h("input", {
    type: "text", name: "code", autocomplete: "one-time-code", inputmode: "numeric", required: true,
    maxlength: String(length + 2), class: "code",
  });
  const button = h("button", {}, "Sign in");
  const alert = alertBox();
  const ask = () => call("POST", "/send-code", { json: { phone }, signal: way.signal });
  // A code that Telegram sends in no other way is asked for anew, and so is one that is too old.
  let hasNext = sent.next_type !== undefined;
  const again = h("button", { type: "button", class: "quiet again", onclick: async () => {
    const error = await act(again, alert, async () => {
      const resend = () => call("POST", "/resend-code", { json: {}, signal: way.signal }).catch((refused) => {
        if (!isTooOld(refused)) throw refused;
        return ask();
      });
      const { body } = await (hasNext ? resend() : ask());
      if (!form.isConnected) return;
      tellCode(phone);
      notice("Telegram sent another code.");
      askCode(way, phone, body);
    });
    if (error?.details !== "SEND_CODE_UNAVAILABLE") return;
    hasNext = false;
    holdBack(again, Date.now() + PATIENCE_S * 1000);
  } });
  const form = h("form", { onsubmit: (event) => submit(event, button, alert, async () => {
    try {
      // Not ended by whoever looks at something else meanwhile: the answer brings the cookie of a login that is there.
      const { body } = await call("POST", "/sign-in", { json: { phone, code: code.value } });
      way.done(body.user);
    } catch (error) {
      if (isTooOld(error)) {
        hasNext = false;
        // Without its cookie the server knows of no code.
        if (isElsewhere && Date.now() - sentAt < FRESH_MS) return show(alert, NO_COOKIE);
      }
      if (!error.body?.password_required) throw error;
      if (!form.isConnected) return;
      keepStep({ phone, sentAt: Date.now(), needsPassword: true, hint: error.body.hint });
      askPassword(way, error.body.hint, phone);
    }
  }) },
  h("p", {}, WAYS[sent.code_type] ?? "Telegram sent you a code.", " You are signing in as ", h("strong", {}, phone), "."),
  field("Code", code), alert,
  h("div", { class: "actions" }, button, again,
    h("button", { type: "button", class: "quiet", onclick: () => askPhone(way) }, "Another number")));
  way.card.replaceChildren(form);
  holdBack(again, sentAt + (sent.timeout ?? (hasNext ? 0 : PATIENCE_S)) * 1000);
  code.focus();
}

function isTooOld(error) {
  return error.message.startsWith("Code has expired");
}

/** Offers another code from that time on, and counts the seconds until then: for the eye, not to be read out each time. */
function holdBack(again, until) {
  again.disabled = Date.now() < until;
  const clock = h("span", { class: "clock", "aria-hidden": "true" });
  again.replaceChildren(h("span", {}, "Send another", clock));
  if (!again.disabled) return;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    clock.textContent = left > 0 ? ` in ${duration(left)}` : "";
    if (left > 0 && again.isConnected) return;
    clearInterval(timer);
    again.disabled = false;
    if (again.isConnected) announce("Another code can be sent now.");
  };
  const timer = setInterval(tick, 500);
  tick();
}

function askPassword(way, hint, phone) {
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
  const button = h("button", {}, "Sign in");
  const alert = alertBox();
  const form = h("form", { onsubmit: (event) => submit(event, button, alert, async () => {
    const { body } = await call("POST", "/check-password", { json: { password: password.value } });
    way.done(body.user);
  }) },
  h("p", {}, "Your account has a password besides the code."),
  // Whose password it is, for programs that keep them.
  h("input", { type: "text", name: "username", autocomplete: "username", value: phone ?? "", hidden: true, readOnly: true }),
  field("Password", password, hint ? `Your hint: ${hint}` : undefined), alert,
  h("div", { class: "actions" }, button,
    h("button", { type: "button", class: "quiet", onclick: () => askPhone(way) }, "Begin again")));
  way.card.replaceChildren(form);
  password.focus();
}

async function askQr(way) {
  const picture = h("div", { class: "qr" }, h("p", { class: "loading", role: "status" }, "Asking Telegram for a code…"));
  const alert = alertBox();
  const stop = new AbortController();
  way.signal.addEventListener("abort", () => stop.abort());
  const back = h("button", { type: "button", class: "quiet", onclick: () => {
    stop.abort();
    askPhone(way);
  } }, "Use a phone number");
  way.card.replaceChildren(
    h("ol", { class: "steps" },
      h("li", {}, "Open Telegram on your phone."),
      h("li", {}, "Go to Settings → Devices → Link Desktop Device."),
      h("li", {}, "Point the phone at this code.")),
    picture, alert, h("div", { class: "actions" }, back));
  back.focus();
  let drawn;
  const draw = (code) => {
    if (code.url === drawn) return;
    drawn = code.url;
    picture.replaceChildren(h("img", { src: code.image, alt: "QR code for signing in", width: "240", height: "240" }));
    tellQr(code.url);
  };
  try {
    const { body } = await call("POST", "/qr-login", { signal: stop.signal });
    draw(body);
    for (;;) {
      await pause(2000, stop.signal);
      const look = await call("GET", "/qr-login", { signal: stop.signal }).catch(whenBusy);
      if (look?.body.state === "done") return way.done(look.body.user);
      if (look?.body.state === "password_required") return askPassword(way, look.body.hint);
      if (look) draw(look.body);
    }
  } catch (error) {
    if (isAborted(error)) return;
    picture.replaceChildren();
    const off = error.status === 404 ? "QR codes are turned off here." : undefined;
    show(alert, off ?? explain(error), error.retryAfter, undefined, () => askQr(way));
  } finally {
    tellQr(undefined);
  }
}

/** Another request had the login at that moment: the next look finds it. */
function whenBusy(error) {
  if (error.status !== 429 || error.retryAfter > 5) throw error;
}

async function submit(event, button, alert, work) {
  event.preventDefault();
  const typed = event.target.querySelector("input:not([hidden])");
  typed.removeAttribute("aria-invalid");
  const error = await act(button, alert, work);
  if (![400, 401].includes(error?.status)) return;
  typed.setAttribute("aria-invalid", "true");
  typed.focus();
  typed.select();
}

/** Does `work` while `button` waits, and shows what went wrong. Gives the error, if there was one. */
async function act(button, alert, work) {
  show(alert);
  button.disabled = true;
  try {
    await work();
    button.disabled = false;
  } catch (error) {
    button.disabled = false;
    if (!isAborted(error)) show(alert, explain(error), error.retryAfter, button);
    return error;
  }
}
