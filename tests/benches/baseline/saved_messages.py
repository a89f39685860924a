"""A Telegram account with Flask and Telethon, signing in, streaming and uploading: what the functions of accounts are
measured against.

Each request has a Telethon client of its own, made from what is kept of the session, connected for the request and
disconnected after it, and an event loop of its own, since Flask's views are threads. The client is as Telethon makes
it, except for its addresses and the key of the servers.

Sessions are in this process's memory under a random cookie, and gone with it. There are no limits, no checks of origin
and no leases: two requests of one session at once are two connections with one key, which Telegram ends.

Environment: TELEGRAM_API_ID, TELEGRAM_API_HASH, TELEGRAM_DC and TELEGRAM_PORT (the data centre to begin with, on
127.0.0.1), TELEGRAM_RSA_KEY (the servers' public key as PEM) and PORT (0: any free one).
Prints "ready http://127.0.0.1:<port>".
"""

import asyncio
import logging
import os
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice

import waitress
from flask import Blueprint, Flask, Response, current_app, request, stream_with_context
from telethon import TelegramClient, errors, functions, types
from telethon.crypto import rsa
from telethon.sessions import StringSession

# Requests worked on at once: most of their time they wait for Telegram.
WEB_THREADS = 8

COOKIE = "session"

# Bytes of a part: the most that Telethon asks for at once.
PART = 512 * 1024

api = Blueprint("api", __name__)


@dataclass
class Login:
    """What is kept of a session."""

    telegram: str = ""
    code_hash: str = ""


class Logins:
    """All sessions, by their cookies."""

    def __init__(self) -> None:
        self._by_cookie: dict[str, Login] = {}

    def find(self) -> Login | None:
        return self._by_cookie.get(request.cookies.get(COOKIE, ""))

    def add(self, login: Login) -> str:
        cookie = uuid.uuid4().hex
        self._by_cookie[cookie] = login
        return cookie

    def forget(self) -> None:
        self._by_cookie.pop(request.cookies.get(COOKIE, ""), None)


@asynccontextmanager
async def telegram(login: Login) -> AsyncIterator[TelegramClient]:
    """A connected client, and what it has become afterwards in `login`."""
    session = StringSession(login.telegram)
    if not login.telegram:
        session.set_dc(current_app.config["DC"], "127.0.0.1", current_app.config["DC_PORT"])
    client = TelegramClient(session, current_app.config["API_ID"], current_app.config["API_HASH"])
    await client.connect()
    try:
        yield client
    finally:
        login.telegram = session.save()
        await client.disconnect()


def logins() -> Logins:
    return current_app.config["LOGINS"]


@api.post("/send-code")
def send_code():
    """Has Telegram send a code."""
    phone = request.get_json().get("phone")
    if not phone:
        return {"error": "Phone number is required."}, 400

    async def ask(login: Login) -> None:
        async with telegram(login) as client:
            login.code_hash = (await client.send_code_request(phone)).phone_code_hash

    login = Login()
    try:
        asyncio.run(ask(login))
    except errors.PhoneNumberInvalidError:
        return {"error": "Invalid phone number format."}, 400
    except errors.FloodWaitError as error:
        return too_many(error)
    cookie = logins().add(login)
    return {"message": "Code sent successfully."}, 200, {"Set-Cookie": f"{COOKIE}={cookie}; HttpOnly; Path=/"}


@api.post("/sign-in")
def sign_in():
    """Signs in with the code."""
    body, login = request.get_json(), logins().find()
    phone, code = body.get("phone"), body.get("code")
    if not phone or not code:
        return {"error": "Phone number and code are required."}, 400
    if login is None:
        return {"error": "Code has expired. Please request a new one."}, 400

    async def ask() -> None:
        async with telegram(login) as client:
            await client.sign_in(phone, code, phone_code_hash=login.code_hash)

    try:
        asyncio.run(ask())
    except errors.PhoneCodeInvalidError:
        return {"error": "Invalid code. Please try again."}, 400
    except errors.SessionPasswordNeededError:
        return {"error": "Password required.", "password_required": True}, 401
    except errors.FloodWaitError as error:
        return too_many(error)
    return {"message": "Signed in successfully."}


