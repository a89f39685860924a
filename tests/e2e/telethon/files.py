"""Saved Messages of the simulated Telegram cloud, with Telethon as it is.

Arguments: a file with the servers' RSA key, the data centre of the account, its port on 127.0.0.1, the phone number,
the port of another data centre, the id of a photo's message, that of a large file's, and that of a file in the other
data centre.

Prints "code" and reads the login code. Prints what it saw as one line of JSON at the end.
"""

import asyncio
import hashlib
import json
import sys
from pathlib import Path

from telethon import TelegramClient, connection, errors, utils
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl.functions.auth import ExportAuthorizationRequest, ImportAuthorizationRequest
from telethon.tl.functions.upload import GetFileRequest
from telethon.tl.types import InputDocumentFileLocation, InputMessagesFilterDocument, MessageMediaDocument

OFFSET = 1_234_567


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def read_from(client: TelegramClient, media: object, offset: int, count: int) -> bytes:
    content = b""
    async for chunk in client.iter_download(media, offset=offset, request_size=131_072):
        content += chunk
        if len(content) >= count:
            break
    return content[:count]


async def connected(dc: int, port: str) -> TelegramClient:
    session = MemorySession()
    session.set_dc(dc, "127.0.0.1", int(port))
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
    return client


async def far_file(client: TelegramClient, port: str, media: MessageMediaDocument) -> dict[str, object]:
    """Follows the data centre's refusal to the one that has the file, and leaves the first."""
    document = media.document
    location = InputDocumentFileLocation(document.id, document.access_hash, document.file_reference, "")
    try:
        await client(GetFileRequest(location, 0, 4096))
    except errors.FileMigrateError as error:
        dc = error.new_dc
    export = await client(ExportAuthorizationRequest(dc))
    # Of two main connections at a time the login would die.
    await client.disconnect()
    other = await connected(dc, port)
    try:
        await read_from(other, location, 0, document.size)
    except errors.AuthKeyUnregisteredError:
        before = "refused"
    await other(ImportAuthorizationRequest(export.id, export.bytes))
    content = await read_from(other, location, 0, document.size)
    await other.disconnect()
    return {"dc": dc, "before": before, "content": sha256(content)}


async def main(key: str, dc: str, port: str, phone: str, far_port: str, *ids: str) -> None:
    rsa.add_key(Path(key).read_bytes(), old=False)
    client = await connected(int(dc), port)
    await client.send_code_request(phone)
    print("code", flush=True)
    code = await asyncio.to_thread(sys.stdin.readline)
    await client.sign_in(phone, code.strip())

    entity = await client.get_entity("me")
    messages = [message async for message in client.iter_messages("me")]
    upwards = [message.id async for message in client.iter_messages("me", reverse=True)]
    documents = client.iter_messages("me", filter=InputMessagesFilterDocument)
    photo, large, far = await client.get_messages("me", ids=[int(number) for number in ids])
    stripped = next(size for size in photo.photo.sizes if size.type == "i")
    saw = {
        "me": entity.id,
        "messages": [[message.id, message.message] for message in messages],
        "upwards": upwards,
        "documents": [message.id async for message in documents],
        "total": (await client.get_messages("me", limit=0)).total,
        "names": {message.id: message.file.name for message in messages if message.document},
        "photo": sha256(await client.download_media(photo, file=bytes)),
        "thumb": sha256(await client.download_media(photo, file=bytes, thumb="m")),
        "stripped": utils.stripped_photo_to_jpg(stripped.bytes)[:2].hex(),
        "large": sha256(await client.download_media(large, file=bytes)),
        "part": sha256(await read_from(client, large.media, OFFSET, 300_000)),
        "end": sha256(await read_from(client, large.media, large.file.size - 5_000, 10_000)),
        "far": await far_file(client, far_port, far.media),
    }
    print(json.dumps(saw), flush=True)


asyncio.run(main(*sys.argv[1:]))
