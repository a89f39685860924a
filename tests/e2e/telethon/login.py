"""A login to the simulated Telegram cloud, from the number to the logout, with Telethon as it is.

Arguments: a file with the servers' RSA key, the data centre to begin with, its port on 127.0.0.1, one of the
transports below, the phone number and the password.

Prints "code" and "signed in", and reads a line after each: the login code, and that it may go on. Prints what it saw
as one line of JSON at the end.
"""

import asyncio
import json
import sys
from pathlib import Path

from telethon import TelegramClient, connection, errors
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl.functions.help import GetConfigRequest

TRANSPORTS = {
    "full": connection.ConnectionTcpFull,
    "intermediate": connection.ConnectionTcpIntermediate,
    "abridged": connection.ConnectionTcpAbridged,
    "obfuscated": connection.ConnectionTcpObfuscated,
}


async def answer_to(question: str) -> str:
    print(question, flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    return line.strip()


async def main(key: str, dc: str, port: str, transport: str, phone: str, password: str) -> None:
    rsa.add_key(Path(key).read_bytes(), old=False)
    session = MemorySession()
    session.set_dc(int(dc), "127.0.0.1", int(port))
    client = TelegramClient(
        session,
        12345,
        "0123456789abcdef0123456789abcdef",
        connection=TRANSPORTS[transport],
        connection_retries=1,
        request_retries=1,
        auto_reconnect=False,
    )
    await client.connect()
    config = await client(GetConfigRequest())
    saw = {
        "first_dc": config.this_dc,
        "dcs": sorted({option.id for option in config.dc_options}),
        "authorized_before": await client.is_user_authorized(),
    }

    await client.send_code_request(phone)
    code = await answer_to("code")
    try:
        await client.sign_in(phone, "0" * len(code) if code != "0" * len(code) else "1" * len(code))
    except errors.PhoneCodeInvalidError:
        saw["wrong_code"] = "refused"
    try:
        await client.sign_in(phone, code)
    except errors.SessionPasswordNeededError:
        saw["password"] = "needed"
    try:
        await client.sign_in(password=password + "?")
    except errors.PasswordHashInvalidError:
        saw["wrong_password"] = "refused"
    await client.sign_in(password=password)

    me = await client.get_me()
    saw["user"] = {"id": me.id, "first_name": me.first_name, "phone": me.phone}
    saw["authorized"] = await client.is_user_authorized()
    saw["home_dc"] = session.dc_id
    await answer_to("signed in")
    saw["logged_out"] = await client.log_out()
    print(json.dumps(saw), flush=True)


asyncio.run(main(*sys.argv[1:]))
