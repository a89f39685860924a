// A line in the list of uploads, or of downloads: what is on its way, how far it is, what went wrong, and the ways out.

import { announce, duration, h, size } from "./page.js";
import { explain, isHopeless } from "./sentences.js";

/** A line in such a list. */
export class Row {
  constructor(name, bytes, list, signal) {
    this.stop = new AbortController();
    this.signal = this.stop.signal;
    this.bytes = bytes;
    this.bar = h("progress", { max: 1000, value: 0, "aria-label": `Progress of ${name}` });
    this.name = name;
    this.text = h("span", { class: "facts" }, size(bytes));
    this.cancel = h("button", { type: "button", class: "quiet", "aria-label": `Cancel ${name}`, onclick: () => this.end() }, "Cancel");
    this.again = h("button", { type: "button", class: "quiet", hidden: true }, "Try again");
    this.element = h("li", {}, h("div", {}, h("span", { class: "name", dir: "auto" }, name), this.text, this.bar), h("div", { class: "actions" }, this.again, this.cancel));
    list.append(this.element);
    // Parts go on only while their page is there; what the server has goes on anyway.
    signal.addEventListener("abort", () => this.stop.abort());
  }

  progress(bytes, what) {
    const share = this.bytes === 0 ? 0 : bytes / this.bytes;
    this.bar.value = Math.round(share * 1000);
    this.say(`${what}: ${Math.floor(share * 100)} % of ${size(this.bytes)}`);
  }

  say(text) {
    this.text.textContent = text;
    this.text.classList.remove("bad");
  }

  finish(said = "In your Saved Messages.", told = `${this.name} is in your Saved Messages.`) {
    this.bar.value = 1000;
    this.say(said);
    announce(told);
    this.cancel.remove();
    setTimeout(() => this.element.remove(), 4000);
  }

  /** Says why it failed, and offers what helps. What may be sent once more without harm goes on by itself, as soon as it can. */
  fail(error, again) {
    const text = explain(error);
    announce(`${this.name}: ${text}`);
    this.text.textContent = text;
    this.text.classList.add("bad");
    this.bar.hidden = true;
    if (isHopeless(error)) return this.nameCancel("Remove");
    if (error.message === "Not allowed.") return this.offer("Reload the page", () => location.reload());
    const goOn = () => {
      removeEventListener("online", goOn);
      this.goesOn();
      again();
    };
    this.offer("Try again", goOn);
    // A small file may have arrived though nothing was answered; of a larger one the server knows.
    if (error.status === 0 && this.id) addEventListener("online", goOn, { signal: this.signal });
    const until = Date.now() + (error.retryAfter ?? 0) * 1000;
    const tick = () => {
      if (this.signal.aborted) return;
      const left = Math.ceil((until - Date.now()) / 1000);
      this.text.textContent = left > 0 ? `${text} (${duration(left)})` : text;
      this.again.disabled = left > 0;
      if (left > 0) setTimeout(tick, 500);
      else if (error.status === 429 && error.retryAfter) goOn();
    };
    tick();
  }

  /** Asks for something else than what was refused, in this field. */
  ask(element, input, again) {
    this.text.after(element);
    this.offer("Send", () => {
      element.remove();
      this.goesOn();
      again();
    });
    input.addEventListener("keydown", ({ key }) => {
      if (key === "Enter") this.again.click();
    });
  }

  /** Takes back what was offered when it failed. */
  goesOn() {
    if (document.activeElement === this.again) this.cancel.focus();
    this.nameCancel("Cancel");
    this.again.hidden = true;
    this.again.disabled = false;
    this.bar.hidden = false;
  }

  nameCancel(label) {
    this.cancel.textContent = label;
    this.cancel.setAttribute("aria-label", `${label} ${this.name}`);
  }

  /** Shows a button beside the one that cancels. */
  offer(label, pressed) {
    this.again.textContent = label;
    this.again.setAttribute("aria-label", `${label}: ${this.name}`);
    this.again.onclick = pressed;
    this.again.hidden = false;
  }

  end() {
    this.stop.abort();
    // What has the focus is about to go.
    if (this.element.contains(document.activeElement)) document.getElementById("picker")?.focus();
    this.element.remove();
    this.onCancel?.();
  }
}
