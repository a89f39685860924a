// Files on their way to Saved Messages. Small ones go in one request; larger ones in parts straight to the bucket, from
// where the server sends them on. What is unfinished survives a reload of the page.

import { call, Refusal, send, url } from "./api.js";
import { captionField } from "./caption.js";
import { h, isAborted, notice, pause, size } from "./page.js";
import { isRefused } from "./policy.js";
import { explain, isCaptionTooLong } from "./sentences.js";
import { Row } from "./upload_row.js";

/** Bytes of a file that goes in one request: the gateway takes about 4.5 MB. */
const SMALL = 4_000_000;

/** Files, and parts of each, that are on their way at once. */
const AT_ONCE = 3;

/** Tries of a part, with growing pauses between them. */
const TRIES = 5;

/** Where unfinished uploads are noted: {id: {name, size, modified}}. */
const NOTES = "lambdagram uploads";

/** The place for uploads. `done` is called when a file has arrived; `lost` is told of errors. */
export function uploads(signal, done, lost) {
  const list = h("ul", { class: "uploads", "aria-label": "Uploads" });
  const caption = captionField();
  const sendAs = h("select", { "aria-label": "Send as" },
    h("option", { value: "auto" }, "As photo or video"), h("option", { value: "document" }, "As a plain file"));
  const picker = h("input", { type: "file", multiple: true, id: "picker", class: "hidden-input", onchange: () => {
    take([...picker.files]);
    picker.value = "";
  } });
  const zone = h("div", { class: "drop" },
    picker, h("label", { for: "picker", class: "button" }, "Choose files"),
    h("span", { class: "drop-hint" }, "or drop them here"),
    h("div", { class: "options" }, caption.input, sendAs, caption.left));
  const element = h("section", { "aria-label": "Upload" }, zone, list);

  // Wherever on the page: a browser opens a file that is dropped beside the place for it.
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  }, { signal });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  }, { signal });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.remove("over");
    take([...event.dataTransfer.files]);
  }, { signal });

  function take(files) {
    for (const file of files) {
      const noted = Object.entries(notes()).find(([, note]) => isSame(note, file));
      const shown = noted && rows.get(noted[0]);
      if (noted && shown?.waits) shown.goOn(file);
      else begin(file);
    }
    caption.empty();
  }

  const rows = new Map();

  /** Rows whose turn has not come, what is to be done for each, and with which options. */
  let waiting = [];

  /** What is on its way. Of small files it is one at a time, so that they arrive in the order in which they were chosen. */
  const busy = new Set();

  function begin(file) {
    const options = { caption: caption.input.value, as: sendAs.value };
    const row = new Row(file.name, file.size, list, signal);
    run({ row, options, work: file.size <= SMALL ? () => sendSmall(row, file, options) : () => sendLarge(row, file, options) });
  }

  function run(job) {
    job.row.say("Waiting its turn");
    waiting.push(job);
    next();
  }

  function next() {
    waiting = waiting.filter(({ row }) => !row.signal.aborted);
    const isSmallBusy = [...busy].some(({ row }) => row.bytes <= SMALL);
    const job = waiting.find(({ row }) => !(isSmallBusy && row.bytes <= SMALL));
    if (!job || busy.size === AT_ONCE) return;
    waiting.splice(waiting.indexOf(job), 1);
    busy.add(job);
    job.row.say(size(job.row.bytes));
    attempt(job).finally(() => {
      busy.delete(job);
      next();
    });
    next();
  }

  async function attempt(job) {
    const { row, work, options } = job;
    try {
      await work();
      row.finish();
      done();
    } catch (error) {
      if (isAborted(error)) return;
      if (lost(error)) return;
      row.fail(error, () => run(job));
      if (options && isCaptionTooLong(error)) shorten(job);
    }
  }

  /** Has a caption changed that was refused. */
  function shorten(job) {
    const { input, left } = captionField(job.options.caption);
    job.row.ask(h("div", { class: "caption" }, input, left), input, () => {
      job.options.caption = input.value;
      run(job);
    });
  }

  async function sendSmall(row, file, options) {
    const form = new FormData();
    form.append("caption", options.caption);
    form.append("as", options.as);
    form.append("file", file);
    row.onCancel = () => {};
    await send("POST", url("/upload_file"), form, {
      onProgress: (bytes) => row.progress(Math.min(bytes, file.size) * 0.9, "Sending"),
      signal: row.signal,
      withCookie: true,
    });
  }

  async function sendLarge(row, file, options) {
    // A second try goes on with what the first has brought there.
    const begun = row.id && (await call("GET", `/uploads/${row.id}`, { signal: row.signal }).catch(whenGone))?.body;
    if (begun && begun.state !== "failed") {
      return begun.state === "receiving" ? stage(row, file, begun) : follow(row, row.id);
    }
    const { body } = await call("POST", "/uploads", {
      json: { name: file.name, size: file.size, mime_type: file.type || undefined, ...options },
      signal: row.signal,
    });
    row.id = body.id;
    note(body.id, { name: file.name, size: file.size, modified: file.lastModified });
    await stage(row, file, body);
  }

  /** Sends the parts that are missing, and has the rest done. */
  async function stage(row, file, upload) {
    rows.set(upload.id, row);
    row.onCancel = () => drop(upload.id);
    const missing = [...upload.parts];
    // What the bucket has tells its entity tags itself, whoever brought it there.
    const parts = [...(upload.received ?? [])];
    const lengthOf = (number) => Math.min(upload.part_size, file.size - (number - 1) * upload.part_size);
    let gone = file.size - missing.reduce((sum, part) => sum + lengthOf(part.number), 0);
    const under = new Map();
    // When one part fails, the others on their way are of no use any more.
    const stop = new AbortController();
    const signal = AbortSignal.any([row.signal, stop.signal]);
    const tell = () => {
      const flowing = [...under.values()].reduce((sum, bytes) => sum + bytes, 0);
      row.progress((gone + flowing) / 2, "Sending");
    };
    tell();
    const work = async () => {
      for (let part = missing.shift(); part; part = missing.shift()) {
        const from = (part.number - 1) * upload.part_size;
        const bytes = file.slice(from, from + lengthOf(part.number));
        const etag = await sendPart(upload.id, part, bytes, signal, (loaded) => {
          under.set(part.number, loaded);
          tell();
        });
        under.delete(part.number);
        gone += bytes.size;
        parts.push({ number: part.number, etag });
        tell();
      }
    };
    // Other pages of this browser see that somebody is at it.
    const all = () => Promise.all(Array.from({ length: AT_ONCE }, work));
    await navigator.locks.request(lockOf(upload.id), { signal }, all).finally(() => stop.abort());
    parts.sort((one, other) => one.number - other.number);
    await call("POST", `/uploads/${upload.id}/complete`, { json: { parts }, signal: row.signal });
    await follow(row, upload.id);
  }

  /** Waits until the server has sent it on. */
  async function follow(row, id) {
    rows.set(id, row);
    row.onCancel = () => drop(id);
    for (let wait = 300; ; wait = Math.min(wait * 1.5, 2000)) {
      const { body } = await call("GET", `/uploads/${id}`, { signal: row.signal });
      if (body.state === "done") return forget(id);
      if (body.state === "failed") {
        forget(id);
        throw new Error(body.error ?? "The upload failed.");
      }
      row.progress(body.bytes_total / 2 + body.bytes_sent / 2, body.state === "queued" ? "Waiting its turn" : "Telegram takes it");
      await pause(wait, row.signal);
    }
  }

  async function drop(id) {
    forget(id);
    try {
      await call("DELETE", `/uploads/${id}`);
    } catch (error) {
      if (error.status === 404) return;
      notice(explain(error), "bad");
      if (error.status === 409) done();
    }
  }

  /** What was unfinished when the page was left. */
  async function takeUp(id, noted) {
    let body;
    try {
      // Another page of this browser may be at it. What it leaves is taken up.
      await navigator.locks.request(lockOf(id), { signal }, () => {});
      ({ body } = await call("GET", `/uploads/${id}`, { signal }));
    } catch (error) {
      if (error.status === 404) forget(id);
      return;
    }
    if (body.state === "done" || body.state === "failed") {
      forget(id);
      if (body.state === "failed") notice(`${noted.name}: ${explain(new Error(body.error))}`, "bad");
      return;
    }
    const row = new Row(noted.name, noted.size, list, signal);
    row.id = id;
    row.onCancel = () => drop(id);
    rows.set(id, row);
    if (body.state !== "receiving") {
      run({ row, work: () => follow(row, id) });
      return;
    }
    row.waits = true;
    row.bar.hidden = true;
    row.say("Choose this file again to go on.");
    row.offer("Choose it", () => picker.click());
    row.goOn = (file) => {
      row.waits = false;
      row.bar.hidden = false;
      row.again.hidden = true;
      const work = async () => {
        const fresh = await call("GET", `/uploads/${id}`, { signal: row.signal });
        // Another page may have gone on with it.
        await (fresh.body.state === "receiving" ? stage(row, file, fresh.body) : follow(row, id));
      };
      run({ row, work });
    };
  }

  for (const [id, noted] of Object.entries(notes())) takeUp(id, noted);
  return element;
}

