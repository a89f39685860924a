// Building blocks of the page: elements, notices, sizes and times.

/**
 * Makes an element. Attributes that begin with `on` are listeners, `class` and the like are attributes, `false` and
 * `undefined` are left out. Children are nodes or texts: nothing is ever read as markup.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** A field with its label above it. */
export function field(label, input, ...hint) {
  const id = input.id || `field-${Math.random().toString(36).slice(2)}`;
  input.id = id;
  const parts = [h("label", { for: id }, label), input];
  if (hint.some(Boolean)) {
    input.setAttribute("aria-describedby", `${id}-hint`);
    parts.push(h("small", { id: `${id}-hint` }, ...hint));
  }
  return h("div", { class: "field" }, parts);
}

/** Goes to the top of what is shown now, and has its heading read out. */
export function land(view) {
  const heading = view.querySelector("h1") ?? view;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Says something for some seconds. */
export function notice(text, kind = "info") {
  const note = h("p", { class: `notice ${kind}` }, text);
  // What is outside of an open dialog is neither seen nor read out.
  (document.querySelector("dialog[open] .notices") ?? document.getElementById("notices")).append(note);
  setTimeout(() => note.remove(), 8000);
}

/** Says something to those who listen to the page, and shows nothing. */
export function announce(text) {
  document.getElementById("said").textContent = text;
}

/** A place for what went wrong, read out when it appears. */
export function alertBox() {
  return h("p", { class: "alert", role: "alert", hidden: true });
}

/**
 * Shows `text` in an alert. With `seconds`, counts them down, keeps `button` disabled until then, and calls `after`. What
 * the alert says next takes the place of both, and gives the button back.
 */
export function show(box, text, seconds, button, after) {
  clearInterval(box.timer);
  if (box.held) box.held.disabled = false;
  box.held = undefined;
  box.hidden = !text;
  box.textContent = text ?? "";
  if (!text || !seconds) return;
  const until = Date.now() + seconds * 1000;
  if (button && !button.disabled) {
    button.disabled = true;
    box.held = button;
  }
  // Read out once; the clock is for the eye.
  const clock = h("span", { class: "clock", "aria-hidden": "true" });
  box.append(" ", clock, h("span", { class: "unseen" }, `Wait ${seconds} seconds.`));
  const tick = () => {
    // Whoever has gone elsewhere waits for nothing.
    if (!box.isConnected) return clearInterval(box.timer);
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) {
      clock.textContent = `(${duration(left)})`;
      return;
    }
    show(box);
    after?.();
  };
  box.timer = setInterval(tick, 500);
  tick();
}

/** Bytes as people say them. */
export function size(bytes) {
  if (bytes === 1) return "1 byte";
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

/** Seconds as a clock shows them. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Waits, unless `signal` ends it. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}

/** Whether an error only says that nobody waits any more. */
export function isAborted(error) {
  return error?.name === "AbortError";
}
