// What people read when the API refuses something: what it means for them, and what they can do.

const SENTENCES = {
  "No answer.": "The server cannot be reached. Check your connection, then try again.",
  "Internal server error.": "Something failed on the server. Please try again in a moment.",

  "Init data is missing.": "Open the camera from your chat with the bot.",
  "Init data is invalid.": "Telegram did not vouch for you here. Open the camera from your chat with the bot again.",
  "Init data has expired.": "The camera was open for too long. Close it and open it from your chat again.",
  "Photo must be a base64 data URL of a JPEG, PNG or WebP image.": "That is no picture Telegram takes. JPEG, PNG and WebP are fine.",

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
  "This origin may not do that.": "This page may not act for you. Open the one your operator gave you.",
  "Failed to send code. Please try again.": "Telegram could not send a code. Please try again.",
  "Failed to sign in. Please try again.": "Signing in did not work. Please try again.",
  "Failed to check authentication status.": "It could not be checked whether you are signed in.",
  "Failed to log out.": "Signing out did not work. Please try again.",

  "Failed to fetch media from Saved Messages.": "Your files could not be listed. Please try again.",
  "Media not found or message ID is invalid.": "This file is not in your Saved Messages any more.",
  "Thumbnail not found for this message or message ID is invalid.": "There is no small picture of this file.",
  "Failed to stream media.": "The file could not be fetched from Telegram. Please try again.",
  "Failed to stream thumbnail.": "The small picture could not be fetched.",
  "The range is outside the file.": "The file is shorter than that.",
  "The file is not the one that was asked for.": "The file has changed meanwhile. Open it again.",
  "Media is too large for one answer. Please use Range requests.": "The file is too large to show in one piece. Download it.",

  "No file provided in the request.": "Choose a file first.",
  "Invalid file type or format.": "Telegram does not take this file.",
  "Failed to upload file to Telegram.": "Telegram did not take the file. Please try again.",
  "Request body is too large. Files go through POST /uploads.": "The file is too large to send in one piece.",
  "File has already been sent.": "Too late: the file is in your Saved Messages already.",

  "API key is missing or invalid.": "This key is not valid. Make one with: cargo run -- keys add console --role admin",
  "Not found.": "There is no such thing here.",
  "The body is not the JSON this endpoint takes.": "What you typed is not the JSON that this takes.",
  "This Idempotency-Key was used for another request.": "Something else was sent under the same name. Please try again.",
  "A request with this Idempotency-Key is still being answered.": "The same request is still being answered.",

  "Too many requests. Please try again later.": "Telegram asks you to wait.",
};

const BY_STATUS = {
  401: "You may not do that. Please sign in.",
  403: "You may not do that.",
  404: "There is no such thing here.",
  413: "That is too large.",
  415: "That is nothing the server takes.",
  429: "Too much at once. Please wait.",
};

/** A sentence for a Refusal, or for any other error. */
export function explain(error) {
  const known = SENTENCES[error.message];
  const sentence = known ?? error.body?.error ?? BY_STATUS[error.status] ?? "Something failed on this page. Reload it.";
  const isWorthIt = error.details && !/^Request id/.test(error.details) && error.status !== 429;
  return isWorthIt ? `${sentence} (${error.details})` : sentence;
}
