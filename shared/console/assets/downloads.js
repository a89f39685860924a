// Files that are too large for one answer: they come in ranges, and each piece is written to the disk as it comes. No more of a
// file is in memory than what is just on its way.

import { Refusal, refusal, url } from "./api.js";
import { h, isAborted, pause } from "./page.js";
import { Row } from "./upload_row.js";

/** Tries of a range of which nothing comes, with growing pauses between them. */
const TRIES = 4;

/** What is said when the disk takes no more. */
const NOT_WRITTEN = "Not written.";

/** Files on their way, wherever they are shown: they go on while somebody looks at something else. */
export const list = h("ul", { class: "uploads", "aria-label": "Downloads" });

let stay = new AbortController();
const under = new Set();

/** Whether this browser writes to the disk what comes piece by piece. */
export function canWrite() {
  return "showSaveFilePicker" in window;
}

/**
 * Asks where to, and saves it there. `lost` is told of errors, and `onCancel` called when the person ends it. It is nothing
 * if they choose no place.
 */
export async function save(item, lost, onCancel) {
  const { signal } = stay;
  const handle = await window.showSaveFilePicker({ suggestedName: safe(item.name) });
  // Who signed out meanwhile has nothing to save.
  if (signal.aborted) return;
  const row = new Row(item.name, item.size, list, signal);
  row.id = item.id;
  row.onCancel = onCancel;
  const download = { handle, address: url(`/stream_media/${item.id}?download=1`), at: 0 };
  under.add(download);
  row.signal.addEventListener("abort", () => {
    under.delete(download);
    letGo(download);
  });
  const go = async () => {
    try {
      await fetchAll(download, row);
      under.delete(download);
      row.finish("Saved.", `${item.name} is saved.`);
    } catch (error) {
      if (row.signal.aborted || lost(error)) return;
      row.fail(error, go);
    }
  };
  await go();
}

addEventListener("beforeunload", (event) => {
  if (under.size > 0) event.preventDefault();
});

/** Ends all of them: the next person here has nothing to do with them. */
export function endDownloads() {
  stay.abort();
  stay = new AbortController();
  list.replaceChildren();
}

async function fetchAll(download, row) {
  row.progress(download.at, "Saving");
  let failures = 0;
  while (download.at !== download.size) {
    const from = download.at;
    try {
      await fetchRange(download, row);
      failures = 0;
    } catch (error) {
      failures = download.at > from ? 1 : failures + 1;
      // What is to be waited for is counted down where it is seen.
      const mayPass = error instanceof Refusal && (error.status === 0 || error.status >= 500) && !error.retryAfter;
      if (!mayPass || failures === TRIES) throw error;
      await pause(500 * 2 ** failures, row.signal);
    }
  }
  row.say("Almost there…");
  await write(download, row, (file) => file.close());
}

async function fetchRange(download, row) {
  const init = { credentials: "include", cache: "no-store", headers: { Range: `bytes=${download.at}-` }, signal: row.signal };
  const response = await fetch(download.address, init).catch(unanswered);
  if (response.status !== 206) throw await refusal(response);
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range")) ?? [];
  const tag = response.headers.get("ETag");
  if (Number(from) !== download.at) throw new Refusal(response.status, { error: "No JSON." });
  if (tag !== (download.tag ??= tag)) throw new Refusal(412, { error: "The file is not the one that was asked for." });
  download.size = row.bytes = Number(size);
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(unanswered);
    if (done) return;
    await write(download, row, (file) => file.write(value));
    download.at += value.length;
    row.progress(download.at, "Saving");
  }
}

/** Does something with the file on the disk. After a failure that file is no good: the next try begins it anew. */
async function write(download, row, work) {
  try {
    download.file ??= await download.handle.createWritable();
    row.signal.throwIfAborted();
    await work(download.file);
  } catch {
    letGo(download);
    Object.assign(download, { at: 0, size: undefined, tag: undefined });
    throw new Error(NOT_WRITTEN);
  }
}

/** Gives up what is on the disk so far. */
function letGo(download) {
  download.file?.abort().catch(() => {});
  download.file = undefined;
}

function unanswered(error) {
  if (isAborted(error)) throw error;
  throw new Refusal(0);
}

/** A name that every disk takes. */
function safe(name) {
  return name.replace(/[\\/:*?"<>|\p{Cc}]/gu, "_").replace(/^[. ]+|[. ]+$/g, "") || "file";
}
