// The Mini App: a camera whose pictures arrive in the person's chat with the bot.

import { call, Refusal } from "./api.js";
import { config } from "./config.js";
import { miniApp } from "./mini_app.js";
import { alertBox, h, isAborted, notice, pause, show as showAlert } from "./page.js";
import { explain, explainRefusal, isHopeless } from "./sentences.js";
import { person, signedInitData } from "./simulator.js";

/** The longer side of a picture that is taken, in pixels: Telegram shows no more of a photo. */
const LONGEST_SIDE = 2560;

/** How long a picture's way is watched. */
const WATCHED_MS = 60_000;

const STATES = {
  queued: "On its way", sent: "In your chat", refused: "Refused", failed: "It could not be delivered.",
  unknown: "Perhaps in your chat: Telegram's answer was lost.",
};

/** The proof of who takes the pictures: a token that outlives what Telegram signed. */
let proof;

/** Shows the camera. */
export async function show(view, signal) {
  const video = h("video", { playsinline: true, muted: true, autoplay: true, "aria-label": "What the camera sees" });
  const shutter = h("button", { type: "button", class: "shutter", "aria-label": "Take a picture", disabled: true });
  const picker = h("input", { type: "file", id: "picture", accept: "image/jpeg,image/png,image/webp", capture: "environment", class: "hidden-input" });
  const choose = h("label", { for: "picture", class: "button quiet" }, "Choose a picture");
  const alert = alertBox();
  const taken = h("ul", { class: "taken", "aria-label": "Pictures taken" });
  const finder = h("div", { class: "finder" }, video, h("p", { class: "finder-text", role: "status" }, "Waiting for the camera…"));
  view.replaceChildren(h("h1", {}, "Camera"), finder,
    h("div", { class: "shutter-row" }, shutter, h("span", {}, picker, choose)), alert, taken);

  if (!config.simulator && !miniApp.isInTelegram) {
    showAlert(alert, "Open this page from your chat with the bot: Telegram then says who you are.");
  }
  shutter.addEventListener("click", async () => deliver(await frameOf(video)));
  picker.addEventListener("change", () => {
    if (picker.files[0]) deliver(picker.files[0]);
    picker.value = "";
  });
  miniApp.back(() => (miniApp.isAtStart() ? miniApp.close() : history.back()));
  signal.addEventListener("abort", () => miniApp.back());
  openCamera(video, finder, shutter, signal);

  async function deliver(picture) {
    const state = h("span", { class: "state", role: "status" });
    const again = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => bring(picture, key, { state, again, remove }) }, "Send again");
    const remove = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => item.remove() }, "Remove");
    const address = URL.createObjectURL(picture);
    const free = () => URL.revokeObjectURL(address);
    const item = h("li", {}, h("img", { src: address, alt: "The picture", onload: free, onerror: free }), state, again, remove);
    taken.prepend(item);
    // Of the picture, so that sending it again sends nothing twice.
    const key = crypto.randomUUID();
    await bring(picture, key, { state, again, remove });
  }

  async function bring(picture, key, { state, again, remove }) {
    showAlert(alert);
    again.hidden = true;
    state.textContent = "Sending…";
    state.classList.remove("bad");
    try {
      const { body } = await post(picture, key);
      await watch(body.id, state, signal);
    } catch (error) {
      if (isAborted(error)) return;
      state.textContent = explain(error);
      state.classList.add("bad");
      (isHopeless(error) ? remove : again).hidden = false;
      if (error.status === 429) showAlert(alert, explain(error), error.retryAfter, shutter);
    }
  }

  async function watch(id, state, signal) {
    const until = Date.now() + WATCHED_MS;
    for (let wait = 150; Date.now() < until; wait = Math.min(wait * 1.6, 2000)) {
      const { body } = await call("GET", `/post/${id}`, { headers: await authorization(), signal });
      const said = STATES[body.state] ?? body.state;
      // Read out when it changes, not whenever it is looked at.
      if (state.textContent !== said) state.textContent = said;
      state.classList.toggle("good", body.state === "sent");
      state.classList.toggle("bad", body.state === "refused" || body.state === "failed");
      if (body.state === "refused") return offerWriteAccess(body.reason);
      if (body.state !== "queued") return;
      await pause(wait, signal);
    }
    state.textContent = "Still on its way. It arrives as soon as Telegram takes it.";
  }

  async function offerWriteAccess(reason) {
    if (!miniApp.isInTelegram) return showAlert(alert, explainRefusal(reason));
    if (await miniApp.requestWriteAccess()) notice("The bot may write to you now. Take the picture again.");
    else showAlert(alert, "The bot may not write to you, so no picture can arrive. You can allow it in the bot's profile.");
  }
}

/** Posts a picture. A lost answer is asked for again under the same key, which sends nothing twice. */
async function post(picture, key) {
  for (let tried = 1; ; tried += 1) {
    try {
      const form = new FormData();
      form.append("photo", picture, "picture");
      return await call("POST", "/post", { form, headers: { ...(await authorization()), "Idempotency-Key": `"${key}"` } });
    } catch (error) {
      if (error.status === 401 && tried === 1) {
        proof = undefined;
      } else if (error.status !== 0 || tried === 3) {
        throw error;
      }
    }
  }
}

/** Who is taking pictures, as a header. */
async function authorization() {
  if (proof && proof.until > Date.now()) return { Authorization: `Bearer ${proof.token}` };
  const init = miniApp.initData || (config.simulator ? await signedInitData(person.id) : "");
  if (!init) throw new Refusal(401, { error: "Init data is missing." });
  try {
    const { body } = await call("POST", "/mini-app/session", { json: { init } });
    proof = { token: body.token, until: Date.now() + (body.expires_in - 60) * 1000 };
    return { Authorization: `Bearer ${proof.token}` };
  } catch (error) {
    // Init data that is too old for a token is still good for pictures, for as long as the operator says.
    if (error.status !== 401) throw error;
    return { Authorization: `tma ${init}` };
  }
}

async function openCamera(video, finder, shutter, signal) {
  const text = finder.querySelector("p");
  const none = (words) => {
    text.textContent = words;
    shutter.hidden = true;
    finder.classList.add("none");
  };
  if (!navigator.mediaDevices?.getUserMedia) {
    return none("There is no camera here. Choose a picture instead.");
  }
  let stop = () => {};
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: LONGEST_SIDE } }, audio: false });
    stop = () => stream.getTracks().forEach((track) => track.stop());
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    video.srcObject = stream;
    await video.play();
    text.remove();
    shutter.disabled = false;
  } catch (error) {
    if (signal.aborted) return;
    stop();
    none(error.name === "NotAllowedError"
      ? "You did not allow the camera. Choose a picture instead, or allow it beside the page's address."
      : "The camera does not open. Choose a picture instead.");
  }
}

/** What the camera sees at this moment, as a JPEG. */
function frameOf(video) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = h("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}
