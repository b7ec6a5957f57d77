"""A WebSocket client made with PyPI `websockets`: a second real peer, written by others, for the tests of what serves.

    python websockets_client.py URL [--deflate] [--subprotocol NAME] [MESSAGE...]

It does and says what ws_client.js does and says, and follows redirects by itself.
"""

import argparse
import asyncio

from lifeline import exit_with_stdin, say
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--deflate", action="store_true")
parser.add_argument("--subprotocol")
parser.add_argument("messages", nargs="*")
args = parser.parse_intermixed_args()


async def converse(connection):
    extensions = connection.response.headers.get("Sec-WebSocket-Extensions", "")
    say("open", connection.subprotocol or "", extensions)
    try:
        for message in args.messages:
            await connection.send(message)
            answer = await connection.recv()
            say(f"message {answer}" if isinstance(answer, str) else f"binary {answer.hex()}")
        await connection.close()
    except ConnectionClosed:
        pass
    say("close", connection.close_code, connection.close_reason)


async def run():
    exit_with_stdin()
    try:
        connection = await connect(
            args.url,
            compression="deflate" if args.deflate else None,
            subprotocols=[args.subprotocol] if args.subprotocol else None,
        )
    except InvalidStatus as refused:
        say("refused", refused.response.status_code, refused.response.body.decode().strip())
    else:
        await converse(connection)
    await asyncio.Event().wait()  # To the end of stdin.


asyncio.run(run())
