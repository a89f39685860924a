// What people read when the API refuses something: what it means for them, and what they can do.

/** The page's own: what it says when nothing was answered, or by something else than the API. */
const OWN = {
  "No answer.": "The server cannot be reached. Check your connection, then try again.",
  "Not shown.": "Your browser cannot show this file. Download it.",
  "Not allowed.": "This page cannot send files to the server any more. Reload the page.",
  "Not written.": "Your browser could not write the file. Is there room on the disk?",
  "No JSON.": "Something else answered in the server's place. Check your connection, or ask whoever runs this page.",
};

/**
 * By the sentences of the API, each of them and nothing else: `tests/e2e/drift/sentences.rs` compares. A name in braces
 * stands for any words.
 */
const SENTENCES = {
  "Internal server error.": "Something failed on the server. Please try again in a moment.",
  "The request took too long. Please try again.": "The server took too long. Please try again.",
  "Too many requests. Please try again later.": "Too much was asked for. Please wait, then try again.",
  "Request body is too large. Files go through POST /uploads.": "That is too large to send in one piece.",
  "Not found.": "There is no such thing here.",
  "Method not allowed.": "The server does not do that. Reload the page: it may be older than the server.",
  "The body is not the JSON this endpoint takes.": "The server does not understand what was sent. Check what you typed, or reload the page.",
  "The form cannot be read.": "The file did not arrive whole. Please try again.",
  "Content-Type must be {expected}.": "The server does not understand what was sent. Reload the page.",
  "{parameter} must be {expected}.": "The server does not understand what was asked. Reload the page.",
  "This origin may not do that.": "This page may not act for you. Open the one your operator gave you.",
  "This Idempotency-Key was used for another request.": "Something else was sent under the same name. Please try again.",
  "A request with this Idempotency-Key is still being answered.": "The same request is still being answered. Please wait.",
  "Idempotency-Key must be a quoted string of 1 to 255 characters.": "The server does not understand what was sent. Reload the page.",

  "Init data is missing.": "Open the camera from your chat with the bot.",
  "Init data is invalid.": "Telegram did not vouch for you here. Open the camera from your chat with the bot again.",
  "Init data has expired.": "The camera was open for too long. Close it and open it from your chat again.",
  "Photo must be a base64 data URL of a JPEG, PNG or WebP image.": "That is no picture Telegram takes. JPEG, PNG and WebP are fine.",
  "The webhook secret is missing or wrong.": "Only Telegram may call this address.",
  "The body is not a Telegram update.": "Only Telegram may call this address.",

  "Phone number is required.": "Type your phone number.",
  "Invalid phone number format.": "That is not a phone number Telegram knows. Begin with + and your country's code.",
  "Phone number and code are required.": "Type the code that Telegram sent you.",
  "Invalid code. Please try again.": "That is not the code Telegram sent. Look again and retype it.",
  "Code has expired. Please request a new one.": "The code is too old. Ask for a new one.",
  "Password required.": "Your account has a password. Type it to go on.",
  "Password is required.": "Type your password.",
  "Invalid password. Please try again.": "That is not your account's password.",
  "User not authenticated.": "You are signed out. Please sign in again.",
  "This account may not sign in here.": "This account is not on the list of those who may sign in here.",
  "Failed to send code. Please try again.": "Telegram could not send a code. Please try again.",
  "Failed to sign in. Please try again.": "Signing in did not work. Please try again.",
  "Failed to check authentication status.": "It could not be checked whether you are signed in. Please try again.",
  "Failed to log out.": "Signing out did not work. Please try again.",

  "Failed to fetch media from Saved Messages.": "Your files could not be listed. Please try again.",
  "Media not found or message ID is invalid.": "This file is not in your Saved Messages any more.",
  "Thumbnail not found for this message or message ID is invalid.": "There is no small picture of this file.",
  "Failed to stream media.": "The file could not be fetched from Telegram. Please try again.",
  "Failed to stream thumbnail.": "The small picture could not be fetched.",
  "The range is outside the file.": "The file is shorter than that. Open it again.",
  "The file is not the one that was asked for.": "The file has changed meanwhile. Open it again.",
  "Media is too large for one answer. Please use Range requests.": "The file is too large to be fetched in one piece.",

  "No file provided in the request.": "Choose a file first.",
  "Invalid file type or format.": "Telegram does not take this file.",
  "Caption is too long.": "The caption is too long.",
  "File is too large.": "The file is larger than your account may send.",
  "Failed to upload file to Telegram.": "Telegram did not take the file. Please try again.",
  "Part {number} {problem}.": "A piece of the file is missing. Please try again.",
  "File has already been sent.": "Too late: the file is in your Saved Messages already.",
  "File is being sent and can no longer be cancelled.": "Too late: the file is just being sent.",
  "The upload was cancelled.": "The upload was cancelled.",
  "The upload has failed.": "The upload has failed. Please send the file again.",
  "The session has ended.": "You were signed out before the file was sent. Sign in and send it again.",
  "The file is no longer stored.": "The file waited too long to be sent. Please send it again.",
  "The file does not have the size that was announced.": "The file has changed while it was sent. Please send it again.",
  "The file cannot be sent as a photo.": "Telegram does not take this as a photo. Send it as a plain file.",
  "The file is too large for this account.": "The file is larger than your account may send.",
  "The caption is too long for this account.": "The caption is longer than your account may send.",
  "Telegram refused the file.": "Telegram did not take the file.",
  "The file could not be sent after several attempts.": "The file could not be sent, though it was tried several times. Please send it again.",

  "API key is missing or invalid.": "This key is not valid. Make one with: cargo run -- keys add console --role admin",
  "Unknown command.": "The Bot API has no such command, or it may not be called from here.",
  "The command's data is invalid.": "The data does not fit the command.",
  "The role of this API key may not run this command.": "This key may not run this command.",
  "The command failed.": "The command was tried, and failed.",
  "callback_url cannot be called.": "The address to call back cannot be called.",
  "reply_to names nothing that can be answered.": "What this would answer is not known, or too old.",
};

