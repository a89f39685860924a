"""Telegram behind REST as one Python server: what the functions of commands are measured against.

Quart takes commands at `POST /enqueue_command` and puts them into an asyncio.Queue. The bot's tasks take them out and
call the Bot API through python-telegram-bot. All of it is one event loop in one process, so what waits in the queue is
lost when the process ends, and a second process would have a queue of its own.

A command is a method's name in snake_case and its parameters. Whoever reaches the port may send commands, and nobody
learns what became of one. Telegram's "retry after" is waited for; what fails otherwise is logged and gone.

With one worker, a chat's order is the order of arrival, and a chat that has to wait holds up all others. With more, no
chat waits for another, and no order is kept.

Environment: BOT_TOKEN, and optionally BOT_API_URL (https://api.telegram.org), PORT (0: any free one), WORKERS (1),
CERTIFICATE and PRIVATE_KEY (files in PEM, for HTTPS), and ALLOWED_USER (the id of the one person whom the bot answers;
without it the bot fetches no updates). Prints "ready http://127.0.0.1:<port>".
"""

import asyncio
import logging
import os
import socket
from dataclasses import dataclass

import hypercorn.asyncio
from hypercorn.config import Config
from quart import Quart, request
from telegram import Bot, Update
from telegram.error import RetryAfter, TelegramError
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters

# What the methods that a command may name begin with.
ACTING = ("answer_", "copy_", "delete_message", "edit_", "forward_", "pin_", "send_", "set_message_", "unpin_")

# Connections that wait for the server to accept them.
BACKLOG = 1024

log = logging.getLogger("telegram_behind_rest")


@dataclass
class Command:
    """A call of the Bot API that somebody asked for."""

    method: str
    parameters: dict


class TelegramBot:
    """The bot: carries out what is in the queue, and answers its one user."""

    def __init__(self, token: str, api_url: str, workers: int, allowed_user: int | None) -> None:
        self.queue: asyncio.Queue[Command] = asyncio.Queue()
        builder = Application.builder().token(token).base_url(f"{api_url}/bot")
        self.application = builder.build() if allowed_user else builder.updater(None).build()
        if allowed_user:
            allowed = filters.User(allowed_user)
            self.application.add_handler(CommandHandler("start", start, allowed))
            self.application.add_handler(MessageHandler(allowed & filters.TEXT & ~filters.COMMAND, explain))
        self.application.add_error_handler(report)
        self.workers = workers

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with self.application:
            await self.application.start()
            try:
                if self.application.updater:
                    await self.application.updater.start_polling()
                await asyncio.gather(*(self._work() for _ in range(self.workers)))
            finally:
                if self.application.updater:
                    await self.application.updater.stop()
                await self.application.stop()

    async def _work(self) -> None:
        while True:
            command = await self.queue.get()
            try:
                await carry_out(self.application.bot, command)
            except (TelegramError, TypeError):
                log.warning("A command failed: %s", command.method)


async def carry_out(bot: Bot, command: Command) -> None:
    """Calls the Bot API, again whenever it asks to wait."""
    while True:
        try:
            await getattr(bot, command.method)(**command.parameters)
            return
        except RetryAfter as error:
            await asyncio.sleep(error.retry_after.total_seconds())


async def start(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Tells what a sender of commands has to know."""
    await update.effective_message.reply_text(f"The id of this chat is {update.effective_chat.id}.")


async def explain(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answers any other text."""
    await update.effective_message.reply_text("I do what POST /enqueue_command tells me.")


async def report(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Logs what a handler failed with."""
    log.warning("An update was not answered: %s", type(context.error).__name__)


def api(bot: TelegramBot) -> Quart:
    """The API in front of the bot's queue."""
    app = Quart(__name__)

    @app.post("/enqueue_command")
    async def enqueue_command():
        body = await request.get_json()
        if not isinstance(body, dict):
            return {"status": "error", "error": "The body must be an object."}, 400
        method, parameters = body.get("command"), body.get("data", {})
        if not isinstance(method, str) or not method.startswith(ACTING) or not hasattr(Bot, method):
            return {"status": "error", "error": "Unknown command."}, 400
        if not isinstance(parameters, dict):
            return {"status": "error", "error": "Data must be an object."}, 400
        await bot.queue.put(Command(method, parameters))
        return {"status": "success", "message": "Command enqueued"}, 202

    return app


def configuration(listener: socket.socket) -> Config:
    """Hypercorn on a socket that is bound already, so that its port is known."""
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "WARNING"
    config.certfile = os.environ.get("CERTIFICATE")
    config.keyfile = os.environ.get("PRIVATE_KEY")
    return config


async def main() -> None:
    """Runs the bot and the API until the process is ended."""
    logging.basicConfig(level=logging.WARNING)
    # The newer of the two forms in which python-telegram-bot gives times; it warns of the other one.
    os.environ["PTB_TIMEDELTA"] = "true"
    bot = TelegramBot(
        os.environ["BOT_TOKEN"],
        os.environ.get("BOT_API_URL", "https://api.telegram.org"),
        int(os.environ.get("WORKERS", "1")),
        int(os.environ.get("ALLOWED_USER", "0")) or None,
    )
    address = ("127.0.0.1", int(os.environ.get("PORT", "0")))
    listener = socket.create_server(address, backlog=BACKLOG)
    config = configuration(listener)
    scheme = "https" if config.ssl_enabled else "http"
    print(f"ready {scheme}://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(bot.run())
        # Returns when the process is told to end.
        await hypercorn.asyncio.serve(api(bot), config)
        working.cancel()


if __name__ == "__main__":
    asyncio.run(main())
