// The API: requests, and what went wrong with them.

import { config } from "./config.js";

/** The address of a path of the API. */
export function url(path) {
  return new URL(`${config.api}${path}`, document.baseURI).href;
}

/** Whether the API is at another origin than the page, so that files need to be asked for with the cookie. */
export const isElsewhere = new URL(url("/")).origin !== location.origin;

/** An answer that is none of those that were hoped for. `status` is 0 when there was no answer at all. */
export class Refusal extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error ?? (status === 0 ? "No answer." : `The server answered ${status}.`));
    this.status = status;
    this.body = body ?? {};
    this.details = body?.details;
    this.retryAfter = body?.retry_after ?? (retryAfter ? Number(retryAfter) : undefined);
  }
}

/**
 * Makes a request. Gives `{status, body, headers}` of what succeeded, `body` being JSON, and throws a Refusal otherwise.
 * `json` is sent as such, `form` is a FormData.
 */
export async function call(method, path, { json, form, headers = {}, signal } = {}) {
  const init = { method, headers: { ...headers }, credentials: "include", signal };
  if (json !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(json);
  } else if (form) {
    init.body = form;
  }
  let response;
  try {
    response = await fetch(url(path), init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0);
  }
  const body = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
  });
  if (!response.ok) throw new Refusal(response.status, body, response.headers.get("Retry-After"));
  // A page of somebody else's, where the address is wrong or a network wants its own sign-in first.
  if (body === undefined && response.status !== 204) throw new Refusal(response.status, { error: "No JSON." });
  return { status: response.status, body, headers: response.headers };
}

/** What an answer that is no success says. */
export async function refusal(response) {
  return new Refusal(response.status, await response.json().catch(() => undefined), response.headers.get("Retry-After"));
}

/** Sends bytes or a form and tells how much of it has gone: fetch does not. Gives `{status, body, etag}`. */
export function send(method, address, body, { headers = {}, onProgress, signal, withCookie = false } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.withCredentials = withCookie;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress?.(event.loaded);
    const onAbort = () => request.abort();
    signal?.addEventListener("abort", onAbort);
    request.onabort = () => reject(signal?.reason ?? new DOMException("Aborted", "AbortError"));
    request.onerror = () => reject(new Refusal(0));
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) {
        resolve({ status: request.status, body: answer, etag: request.getResponseHeader("ETag") });
      } else {
        reject(new Refusal(request.status, answer, request.getResponseHeader("Retry-After")));
      }
    };
    request.onloadend = () => signal?.removeEventListener("abort", onAbort);
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
