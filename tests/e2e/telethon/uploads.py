"""Files sent to the simulated Telegram cloud, with Telethon as it is.

Arguments: a file with the servers' RSA key, the data centre of the account, its port on 127.0.0.1, the phone number,
and the paths of a small picture, of a small file and of one that is big by Telethon's measure.

Prints "code" and reads the login code. Prints what it saw as one line of JSON at the end.
"""

import asyncio
import hashlib
import json
import sys
from pathlib import Path

from telethon import TelegramClient, connection
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl.functions.messages import SendMediaRequest
from telethon.tl.types import InputMediaUploadedDocument, UpdateMessageID, UpdateNewMessage


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def sent_twice(client: TelegramClient, path: str) -> dict[str, object]:
    """The same call twice: what it is answered with, and how many messages come of it."""
    media = InputMediaUploadedDocument(await client.upload_file(path), "text/plain", [])
    request = SendMediaRequest("me", media, "Twice", random_id=77)
    answers = [await client(request), await client(request)]
    ids = [next(it.id for it in answer.updates if isinstance(it, UpdateMessageID)) for answer in answers]
    counts = [next(it.pts_count for it in answer.updates if isinstance(it, UpdateNewMessage)) for answer in answers]
    return {"same": ids[0] == ids[1], "counts": counts}


async def main(key: str, dc: str, port: str, phone: str, picture: str, small: str, big: str) -> None:
    rsa.add_key(Path(key).read_bytes(), old=False)
    session = MemorySession()
    session.set_dc(int(dc), "127.0.0.1", int(port))
    client = TelegramClient(
        session,
        12345,
        "0123456789abcdef0123456789abcdef",
        connection=connection.ConnectionTcpFull,
        connection_retries=1,
        request_retries=2,
        auto_reconnect=False,
    )
    await client.connect()
    await client.send_code_request(phone)
    print("code", flush=True)
    code = await asyncio.to_thread(sys.stdin.readline)
    await client.sign_in(phone, code.strip())

    progress: list[int] = []
    photo = await client.send_file("me", picture, caption="A photo")
    document = await client.send_file("me", small, caption="A document", force_document=True)
    large = await client.send_file("me", big, progress_callback=lambda sent, _: progress.append(sent))
    again = await client.send_file("me", document.media, caption="Again")
    saw = {
        "ids": [photo.id, document.id, large.id, again.id],
        "texts": [photo.message, document.message, large.message, again.message],
        "photo": [photo.photo.sizes[-1].w, photo.photo.sizes[-1].h],
        "names": [document.file.name, large.file.name],
        "mime_type": document.file.mime_type,
        "steps": len(progress),
        "large": sha256(await client.download_media(large, file=bytes)),
        "again": sha256(await client.download_media(again, file=bytes)),
        "twice": await sent_twice(client, small),
        "newest": (await client.get_messages("me", limit=1))[0].message,
    }
    print(json.dumps(saw), flush=True)
    await client.disconnect()


asyncio.run(main(*sys.argv[1:]))
