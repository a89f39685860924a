// Telegram's side of a Mini App: what it hands over at the start, and the events that go both ways
// (core.telegram.org/bots/webapps, core.telegram.org/api/web-events). Telegram's own script is not loaded: the page asks
// nobody but the API for anything.

const start = location.hash;
// Behind a # of the address's own Telegram's part follows a ?.
const launch = new URLSearchParams(start.replace(/^#([^=?]*\?)?/, ""));
const listeners = new Map();

/** The version of Mini Apps that asks for write access (core.telegram.org/bots/webapps). */
const ASKS_SINCE = 6.9;

/** Origins of Telegram's web apps, which show a Mini App in a frame. */
const WEB_APPS = ["https://web.telegram.org"];

export const miniApp = {
  /** What proves who opened the app; empty outside Telegram and behind a button of the reply keyboard. */
  initData: launch.get("tgWebAppData") ?? "",

  /** Whether Telegram shows the page. */
  isInTelegram: launch.has("tgWebAppPlatform") || launch.has("tgWebAppData"),

  /** Takes Telegram's colours and tells it that the page is there. */
  begin() {
    if (!this.isInTelegram) return;
    document.documentElement.classList.add("in-telegram");
    applyTheme(parsed(launch.get("tgWebAppThemeParams")));
    this.on("theme_changed", (data) => applyTheme(data?.theme_params));
    this.on("viewport_changed", (data) => {
      if (data?.height) document.documentElement.style.setProperty("--viewport-height", `${data.height}px`);
    });
    post("web_app_ready");
    post("web_app_expand");
    post("web_app_request_theme");
    post("web_app_request_viewport");
  },

  /** Shows Telegram's back button, and calls `pressed`; without one, hides it. */
  back(pressed) {
    if (!this.isInTelegram) return;
    listeners.delete("back_button_pressed");
    if (pressed) this.on("back_button_pressed", pressed);
    post("web_app_setup_back_button", { is_visible: Boolean(pressed) });
  },

  /** Whether the page shows what it was opened with: nothing lies behind it. */
  isAtStart() {
    return location.hash === start;
  },

  /** Has Telegram close the app. */
  close() {
    post("web_app_close");
  },

  /** Asks the person to let the bot write to them. Gives whether it may. */
  requestWriteAccess() {
    // Apps that do not know the question never answer it.
    if (!(Number(launch.get("tgWebAppVersion")) >= ASKS_SINCE)) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.on("write_access_requested", (data) => resolve(data?.status === "allowed"));
      post("web_app_request_write_access");
    });
  },

  /** Calls `listener` with each event of that name, in place of the one before. */
  on(name, listener) {
    listeners.set(name, listener);
  },
};

function receive(name, data) {
  listeners.get(name)?.(data);
}

// Apps call this function; web apps post messages.
window.Telegram = { WebView: { receiveEvent: receive } };
window.TelegramGameProxy = { receiveEvent: receive };
window.addEventListener("message", (event) => {
  if (event.source !== window.parent || !WEB_APPS.includes(event.origin)) return;
  const { eventType, eventData } = parsed(event.data) ?? {};
  if (eventType) receive(eventType, eventData);
});

function post(name, data = {}) {
  const text = JSON.stringify(data);
  if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(name, text);
  else if (window.external && "notify" in window.external) {
    window.external.notify(JSON.stringify({ eventType: name, eventData: data }));
  } else if (window.parent !== window) {
    for (const origin of WEB_APPS) {
      window.parent.postMessage(JSON.stringify({ eventType: name, eventData: data }), origin);
    }
  }
}

/** Telegram's colours in place of ours. */
function applyTheme(colours) {
  if (!colours) return;
  const style = document.documentElement.style;
  const names = {
    bg_color: "--ground",
    secondary_bg_color: "--panel",
    text_color: "--text",
    hint_color: "--faint",
    link_color: "--link",
    button_color: "--accent",
    button_text_color: "--on-accent",
  };
  for (const [theirs, ours] of Object.entries(names)) {
    if (/^#[0-9a-f]{6}$/i.test(colours[theirs] ?? "")) style.setProperty(ours, colours[theirs]);
  }
  const dark = luminance(colours.bg_color) < 0.5;
  style.colorScheme = dark ? "dark" : "light";
}

function luminance(colour = "#ffffff") {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function parsed(text) {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