/** Forgets what was unfinished: the next person here has nothing to do with it. */
export function forgetUploads() {
  localStorage.removeItem(NOTES);
}

function whenGone(error) {
  if (error.status !== 404) throw error;
}

function whenUnanswered(error) {
  if (error.status !== 0) throw error;
}

/** Whether files are dragged: a text is for the field that it is dropped on. */
function hasFiles(event) {
  return event.dataTransfer.types.includes("Files");
}

async function sendPart(id, part, bytes, signal, onProgress) {
  let address = part.url;
  for (let tried = 1; ; tried += 1) {
    try {
      const { etag } = await send("PUT", address, bytes, { onProgress, signal });
      return etag;
    } catch (error) {
      if (isAborted(error) || tried === TRIES) throw error;
      onProgress(0);
      await pause(300 * 3 ** (tried - 1), signal);
      if (isRefused(address)) throw new Refusal(0, { error: "Not allowed." });
      // Its URL may have expired. Without a network nobody knows.
      const fresh = await call("GET", `/uploads/${id}`, { signal }).catch(whenUnanswered);
      address = fresh?.body.parts?.find(({ number }) => number === part.number)?.url ?? address;
    }
  }
}

function lockOf(id) {
  return `lambdagram upload ${id}`;
}

function isSame(note, file) {
  return note.name === file.name && note.size === file.size && note.modified === file.lastModified;
}

function notes() {
  try {
    return JSON.parse(localStorage.getItem(NOTES)) ?? {};
  } catch {
    return {};
  }
}

function note(id, about) {
  localStorage.setItem(NOTES, JSON.stringify({ ...notes(), [id]: about }));
}

function forget(id) {
  const { [id]: _, ...rest } = notes();
  localStorage.setItem(NOTES, JSON.stringify(rest));
}