@api.post("/check-password")
def check_password():
    """Signs in with the password, after the code."""
    login = logins().find()
    if login is None:
        return {"error": "Code has expired. Please request a new one."}, 400
    password = request.get_json().get("password")

    async def ask() -> None:
        async with telegram(login) as client:
            await client.sign_in(password=password)

    try:
        asyncio.run(ask())
    except errors.PasswordHashInvalidError:
        return {"error": "Invalid password. Please try again."}, 400
    except errors.FloodWaitError as error:
        return too_many(error)
    return {"message": "Signed in successfully."}


@api.get("/is-authenticated")
def is_authenticated():
    """Whether Telegram knows the login."""
    login = logins().find()
    if login is None:
        return {"authenticated": False}

    async def ask() -> bool:
        async with telegram(login) as client:
            return await client.is_user_authorized()

    return {"authenticated": asyncio.run(ask())}


@api.get("/stream_media/<int:message_id>")
def stream_media(message_id: int):
    """Streams a file from Saved Messages: one part after the other, or `window` parts at once."""
    login = logins().find()
    if login is None:
        return {"error": "User not authenticated."}, 401
    window = int(request.args.get("window", "1"))
    return Response(stream_with_context(chunks(login, message_id, window)), mimetype="application/octet-stream")


def chunks(login: Login, message_id: int, window: int) -> Iterator[bytes]:
    """Runs the asynchronous parts in a loop of its own, since Flask's answers are ordinary iterators."""
    loop = asyncio.new_event_loop()
    parts = downloaded(login, message_id, window)
    try:
        while True:
            yield loop.run_until_complete(anext(parts))
    except StopAsyncIteration:
        pass
    finally:
        loop.run_until_complete(parts.aclose())
        loop.close()


async def downloaded(login: Login, message_id: int, window: int) -> AsyncIterator[bytes]:
    """The parts of a file in their order, with Telethon's own loop or with several requests on their way."""
    async with telegram(login) as client:
        message = await client.get_messages("me", ids=message_id)
        if window == 1:
            async for part in client.iter_download(message.media, request_size=PART):
                yield bytes(part)
            return
        document = message.document
        location = types.InputDocumentFileLocation(
            document.id, document.access_hash, document.file_reference, ""
        )
        offsets = iter(range(0, document.size, PART))

        def ask(offset: int) -> asyncio.Task:
            part = functions.upload.GetFileRequest(location, offset=offset, limit=PART)
            return asyncio.ensure_future(client(part))

        under_way = deque(ask(offset) for offset in islice(offsets, window))
        while under_way:
            part = await under_way.popleft()
            under_way.extend(ask(offset) for offset in islice(offsets, 1))
            yield part.bytes


@api.post("/send_file")
def send_file():
    """Sends a file of this machine to Saved Messages, as a document, with Telethon's own loop."""
    login, path = logins().find(), request.get_json()["path"]
    if login is None:
        return {"error": "User not authenticated."}, 401

    async def ask() -> int:
        async with telegram(login) as client:
            return (await client.send_file("me", path, force_document=True)).id

    return {"message": "File uploaded successfully.", "message_id": asyncio.run(ask())}


@api.post("/logout")
def logout():
    """Ends the login."""
    login = logins().find()
    if login is None:
        return {"error": "User not authenticated."}, 401

    async def ask() -> bool:
        async with telegram(login) as client:
            return await client.log_out()

    if not asyncio.run(ask()):
        return {"error": "Failed to log out."}, 500
    logins().forget()
    return {"message": "Logged out successfully."}


def too_many(error: errors.FloodWaitError):
    return {"error": "Too many requests. Please try again later.", "retry_after": error.seconds}, 429


def main() -> None:
    """Runs the API until the process is ended."""
    logging.basicConfig(level=logging.WARNING)
    rsa.add_key(os.environ["TELEGRAM_RSA_KEY"], old=False)
    app = Flask(__name__)
    app.config.update(
        API_ID=int(os.environ["TELEGRAM_API_ID"]),
        API_HASH=os.environ["TELEGRAM_API_HASH"],
        DC=int(os.environ["TELEGRAM_DC"]),
        DC_PORT=int(os.environ["TELEGRAM_PORT"]),
        LOGINS=Logins(),
    )
    app.register_blueprint(api)
    port = int(os.environ.get("PORT", "0"))
    server = waitress.create_server(app, host="127.0.0.1", port=port, threads=WEB_THREADS)
    print(f"ready http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
