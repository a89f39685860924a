// What differs from one place to the next. A copy of this folder on another host names the API here; the local stack
// serves a file of its own in this one's place.

export const config = {
  // Where the API is, without a slash at the end: "https://abc123.execute-api.eu-central-1.amazonaws.com/prod". Empty for
  // the host that the page comes from. A page of another origin must be listed in AllowedOrigins.
  api: "",
  // The account of the simulated Telegram, {phone}, where there is one.
  simulator: null,
};
