"""The Mini App camera as one Python server: what the functions are measured against.

Flask takes pictures and Telegram's updates, python-telegram-bot answers them. The API checks a picture's init data,
saves the picture, and puts a custom update into the bot's queue; the bot sends the picture to the person who took it.

Flask runs under waitress, a production server of threads. The bot has an event loop of its own in another thread of
the same process: its queue is the process's memory, so there cannot be a second process. What waits in that queue is
lost when the process ends.

Environment: BOT_TOKEN, WEBHOOK_SECRET, MINI_APP_URL, PHOTO_DIR, and optionally BOT_API_URL (https://api.telegram.org),
PORT (0: any free one) and CONCURRENT_UPDATES (how many updates the bot works on at once; 1 keeps their order).
Prints "ready http://127.0.0.1:<port>".
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import waitress
from flask import Blueprint, Flask, current_app, request
from telegram import KeyboardButton, ReplyKeyboardMarkup, Update, WebAppInfo
from telegram.error import Forbidden
from telegram.ext import Application, CommandHandler, ContextTypes, TypeHandler

# Seconds for which init data is good: a day, as the functions have it.
INIT_DATA_MAX_AGE_S = 86_400
# Bytes of a request: what API Gateway takes.
MAX_REQUEST_BYTES = 10 * 1024 * 1024
# Requests worked on at once. The machine has two cores, and a thread mostly waits for the body to arrive.
WEB_THREADS = 8

log = logging.getLogger("looking_glass")
api = Blueprint("api", __name__)


@dataclass
class PhotoTaken:
    """The custom update: somebody took a picture."""

    user_id: int
    path: Path


class InvalidInitData(Exception):
    """Init data that Telegram did not sign, or not lately."""


def user_of(init_data: str, bot_token: str) -> int:
    """Checks init data as Telegram documents it, and returns the id of the person it is about."""
    try:
        fields = dict(parse_qsl(init_data, strict_parsing=True, keep_blank_values=True))
        claimed = fields.pop("hash")
        signed = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
        key = hmac.digest(b"WebAppData", bot_token.encode(), "sha256")
        expected = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, claimed):
            raise InvalidInitData
        if time.time() - int(fields["auth_date"]) > INIT_DATA_MAX_AGE_S:
            raise InvalidInitData
        return int(json.loads(fields["user"])["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInitData from error


def picture_of(data_url: str) -> bytes:
    """The bytes in a base64 data URL of an image. Raises ValueError for anything else."""
    header, _, encoded = data_url.partition(",")
    if not (header.startswith("data:image/") and header.endswith(";base64")):
        raise ValueError("not a base64 data URL of an image")
    return base64.b64decode(encoded, validate=True)


class Bot:
    """The bot in a thread of its own: takes updates from other threads, works on them in its event loop."""

    def __init__(self, token: str, api_url: str, mini_app_url: str, concurrent_updates: int) -> None:
        builder = Application.builder().token(token).base_url(f"{api_url}/bot").updater(None)
        self.application = builder.concurrent_updates(concurrent_updates).build()
        self.application.add_handler(TypeHandler(PhotoTaken, send_photo))
        self.application.add_handler(CommandHandler("start", start))
        self.application.bot_data["mini_app_url"] = mini_app_url
        self.loop = asyncio.new_event_loop()

    def run_in_background(self) -> None:
        """Returns when the bot is ready for updates."""
        threading.Thread(target=self.loop.run_forever, name="bot", daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._start(), self.loop).result()

    async def _start(self) -> None:
        await self.application.initialize()
        await self.application.start()

    def put(self, update: object) -> None:
        """Puts an update into the bot's queue."""
        self.loop.call_soon_threadsafe(self.application.update_queue.put_nowait, update)


async def send_photo(update: PhotoTaken, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Sends a picture to the person who took it, if they let the bot write."""
    try:
        await context.bot.send_photo(chat_id=update.user_id, photo=update.path)
    except Forbidden:
        log.warning("A person does not let the bot write")
    finally:
        update.path.unlink()


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Shows the camera."""
    button = KeyboardButton("Open the camera", web_app=WebAppInfo(context.bot_data["mini_app_url"]))
    keyboard = ReplyKeyboardMarkup([[button]], resize_keyboard=True)
    await update.effective_message.reply_text("Take a picture, and it comes to this chat.", reply_markup=keyboard)


@api.post("/post")
def post():
    """Takes a picture from the Mini App."""
    body = request.get_json()
    try:
        user_id = user_of(body["init"], current_app.config["BOT_TOKEN"])
    except (InvalidInitData, KeyError, TypeError):
        return {"error": "Init data is invalid."}, 401
    try:
        picture = picture_of(body["url"])
    except (AttributeError, KeyError, ValueError, binascii.Error):
        return {"error": "Photo must be a base64 data URL."}, 400
    path = current_app.config["PHOTO_DIR"] / f"{uuid.uuid4()}.jpg"
    path.write_bytes(picture)
    current_app.config["BOT"].put(PhotoTaken(user_id, path))
    return {"message": "Photo accepted."}, 202


@api.post("/telegram/webhook")
def webhook():
    """Takes an update from Telegram."""
    secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not hmac.compare_digest(secret, current_app.config["WEBHOOK_SECRET"]):
        return {"error": "Webhook secret is wrong."}, 401
    bot = current_app.config["BOT"]
    bot.put(Update.de_json(request.get_json(), bot.application.bot))
    return {}, 200


def main() -> None:
    """Runs the bot and the API until the process is ended."""
    logging.basicConfig(level=logging.WARNING)
    # It would warn of every request that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    token = os.environ["BOT_TOKEN"]
    api_url = os.environ.get("BOT_API_URL", "https://api.telegram.org")
    bot = Bot(token, api_url, os.environ["MINI_APP_URL"], int(os.environ.get("CONCURRENT_UPDATES", "1")))
    bot.run_in_background()

    app = Flask(__name__)
    app.config.update(
        BOT=bot,
        BOT_TOKEN=token,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        PHOTO_DIR=Path(os.environ["PHOTO_DIR"]),
        WEBHOOK_SECRET=os.environ["WEBHOOK_SECRET"],
    )
    app.register_blueprint(api)
    port = int(os.environ.get("PORT", "0"))
    server = waitress.create_server(app, host="127.0.0.1", port=port, threads=WEB_THREADS)
    print(f"ready http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