/** By the name of Telegram's refusal, where that tells more than the API's sentence. */
const NAMES = {
  PHONE_NUMBER_BANNED: "Telegram has banned this number.",
  SEND_CODE_UNAVAILABLE: "Telegram has no other way to send this code. Wait for it, or ask for a new one later.",
};

/** Those with names in braces, as they are recognised. */
const PATTERNS = Object.keys(SENTENCES).filter((said) => said.includes("{")).map((said) => {
  const words = said.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return [new RegExp(`^${words.join(".+")}$`), SENTENCES[said]];
});

const BY_STATUS = {
  401: "You may not do that. Please sign in.",
  403: "You may not do that.",
  404: "There is no such thing here.",
  413: "That is too large.",
  415: "That is nothing the server takes.",
  429: "Too much was asked for. Please wait, then try again.",
  500: "Something failed on the server. Please try again in a moment.",
  502: "The server does not answer right now. Please try again in a moment.",
  503: "The server does not answer right now. Please try again in a moment.",
  504: "The server took too long. Please try again.",
};

/** What the same once more never gets past: only something else does. */
const HOPELESS = [
  "Photo must be a base64 data URL of a JPEG, PNG or WebP image.",
  "No file provided in the request.",
  "Invalid file type or format.",
  "Caption is too long.",
  "File is too large.",
  "Request body is too large. Files go through POST /uploads.",
  "The file cannot be sent as a photo.",
  "The file is too large for this account.",
  "The caption is too long for this account.",
];

/** Whether it helps nobody to try the same again. */
export function isHopeless({ message, details }) {
  return HOPELESS.includes(message) || HOPELESS.includes(details);
}

/** Whether a caption was too long. */
export function isCaptionTooLong({ message, details }) {
  return [message, details].some((said) => /^(The c|C)aption is too long/.test(said));
}

/** A sentence for a Refusal, or for any other error. */
export function explain(error) {
  const said = error.message;
  if (Object.hasOwn(NAMES, error.details ?? "")) return NAMES[error.details];
  const known = OWN[said] ?? SENTENCES[said] ?? PATTERNS.find(([pattern]) => pattern.test(said))?.[1];
  const sentence = known ?? BY_STATUS[error.status] ?? error.body?.error ?? "Something failed on this page. Reload it.";
  const isWorthIt = error.details && !/^Request id/.test(error.details) && error.status !== 429;
  return isWorthIt ? `${sentence} (${error.details})` : sentence;
}

/** By what Telegram says of a message that the bot may not send. */
const REFUSALS = [
  [/blocked by the user/, "You have blocked the bot. Unblock it in Telegram, then take the picture again."],
  [/can't initiate conversation|chat not found/, "The bot may not write to you yet. Press Start in your chat with it, then take the picture again."],
  [/user is deactivated/, "This Telegram account is deactivated, so no picture can arrive."],
];

/** A sentence for why Telegram refused a picture. */
export function explainRefusal(reason = "") {
  const known = REFUSALS.find(([pattern]) => pattern.test(reason))?.[1];
  return known ?? (reason ? `Telegram refused the picture: ${reason}` : "Telegram refused the picture.");
}
